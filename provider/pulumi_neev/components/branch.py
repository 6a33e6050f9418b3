"""An environment for a branch or a pull request: a sandbox of its own, with a URL, that ends when nobody pushes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from neev_provider.core.branch_names import convert_branch_name
from pulumi_neev import sdk
from pulumi_neev.components.resource_types import ResourceTypes
from pulumi_neev.sdk.types import Egress, EgressArgs

MINUTE, DAY = 60, 86_400
Content = pulumi.Input[str] | pulumi.Asset
"""What a file holds: text, or an asset, such as a file of the machine that runs Pulumi."""


class BranchEnvironment(pulumi.ComponentResource):
    """A sandbox for a branch, created from a base, with files, commands, processes and preview ports.

    A new `revision` writes the files that changed, runs the commands again, restarts the processes and renews the
    expiration of the sandbox.
    Without new revisions, the environment expires.
    """

    id: pulumi.Output[str]
    """Id of the sandbox."""
    name: pulumi.Output[str]
    """Name of the sandbox, built from the prefix and the branch."""
    url: pulumi.Output[str | None]
    """URL of the first port. Absent if there is no port. Secret."""
    urls: pulumi.Output[dict[str, str]]
    """URL of each port, by port. Secret."""
    expires_at: pulumi.Output[str | None]
    """Time when the maximum lifetime ends (RFC 3339). Absent without a maximum lifetime."""

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
        processes: Mapping[str, Sequence[pulumi.Input[str]]] | None = None,
        ports: Sequence[int] = (8080,),
        paused: pulumi.Input[bool] = False,
        idle_timeout_seconds: pulumi.Input[int] = 30 * MINUTE,
        lifetime_seconds: pulumi.Input[int] = 7 * DAY,
        paused_retention_seconds: pulumi.Input[int] | None = None,
        cpu: pulumi.Input[float] | None = None,
        memory_gb: pulumi.Input[int] | None = None,
        egress: pulumi.Input[EgressArgs | Egress] | None = None,
        labels: pulumi.Input[Mapping[str, pulumi.Input[str]]] | None = None,
        resources: ResourceTypes | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Add the environment to the stack.

        Args:
            resource_name: Name of the component, unique among the components of this type in the stack.
            branch: Name of the branch or pull request, such as `pr-7`. The sandbox is named after it. A name that is
                not a DNS label is converted to one with a digest, so that two branches never share a sandbox.
            name_prefix: Prefix of the sandbox's name. For example, `api` results in `api-pr-7`. Defaults to the name of
                the component. If empty, the name has no prefix.
            revision: Commit or other text. Changing it updates and renews the environment.
            base_sandbox_id: Id of the sandbox to fork. Conflicts with `snapshot_id`.
            snapshot_id: Id of the snapshot to start from. Conflicts with `base_sandbox_id`.
            replace_on_base_change: Whether a change of the base replaces the environment and everything in it. If
                false, the environment stays on its original base.
            files: Content of each file, by path. A file is written again when its content changes.
            commands: Commands to run in order after the files are written, as lists of program and arguments. They run
                again when the revision or a file changes.
            processes: Processes to keep running, by name, as lists of program and arguments. They start after the
                commands have run, and restart when the revision or a file changes.
            ports: Ports that get a URL. With `processes`, their creation waits until something listens on them.
            paused: Whether the environment is paused. Its files are retained. If the idle timeout paused it, the next
                `up` that updates or refreshes it resumes it.
            idle_timeout_seconds: Time without activity after which the environment is paused, in seconds. `0` disables
                the timeout.
            lifetime_seconds: Maximum lifetime since the last revision, in seconds. `0` means no limit.
            paused_retention_seconds: Retention while paused, in seconds. `0` means it is never deleted. Defaults to the
                value of the base, then to the account's setting.
            cpu: Number of vCPUs. Defaults to the value of the base.
            memory_gb: Memory in GB. Defaults to the value of the base.
            egress: Egress policy. A fork defaults to the policy of its source. Otherwise the default denies all
                outbound traffic.
            labels: Labels of the sandbox. Conflicts with `base_sandbox_id`: a fork inherits the labels of its source.
            resources: Package of the resource classes: `pulumi_neev` (the default) or `pulumi_neev_sdk` (plugin).
            opts: Options of the component.
        """
        if (base_sandbox_id is None) == (snapshot_id is None):
            raise pulumi.RunError(f"BranchEnvironment {resource_name}: give one of base_sandbox_id and snapshot_id")
        if base_sandbox_id is not None and labels is not None:
            raise pulumi.RunError(f"BranchEnvironment {resource_name}: labels: a fork inherits them from its source")
        prefix = resource_name if name_prefix is None else name_prefix
        super().__init__("neev:components:BranchEnvironment", resource_name, None, opts)
        self._resources = resources or sdk
        self._resource_name = resource_name
        self._settings: dict[str, Any] = {
            "name": convert_branch_name("-".join(filter(None, (prefix, branch)))),
            "renew_trigger": revision,
            "paused": paused,
            "resume_idle_paused": True,
            "idle_timeout_seconds": idle_timeout_seconds,
            "max_lifetime_seconds": lifetime_seconds,
            "paused_retention_seconds": paused_retention_seconds,
            "cpu": cpu,
            "memory_gb": memory_gb,
            "egress": egress,
        } | ({} if labels is None else {"labels": labels})
        sandbox = self._create_sandbox(base_sandbox_id, snapshot_id, replace_on_base_change=replace_on_base_change)
        written = self._create_files(sandbox, files or {})
        triggers = [*([] if revision is None else [revision]), *(file.sha256 for file in written)]
        completed = self._create_commands(sandbox, commands, written, triggers)
        started = self._create_processes(sandbox, processes or {}, completed, triggers)
        exposed = self._create_ports(sandbox, ports, started)
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
        created = []
        for path, content in files.items():
            held = {"source" if isinstance(content, pulumi.Asset) else "content": content}
            name = f"{self._resource_name}-{path}"
            created.append(self._resources.File(name, sandbox_id=sandbox.id, path=path, **held, opts=opts))
        return created

    def _create_commands(
        self,
        sandbox: Any,
        commands: Sequence[Sequence[pulumi.Input[str]]],
        file_resources: Sequence[Any],
        triggers: Sequence[pulumi.Input[str]],
    ) -> list[Any]:
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
        return before

    def _create_processes(
        self,
        sandbox: Any,
        processes: Mapping[str, Sequence[pulumi.Input[str]]],
        before: Sequence[Any],
        triggers: Sequence[pulumi.Input[str]],
    ) -> list[Any]:
        opts = self._resource_options(deleted_with=sandbox, depends_on=before)
        return [
            self._resources.Process(
                f"{self._resource_name}-{name}", sandbox_id=sandbox.id, command=argv, triggers=triggers, opts=opts
            )
            for name, argv in processes.items()
        ]

    def _create_ports(
        self, sandbox: Any, ports: Sequence[int], processes: Sequence[Any]
    ) -> dict[str, pulumi.Output[str]]:
        opts = self._resource_options(deleted_with=sandbox, depends_on=processes)
        return {
            str(port): self._resources.PreviewPort(
                f"{self._resource_name}-{port}",
                sandbox_id=sandbox.id,
                port=port,
                wait_until_served=bool(processes) or None,
                opts=opts,
            ).preview_url
            for port in ports
        }

    def _resource_options(self, **options: Any) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, **options)
