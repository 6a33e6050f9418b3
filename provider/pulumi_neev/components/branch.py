"""An environment for a branch or a pull request: a sandbox of its own, with a URL, that ends when nobody pushes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

import pulumi_neev
from neev_provider.core.names import MAX_LENGTH, sanitize_name
from pulumi_neev.components.resource_types import ResourceTypes

DIGEST_LENGTH = 6
MINUTE, DAY = 60, 86_400
Content = pulumi.Input[str] | pulumi.Asset
"""What a file holds: text, or an asset, such as a file of the machine that runs Pulumi."""


class BranchEnvironment(pulumi.ComponentResource):
    """A sandbox for a branch, made from a base, with files, commands and preview ports.

    Each new `revision` writes the files that changed, runs the commands again, and lets the idle window and the
    lifetime count anew, so the environment of a branch that nobody pushes to any more ends by itself.
    """

    id: pulumi.Output[str]
    """The sandbox's id."""
    name: pulumi.Output[str]
    """The sandbox's name, made from the prefix and the branch."""
    url: pulumi.Output[str | None]
    """The URL of the first port, a secret; nothing where there is no port."""
    urls: pulumi.Output[dict[str, str]]
    """The URL of each port, by the port; secret."""
    expires_at: pulumi.Output[str | None]
    """When it will be stopped, used or not (RFC 3339); nothing where no lifetime applies."""

    def __init__(  # noqa: PLR0913  every input is an argument
        self,
        resource_name: str,
        *,
        branch: str,
        name_prefix: str | None = None,
        revision: pulumi.Input[str] | None = None,
        base_sandbox_id: pulumi.Input[str] | None = None,
        snapshot_id: pulumi.Input[str] | None = None,
        replace_on_base_change: bool = False,
        files: Mapping[str, Content] | None = None,
        commands: Sequence[Sequence[pulumi.Input[str]]] = (),
        ports: Sequence[int] = (8080,),
        paused: pulumi.Input[bool] = False,
        idle_timeout_seconds: pulumi.Input[int] = 30 * MINUTE,
        lifetime_seconds: pulumi.Input[int] = 7 * DAY,
        paused_retention_seconds: pulumi.Input[int] | None = None,
        cpu: pulumi.Input[float] | None = None,
        memory_gb: pulumi.Input[int] | None = None,
        egress: pulumi.Input[pulumi_neev.EgressArgs | pulumi_neev.Egress] | None = None,
        resources: ResourceTypes = pulumi_neev,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Make the environment part of the stack.

        Args:
            resource_name: What the program calls it; unique in its stack among the components of its kind.
            branch: The branch, or the pull request (`pr-7`): the sandbox is named after it. What is no DNS label
                becomes one, with a digest, so that two branches never share a sandbox.
            name_prefix: What the sandbox's name has before the branch, so that another environment of the branch has
                a name of its own: `api` makes it `api-pr-7`. Unset: the name of the resource. Empty: nothing.
            revision: The commit, or anything that is new whenever the environment is to be brought up to date and
                renewed.
            base_sandbox_id: The sandbox that is forked. Instead of `snapshot_id`.
            snapshot_id: The snapshot to start from. Instead of `base_sandbox_id`.
            replace_on_base_change: Whether a change of the base replaces the environment and everything in it. If
                false, the environment stays on its original base.
            files: What is written, by path. Each change of the content is written again.
            commands: What runs after that, one after another, as lists of program and arguments: at first, and again
                whenever the revision or a file changes.
            ports: Those that get a URL.
            paused: Whether it is paused; its processes end, its files stay. One that fell asleep by itself is woken
                by the next `up` that changes or refreshes it.
            idle_timeout_seconds: Seconds without activity after which it is paused; 0 is never.
            lifetime_seconds: Seconds after the last new revision at which it is stopped, used or not; 0 is never.
            paused_retention_seconds: Seconds that it is kept while paused, before the platform deletes it; 0 is for
                ever. Unset: as the base has it, or the account's default.
            cpu: vCPUs. Unset: as the base has it.
            memory_gb: Memory in GB. Unset: as the base has it.
            egress: What it may reach outside. Unset: what the sandbox that is forked may; from a snapshot, nothing.
            resources: The package whose resource classes are used: `pulumi_neev_sdk` for those of the plugin.
            opts: Pulumi's own options.
        """
        if (base_sandbox_id is None) == (snapshot_id is None):
            raise pulumi.RunError(f"BranchEnvironment {resource_name}: give one of base_sandbox_id and snapshot_id")
        prefix = resource_name if name_prefix is None else name_prefix
        super().__init__("neev:components:BranchEnvironment", resource_name, None, opts)
        self._resources = resources
        self._resource_name = resource_name
        self._settings: dict[str, Any] = {
            "name": dns_label("-".join(filter(None, (prefix, branch)))),
            "renewTrigger": revision,
            "paused": paused,
            "resume_idle_paused": True,
            "idle_timeout_seconds": idle_timeout_seconds,
            "max_lifetime_seconds": lifetime_seconds,
            "paused_retention_seconds": paused_retention_seconds,
            "cpu": cpu,
            "memory_gb": memory_gb,
            "egress": egress,
        }
        sandbox = self._create_sandbox(base_sandbox_id, snapshot_id, replace_on_base_change=replace_on_base_change)
        written = self._create_files(sandbox, files or {})
        self._create_commands(sandbox, commands, written, [] if revision is None else [revision])
        exposed = self._create_ports(sandbox, ports)
        self.id, self.name, self.expires_at = sandbox.id, sandbox.name, sandbox.hard_expires_at
        self.urls = pulumi.Output.secret(pulumi.Output.all(**exposed))
        self.url = self.urls.apply(lambda urls: urls[str(ports[0])] if ports else None)
        self.register_outputs(
            {name: getattr(self, name) for name in ("id", "name", "url", "urls")} | {"expiresAt": self.expires_at}
        )

    def _create_sandbox(
        self, base_id: pulumi.Input[str] | None, snapshot_id: pulumi.Input[str] | None, *, replace_on_base_change: bool
    ) -> Any:
        if base_id is not None:
            opts = self._resource_options(ignore_changes=None if replace_on_base_change else ["sourceSandboxId"])
            return self._resources.SandboxFork(
                self._resource_name, source_sandbox_id=base_id, **self._settings, opts=opts
            )
        opts = self._resource_options(ignore_changes=None if replace_on_base_change else ["snapshotId"])
        return self._resources.Sandbox(self._resource_name, snapshot_id=snapshot_id, **self._settings, opts=opts)

    def _create_files(self, sandbox: Any, files: Mapping[str, Content]) -> list[Any]:
        opts = self._resource_options(deleted_with=sandbox)
        made = []
        for path, content in files.items():
            held = {"source" if isinstance(content, pulumi.Asset) else "content": content}
            name = f"{self._resource_name}-{path}"
            made.append(self._resources.File(name, sandbox_id=sandbox.id, path=path, **held, opts=opts))
        return made

    def _create_commands(
        self,
        sandbox: Any,
        commands: Sequence[Sequence[pulumi.Input[str]]],
        file_resources: Sequence[Any],
        revision_triggers: Sequence[pulumi.Input[str]],
    ) -> None:
        triggers = [*revision_triggers, *(file.sha256 for file in file_resources)]
        before: list[Any] = [*file_resources]
        for number, argv in enumerate(commands, 1):
            command = self._resources.Command(
                f"{self._resource_name}-{number}",
                sandbox_id=sandbox.id,
                create=argv,
                triggers=triggers,
                opts=self._resource_options(deleted_with=sandbox, depends_on=before),
            )
            before = [command]

    def _create_ports(self, sandbox: Any, ports: Sequence[int]) -> dict[str, pulumi.Output[str]]:
        opts = self._resource_options(deleted_with=sandbox)
        return {
            str(port): self._resources.PreviewPort(
                f"{self._resource_name}-{port}", sandbox_id=sandbox.id, port=port, opts=opts
            ).preview_url
            for port in ports
        }

    def _resource_options(self, **options: Any) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, **options)


def dns_label(text: str) -> str:
    """The text as a sandbox's name; where that takes more than the text is, a digest tells it from others."""
    if sanitize_name(text) == text:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:DIGEST_LENGTH]
    return sanitize_name(f"{sanitize_name(text, max_length=MAX_LENGTH - DIGEST_LENGTH - 1)}-{digest}")
