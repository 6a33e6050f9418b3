"""The resources and data functions as a Python program sees them.

Made from the declarations by ``make schema``: change those, not this.
"""

# ruff: noqa: PLR0913  every input is an argument

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Required, TypedDict

import pulumi

from neev_provider.adapters.pulumi.dynamic.invoke import invoke, invoke_output
from neev_provider.adapters.pulumi.dynamic.resources import DynamicResource, OutputObject
from neev_provider.functions.templates import TemplateCategory, TemplateStatus
from neev_provider.resources.command import Outcome
from neev_provider.resources.egress import EgressMode, Protocol
from neev_provider.resources.sandbox.expiration import OnIdle
from pulumi_neev import dynamic_providers

__all__ = [
    "Agent",
    "AgentTemplate",
    "BuildStep",
    "BuildStepArgs",
    "BuiltImage",
    "Command",
    "Directory",
    "Egress",
    "EgressArgs",
    "EgressMode",
    "EgressRule",
    "EgressRuleArgs",
    "File",
    "GetAgentTemplatesResult",
    "GetSandboxMetricsResult",
    "GetSandboxTemplatesResult",
    "GetSandboxesResult",
    "GetSnapshotsResult",
    "GoldenImage",
    "LastCrash",
    "MetricPoint",
    "MetricSeries",
    "OnIdle",
    "Outcome",
    "PoolMember",
    "PreviewPort",
    "Protocol",
    "Sandbox",
    "SandboxFork",
    "SandboxInfo",
    "SandboxPool",
    "SandboxTemplate",
    "Snapshot",
    "SnapshotInfo",
    "TemplateCategory",
    "TemplateStatus",
    "get_agent_template",
    "get_agent_template_output",
    "get_agent_templates",
    "get_agent_templates_output",
    "get_sandbox",
    "get_sandbox_metrics",
    "get_sandbox_metrics_output",
    "get_sandbox_output",
    "get_sandbox_template",
    "get_sandbox_template_output",
    "get_sandbox_templates",
    "get_sandbox_templates_output",
    "get_sandboxes",
    "get_sandboxes_output",
    "get_snapshot",
    "get_snapshot_output",
    "get_snapshots",
    "get_snapshots_output",
]


class BuildStepArgs(TypedDict, total=False):
    """One step of a recipe: a command that runs, or a file or folder that is written."""

    content: pulumi.Input[str] | None
    """The file's content as text (UTF-8)."""
    content_base64: pulumi.Input[str] | None
    """The file's content as base64."""
    cwd: pulumi.Input[str] | None
    """The directory it runs in, below the workspace. Unset: the workspace itself."""
    exclude: pulumi.Input[Sequence[pulumi.Input[str]]] | None
    """What of a folder is left out, as in `Directory`."""
    mode: pulumi.Input[str] | None
    """The file's permissions, four octal digits such as `0755`. Unset: what the sandbox chooses."""
    path: pulumi.Input[str] | None
    """Where a file or folder is written, in or below the workspace. Instead of `run`."""
    run: pulumi.Input[Sequence[pulumi.Input[str]]] | None
    """The program and its arguments; no shell is involved, so for one write `["sh", "-c", "…"]`."""
    source: pulumi.Input[pulumi.Asset | pulumi.Archive] | None
    """The file's content as an asset, or that of a folder as an archive."""
    source_path: pulumi.Input[str] | None
    """A file or folder of the machine that runs the program."""
    timeout_seconds: pulumi.Input[int] | None
    """Seconds after which it is killed, which fails the build. Unset: as long as the build may take."""


class EgressArgs(TypedDict, total=False):
    """What a sandbox may reach outside; without a policy, nothing."""

    allow: pulumi.Input[Sequence[pulumi.Input[EgressRuleArgs | EgressRule]]] | None
    """The destinations that are allowed. Only in mode `allow_list`."""
    allow_internet: pulumi.Input[bool] | None
    """Whether everything is allowed. Only in mode `allow_list`."""
    mode: pulumi.Input[EgressMode | Literal["deny_all", "allow_list"]] | None
    """`deny_all` (the default) or `allow_list`."""


class EgressRuleArgs(TypedDict, total=False):
    """One destination that a sandbox may reach."""

    host: Required[pulumi.Input[str]]
    """IP address, CIDR block or domain; `*.example.com` stands for every name below `example.com`."""
    ports: pulumi.Input[Sequence[pulumi.Input[int]]] | None
    """Ports, 1 to 65535. Unset: every port."""
    protocol: pulumi.Input[Protocol | Literal["TCP", "UDP"]] | None
    """Transport protocol. Unset: TCP where `ports` is set, else every protocol."""


@pulumi.output_type
class AgentTemplate(OutputObject):
    """A template that agents are made from."""

    category: str = pulumi.property("category", default=None)
    """What it is for, such as `coding`."""
    created_at: str = pulumi.property("createdAt", default=None)
    """When it came into the catalogue (RFC 3339)."""
    description: str = pulumi.property("description", default=None)
    """What agent it is."""
    id: str = pulumi.property("id", default=None)
    """Its id."""
    name: str = pulumi.property("name", default=None)
    """Its name, by which an agent is made from it."""
    status: str = pulumi.property("status", default=None)
    """`active`."""
    updated_at: str = pulumi.property("updatedAt", default=None)
    """When it last changed (RFC 3339)."""
    agent_version: str | None = pulumi.property("agentVersion", default=None)
    """The version of the packaged agent."""


@pulumi.output_type
class BuildStep(OutputObject):
    """One step of a recipe: a command that runs, or a file or folder that is written."""

    content: str | None = pulumi.property("content", default=None)
    """The file's content as text (UTF-8)."""
    content_base64: str | None = pulumi.property("contentBase64", default=None)
    """The file's content as base64."""
    cwd: str | None = pulumi.property("cwd", default=None)
    """The directory it runs in, below the workspace. Unset: the workspace itself."""
    exclude: list[str] | None = pulumi.property("exclude", default=None)
    """What of a folder is left out, as in `Directory`."""
    mode: str | None = pulumi.property("mode", default=None)
    """The file's permissions, four octal digits such as `0755`. Unset: what the sandbox chooses."""
    path: str | None = pulumi.property("path", default=None)
    """Where a file or folder is written, in or below the workspace. Instead of `run`."""
    run: list[str] | None = pulumi.property("run", default=None)
    """The program and its arguments; no shell is involved, so for one write `["sh", "-c", "…"]`."""
    source: dict[str, Any] | None = pulumi.property("source", default=None)
    """The file's content as an asset, or that of a folder as an archive."""
    source_path: str | None = pulumi.property("sourcePath", default=None)
    """A file or folder of the machine that runs the program."""
    timeout_seconds: int | None = pulumi.property("timeoutSeconds", default=None)
    """Seconds after which it is killed, which fails the build. Unset: as long as the build may take."""


@pulumi.output_type
class BuiltImage(OutputObject):
    """One image that is kept."""

    builder_id: str = pulumi.property("builderId", default=None)
    """The paused sandbox that built it, with which it would go."""
    recipe_digest: str = pulumi.property("recipeDigest", default=None)
    """The digest of its recipe."""
    snapshot_id: str = pulumi.property("snapshotId", default=None)
    """What sandboxes are made from."""
    created_at: str | None = pulumi.property("createdAt", default=None)
    """When it was built (RFC 3339)."""


@pulumi.output_type
class Egress(OutputObject):
    """What a sandbox may reach outside; without a policy, nothing."""

    allow: list[EgressRule] | None = pulumi.property("allow", default=None)
    """The destinations that are allowed. Only in mode `allow_list`."""
    allow_internet: bool | None = pulumi.property("allowInternet", default=None)
    """Whether everything is allowed. Only in mode `allow_list`."""
    mode: str | None = pulumi.property("mode", default=None)
    """`deny_all` (the default) or `allow_list`."""


@pulumi.output_type
class EgressRule(OutputObject):
    """One destination that a sandbox may reach."""

    host: str = pulumi.property("host", default=None)
    """IP address, CIDR block or domain; `*.example.com` stands for every name below `example.com`."""
    ports: list[int] | None = pulumi.property("ports", default=None)
    """Ports, 1 to 65535. Unset: every port."""
    protocol: str | None = pulumi.property("protocol", default=None)
    """Transport protocol. Unset: TCP where `ports` is set, else every protocol."""


@pulumi.output_type
class GetAgentTemplatesResult(OutputObject):
    """Agent templates of the catalogue."""

    templates: list[AgentTemplate] = pulumi.property("templates", default=None)
    """In the catalogue's order."""


@pulumi.output_type
class GetSandboxMetricsResult(OutputObject):
    """What a sandbox has used."""

    end: str = pulumi.property("end", default=None)
    """Where it ends (RFC 3339)."""
    series: list[MetricSeries] = pulumi.property("series", default=None)
    """One for each metric."""
    start: str = pulumi.property("start", default=None)
    """Where the window begins (RFC 3339)."""
    step: str = pulumi.property("step", default=None)
    """The resolution that was used, such as `60s`."""


@pulumi.output_type
class GetSandboxTemplatesResult(OutputObject):
    """Templates of the catalogue."""

    templates: list[SandboxTemplate] = pulumi.property("templates", default=None)
    """In the catalogue's order."""


@pulumi.output_type
class GetSandboxesResult(OutputObject):
    """Sandboxes of the project."""

    sandboxes: list[SandboxInfo] = pulumi.property("sandboxes", default=None)
    """In the API's order."""


@pulumi.output_type
class GetSnapshotsResult(OutputObject):
    """Snapshots of a sandbox."""

    snapshots: list[SnapshotInfo] = pulumi.property("snapshots", default=None)
    """In the API's order."""


@pulumi.output_type
class LastCrash(OutputObject):
    """Why and when a sandbox last stopped by itself."""

    reason: str = pulumi.property("reason", default=None)
    """Such as `OOMKilled`."""
    at: str | None = pulumi.property("at", default=None)
    """When the stop was detected (RFC 3339)."""
    storage_reset: bool | None = pulumi.property("storageReset", default=None)
    """Whether it restarted with an empty file system."""


@pulumi.output_type
class MetricPoint(OutputObject):
    """One measured value."""

    at: float = pulumi.property("at", default=None)
    """When, in seconds since 1970 (UTC)."""
    value: float = pulumi.property("value", default=None)
    """The value, in the unit of its series."""


@pulumi.output_type
class MetricSeries(OutputObject):
    """The values of one metric over time."""

    metric: str = pulumi.property("metric", default=None)
    """Such as `cpu_usage_cores` or `memory_usage_bytes`."""
    points: list[MetricPoint] = pulumi.property("points", default=None)
    """In the order of time; empty where nothing was measured."""
    unit: str | None = pulumi.property("unit", default=None)
    """Such as `cores`, `bytes`, `count` or `ratio`."""


@pulumi.output_type
class PoolMember(OutputObject):
    """One sandbox of a pool."""

    name: str = pulumi.property("name", default=None)
    """Its name: that of the pool, the generation and the index."""
    phase: str = pulumi.property("phase", default=None)
    """The phase it was seen in last; `Missing` where there is none."""
    connect_url: str | None = pulumi.property("connectUrl", default=None)
    """Where its commands and files are served; useless without an API key."""
    id: str | None = pulumi.property("id", default=None)
    """Its id; absent where it is missing."""
    problem: str | None = pulumi.property("problem", default=None)
    """What is wrong with it, where something is: the next update puts it right."""


@pulumi.output_type
class SandboxInfo(OutputObject):
    """A sandbox as it is now."""

    created_at: str = pulumi.property("createdAt", default=None)
    """When it was made (RFC 3339)."""
    id: str = pulumi.property("id", default=None)
    """Its id."""
    image: str = pulumi.property("image", default=None)
    """The image it runs."""
    name: str = pulumi.property("name", default=None)
    """Its name."""
    org_id: str = pulumi.property("orgId", default=None)
    """The organisation it belongs to."""
    phase: str = pulumi.property("phase", default=None)
    """`Ready`, `Paused`, `Pending`, `Pausing`, `Resuming`, `NotReady`, `RestoreFailed` or `Unknown`."""
    project_id: str = pulumi.property("projectId", default=None)
    """The project it belongs to."""
    region: str = pulumi.property("region", default=None)
    """Where it runs."""
    addressable: bool | None = pulumi.property("addressable", default=None)
    """Whether it can be reached by now; briefly not after it was made."""
    command: list[str] | None = pulumi.property("command", default=None)
    """The container's command."""
    connect_url: str | None = pulumi.property("connectUrl", default=None)
    """Where commands and files of the sandbox are served; useless without an API key."""
    cpu: float | None = pulumi.property("cpu", default=None)
    """vCPUs."""
    created_by: str | None = pulumi.property("createdBy", default=None)
    """Who made it: a user's or an API key's id."""
    disk_gb: int | None = pulumi.property("diskGb", default=None)
    """Disk in GB."""
    hard_expires_at: str | None = pulumi.property("hardExpiresAt", default=None)
    """When it will be stopped, used or not (RFC 3339); absent where no lifetime applies."""
    idle_expires_at: str | None = pulumi.property("idleExpiresAt", default=None)
    """When it will be stopped if it stays idle until then (RFC 3339); absent where no idle window applies."""
    last_crash: LastCrash | None = pulumi.property("lastCrash", default=None)
    """Its last crash, where it had one."""
    memory_gb: int | None = pulumi.property("memoryGb", default=None)
    """Memory in GB."""
    replicas: int | None = pulumi.property("replicas", default=None)
    """1 where it runs, 0 where it is paused."""
    rootfs_disk_gb: int | None = pulumi.property("rootfsDiskGb", default=None)
    """The part of the disk for the container's own file system, in GB."""
    template_id: str | None = pulumi.property("templateId", default=None)
    """The template its source was made from, where it was."""
    updated_at: str | None = pulumi.property("updatedAt", default=None)
    """When the platform last changed it (RFC 3339)."""


@pulumi.output_type
class SandboxTemplate(OutputObject):
    """A template that sandboxes are made from."""

    category: str = pulumi.property("category", default=None)
    """`standard` or `browser`."""
    created_at: str = pulumi.property("createdAt", default=None)
    """When it came into the catalogue (RFC 3339)."""
    description: str = pulumi.property("description", default=None)
    """What it holds."""
    id: str = pulumi.property("id", default=None)
    """Its id, the `template_id` of a sandbox."""
    name: str = pulumi.property("name", default=None)
    """Its name."""
    status: str = pulumi.property("status", default=None)
    """`active` or `deprecated`."""
    updated_at: str = pulumi.property("updatedAt", default=None)
    """When it last changed (RFC 3339)."""


@pulumi.output_type
class SnapshotInfo(OutputObject):
    """A snapshot as it is now."""

    created_at: str = pulumi.property("createdAt", default=None)
    """When it was made (RFC 3339)."""
    id: str = pulumi.property("id", default=None)
    """Its id."""
    org_id: str = pulumi.property("orgId", default=None)
    """The organisation it belongs to."""
    project_id: str = pulumi.property("projectId", default=None)
    """The project it belongs to."""
    restorability: str = pulumi.property("restorability", default=None)
    """Whether it can be restored: `restorable`, `deprecating` or `unsupported`."""
    sandbox_id: str = pulumi.property("sandboxId", default=None)
    """The sandbox it was taken from."""
    snapshot_type: str = pulumi.property("snapshotType", default=None)
    """What it holds: `full`."""
    source_region: str = pulumi.property("sourceRegion", default=None)
    """The region where it is stored; a sandbox made from it must be there too."""
    status: str = pulumi.property("status", default=None)
    """`Pending`, `Running`, `Ready` or `Failed`."""
    created_by: str | None = pulumi.property("createdBy", default=None)
    """Who made it."""
    error_message: str | None = pulumi.property("errorMessage", default=None)
    """Why the capture failed, where it did."""
    expires_at: str | None = pulumi.property("expiresAt", default=None)
    """When the platform deletes it (RFC 3339); absent where it is kept."""
    name: str | None = pulumi.property("name", default=None)
    """Its name, where it has one."""
    size_bytes: int | None = pulumi.property("sizeBytes", default=None)
    """Uncompressed size in bytes."""


class Agent(DynamicResource, module="neev", name="Agent"):
    """A packaged agent of the catalogue, running on a sandbox of its own.

    Once created it is `Ready`, or paused if asked. Deleting it deletes its sandbox.
    """

    def __init__(
        self,
        resource_name: str,
        *,
        agent_template: pulumi.Input[str],
        config: pulumi.Input[Mapping[str, pulumi.Input[Any]]] | None = None,
        cpu: pulumi.Input[float] | None = None,
        disk_gb: pulumi.Input[int] | None = None,
        egress: pulumi.Input[EgressArgs | Egress] | None = None,
        env: pulumi.Input[Mapping[str, pulumi.Input[str]]] | None = None,
        idle_timeout_seconds: pulumi.Input[int] | None = None,
        memory_gb: pulumi.Input[int] | None = None,
        name: pulumi.Input[str] | None = None,
        paused: pulumi.Input[bool] | None = None,
        region: pulumi.Input[str] | None = None,
        resume_idle_paused: pulumi.Input[bool] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Make the resource part of the stack.

        Args:
            resource_name: What the program calls it; unique in its stack among the resources of its kind.
            agent_template: Template of the catalogue, by its name, such as `claude-code`.
            config: Settings of the agent, merged over those of its template, which says what there is in
                `configSchema`.
            cpu: vCPUs, 0.5 to 8 in steps of 0.5. Changed in place, without a restart. Unset: what its template says.
            disk_gb: Disk in GB, 10 to 100 in steps of 10. Unset: what its template says.
            egress: What the agent may reach. Unset: what its template says; taken out later: nothing.
            env: Environment variables of the agent. The API never answers them.
            idle_timeout_seconds: Seconds without activity after which it is paused; 0 is never. Unset: the account's
                default, or as it was.
            memory_gb: Memory in GB, 1 to 16. Changed in place, without a restart. Unset: what its template says.
            name: Unique among the project's agents: a DNS label of at most 63 characters. Unset: made from the
                resource's name.
            paused: Whether the agent is paused. Unset: it starts running and is then left alone. A change acts at once.
                A pause that the platform made because of the idle window is no drift.
            region: Where it runs. Unset: the provider's region, else the platform's.
            resume_idle_paused: Whether an update resumes an agent that the platform paused because it was idle, where
                `paused` is false.
            opts: Pulumi's own options.
        """
        super().__init__(
            dynamic_providers.AgentProvider(),
            resource_name,
            {
                "agentTemplate": agent_template,
                "config": config,
                "cpu": cpu,
                "diskGb": disk_gb,
                "egress": egress,
                "env": env,
                "idleTimeoutSeconds": idle_timeout_seconds,
                "memoryGb": memory_gb,
                "name": name,
                "paused": paused,
                "region": region,
                "resumeIdlePaused": resume_idle_paused,
            },
            opts,
        )

    @property
    @pulumi.getter(name="agentTemplate")
    def agent_template(self) -> pulumi.Output[str]:
        """Template of the catalogue, by its name, such as `claude-code`."""
        return self._output("agentTemplate")

    @property
    @pulumi.getter(name="agentTemplateId")
    def agent_template_id(self) -> pulumi.Output[str]:
        """The template it was made from, by id, such as `ag-claude-code`."""
        return self._output("agentTemplateId")

    @property
    @pulumi.getter(name="config")
    def config(self) -> pulumi.Output[dict[str, Any] | None]:
        """Settings of the agent, merged over those of its template, which says what there is in `configSchema`."""
        return self._output("config")

    @property
    @pulumi.getter(name="cpu")
    def cpu(self) -> pulumi.Output[float | None]:
        """vCPUs, 0.5 to 8 in steps of 0.5. Changed in place, without a restart. Unset: what its template says."""
        return self._output("cpu")

    @property
    @pulumi.getter(name="createdAt")
    def created_at(self) -> pulumi.Output[str]:
        """When it was made (RFC 3339)."""
        return self._output("createdAt")

    @property
    @pulumi.getter(name="diskGb")
    def disk_gb(self) -> pulumi.Output[int | None]:
        """Disk in GB, 10 to 100 in steps of 10. Unset: what its template says."""
        return self._output("diskGb")

    @property
    @pulumi.getter(name="driveMode")
    def drive_mode(self) -> pulumi.Output[str]:
        """How it is driven: `http`, `exec` or `pty`."""
        return self._output("driveMode")

    @property
    @pulumi.getter(name="effectiveConfig")
    def effective_config(self) -> pulumi.Output[dict[str, Any] | None]:
        """Its settings, those of the template included. A secret, since `config` may hold one."""
        return self._output("effectiveConfig")

    @property
    @pulumi.getter(name="egress")
    def egress(self) -> pulumi.Output[Egress]:
        """What the agent may reach. Unset: what its template says; taken out later: nothing."""
        return self._output("egress")

    @property
    @pulumi.getter(name="env")
    def env(self) -> pulumi.Output[dict[str, str] | None]:
        """Environment variables of the agent. The API never answers them."""
        return self._output("env")

    @property
    @pulumi.getter(name="gatewayToken")
    def gateway_token(self) -> pulumi.Output[str | None]:
        """The token that its user interface asks for, where it has one."""
        return self._output("gatewayToken")

    @property
    @pulumi.getter(name="idleTimeoutSeconds")
    def idle_timeout_seconds(self) -> pulumi.Output[int | None]:
        """Seconds without activity after which it is paused; 0 is never. Unset: the account's default, or as it was."""
        return self._output("idleTimeoutSeconds")

    @property
    @pulumi.getter(name="lastCrash")
    def last_crash(self) -> pulumi.Output[LastCrash | None]:
        """Its last crash, where it had one."""
        return self._output("lastCrash")

    @property
    @pulumi.getter(name="memoryGb")
    def memory_gb(self) -> pulumi.Output[int | None]:
        """Memory in GB, 1 to 16. Changed in place, without a restart. Unset: what its template says."""
        return self._output("memoryGb")

    @property
    @pulumi.getter(name="metricsUrl")
    def metrics_url(self) -> pulumi.Output[str]:
        """Where its sandbox's metrics are served; useless without an API key."""
        return self._output("metricsUrl")

    @property
    @pulumi.getter(name="name")
    def name(self) -> pulumi.Output[str]:
        """Unique among the project's agents: a DNS label of at most 63 characters.

        Unset: made from the resource's name.
        """
        return self._output("name")

    @property
    @pulumi.getter(name="orgId")
    def org_id(self) -> pulumi.Output[str]:
        """The organisation it belongs to."""
        return self._output("orgId")

    @property
    @pulumi.getter(name="paused")
    def paused(self) -> pulumi.Output[bool | None]:
        """Whether the agent is paused. Unset: it starts running and is then left alone.

        A change acts at once. A pause that the platform made because of the idle window is no drift.
        """
        return self._output("paused")

    @property
    @pulumi.getter(name="projectId")
    def project_id(self) -> pulumi.Output[str]:
        """The project it belongs to."""
        return self._output("projectId")

    @property
    @pulumi.getter(name="region")
    def region(self) -> pulumi.Output[str | None]:
        """Where it runs. Unset: the provider's region, else the platform's."""
        return self._output("region")

    @property
    @pulumi.getter(name="resumeIdlePaused")
    def resume_idle_paused(self) -> pulumi.Output[bool | None]:
        """Whether an update resumes an agent that the platform paused because it was idle, where `paused` is false."""
        return self._output("resumeIdlePaused")

    @property
    @pulumi.getter(name="sandboxId")
    def sandbox_id(self) -> pulumi.Output[str]:
        """The sandbox that it runs on."""
        return self._output("sandboxId")

    @property
    @pulumi.getter(name="status")
    def status(self) -> pulumi.Output[str]:
        """`Provisioning`, `Ready`, `Pausing`, `Paused`, `Failed` or `Deleting`."""
        return self._output("status")

    @property
    @pulumi.getter(name="updatedAt")
    def updated_at(self) -> pulumi.Output[str | None]:
        """When the platform last changed it (RFC 3339)."""
        return self._output("updatedAt")

    @property
    @pulumi.getter(name="webUiUrl")
    def web_ui_url(self) -> pulumi.Output[str | None]:
        """Where its user interface is reached, where it has one. Whoever knows the URL gets in, so it is a secret."""
        return self._output("webUiUrl")


class Command(DynamicResource, module="neev", name="Command"):
    """A command that runs in a sandbox when it is created, when it changes, and when it is deleted.

    It is never run twice for one change: where its connection breaks, nobody knows how it ended; the error says so, and
    the next `up` asks what to do. A refresh keeps what it wrote, for nobody can be asked for that again.
    """

    def __init__(
        self,
        resource_name: str,
        *,
        create: pulumi.Input[Sequence[pulumi.Input[str]]],
        sandbox_id: pulumi.Input[str],
        allow_failure: pulumi.Input[bool] | None = None,
        cwd: pulumi.Input[str] | None = None,
        delete: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        env: pulumi.Input[Mapping[str, pulumi.Input[str]]] | None = None,
        secret_output: pulumi.Input[bool] | None = None,
        stdin: pulumi.Input[str] | None = None,
        timeout_seconds: pulumi.Input[int] | None = None,
        triggers: pulumi.Input[Sequence[pulumi.Input[Any]]] | None = None,
        update: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Make the resource part of the stack.

        Args:
            resource_name: What the program calls it; unique in its stack among the resources of its kind.
            create: The program and its arguments; no shell is involved, so for one write `["sh", "-c", "…"]`. A change
                of it, or of `cwd`, `env` or `stdin`, runs `update` in place where that is given, and replaces
                otherwise.
            sandbox_id: The sandbox it runs in, by id. One that is paused is woken, and paused again afterwards.
            allow_failure: Whether an exit code other than 0 is no failure; `exit_code` tells.
            cwd: The directory it runs in, below the workspace. Unset: the workspace itself.
            delete: What runs when the resource is deleted or replaced. Unset: nothing.
            env: Environment variables, on top of those of the sandbox.
            secret_output: Whether what it writes is a secret: hidden in the state, in errors and in the log. So it is
                without this, too, where the program makes another input than `env` a secret. Of `env`, which always is
                one, each value is struck out of errors and the log, and what is written is hidden in the state.
            stdin: What it reads from its standard input. Unset: nothing.
            timeout_seconds: Seconds after which it is killed, which is a failure. Unset: as long as the operation may
                take.
            triggers: Any values; a change of one of them runs it anew, by a replacement.
            update: What runs in the place of `create` when that, `cwd`, `env` or `stdin` is changed.
            opts: Pulumi's own options.
        """
        super().__init__(
            dynamic_providers.CommandProvider(),
            resource_name,
            {
                "create": create,
                "sandboxId": sandbox_id,
                "allowFailure": allow_failure,
                "cwd": cwd,
                "delete": delete,
                "env": env,
                "secretOutput": secret_output,
                "stdin": stdin,
                "timeoutSeconds": timeout_seconds,
                "triggers": triggers,
                "update": update,
            },
            opts,
        )

    @property
    @pulumi.getter(name="allowFailure")
    def allow_failure(self) -> pulumi.Output[bool | None]:
        """Whether an exit code other than 0 is no failure; `exit_code` tells."""
        return self._output("allowFailure")

    @property
    @pulumi.getter(name="create")
    def create(self) -> pulumi.Output[list[str]]:
        """The program and its arguments; no shell is involved, so for one write `["sh", "-c", "…"]`.

        A change of it, or of `cwd`, `env` or `stdin`, runs `update` in place where that is given, and replaces
        otherwise.
        """
        return self._output("create")

    @property
    @pulumi.getter(name="createSucceeded")
    def create_succeeded(self) -> pulumi.Output[bool]:
        """Whether `create` has succeeded once, so that `update` is what runs next."""
        return self._output("createSucceeded")

    @property
    @pulumi.getter(name="cwd")
    def cwd(self) -> pulumi.Output[str | None]:
        """The directory it runs in, below the workspace. Unset: the workspace itself."""
        return self._output("cwd")

    @property
    @pulumi.getter(name="delete")
    def delete(self) -> pulumi.Output[list[str] | None]:
        """What runs when the resource is deleted or replaced. Unset: nothing."""
        return self._output("delete")

    @property
    @pulumi.getter(name="durationMs")
    def duration_ms(self) -> pulumi.Output[int | None]:
        """How many milliseconds it ran."""
        return self._output("durationMs")

    @property
    @pulumi.getter(name="env")
    def env(self) -> pulumi.Output[dict[str, str] | None]:
        """Environment variables, on top of those of the sandbox."""
        return self._output("env")

    @property
    @pulumi.getter(name="exitCode")
    def exit_code(self) -> pulumi.Output[int | None]:
        """Its exit code; 128 and the signal's number where one ended it."""
        return self._output("exitCode")

    @property
    @pulumi.getter(name="lastRunDigest")
    def last_run_digest(self) -> pulumi.Output[str | None]:
        """A digest of what ran last, by which a run of unknown outcome is known again."""
        return self._output("lastRunDigest")

    @property
    @pulumi.getter(name="outcome")
    def outcome(self) -> pulumi.Output[str]:
        """`succeeded`, or why it is not done: `pending`, `failed` or `unknown`."""
        return self._output("outcome")

    @property
    @pulumi.getter(name="sandboxId")
    def sandbox_id(self) -> pulumi.Output[str]:
        """The sandbox it runs in, by id. One that is paused is woken, and paused again afterwards."""
        return self._output("sandboxId")

    @property
    @pulumi.getter(name="secretOutput")
    def secret_output(self) -> pulumi.Output[bool | None]:
        """Whether what it writes is a secret: hidden in the state, in errors and in the log.

        So it is without this, too, where the program makes another input than `env` a secret. Of `env`, which always is
        one, each value is struck out of errors and the log, and what is written is hidden in the state.
        """
        return self._output("secretOutput")

    @property
    @pulumi.getter(name="stderr")
    def stderr(self) -> pulumi.Output[str | None]:
        """What it wrote to its standard error, likewise."""
        return self._output("stderr")

    @property
    @pulumi.getter(name="stdin")
    def stdin(self) -> pulumi.Output[str | None]:
        """What it reads from its standard input. Unset: nothing."""
        return self._output("stdin")

    @property
    @pulumi.getter(name="stdout")
    def stdout(self) -> pulumi.Output[str | None]:
        """What it wrote to its standard output: the last 64 Ki characters, and before them how much is left out.

        A secret where `secret_output` is set, and where any input is one: `env` always is.
        """
        return self._output("stdout")

    @property
    @pulumi.getter(name="timeoutSeconds")
    def timeout_seconds(self) -> pulumi.Output[int | None]:
        """Seconds after which it is killed, which is a failure. Unset: as long as the operation may take."""
        return self._output("timeoutSeconds")

    @property
    @pulumi.getter(name="triggers")
    def triggers(self) -> pulumi.Output[list[Any] | None]:
        """Any values; a change of one of them runs it anew, by a replacement."""
        return self._output("triggers")

    @property
    @pulumi.getter(name="update")
    def update(self) -> pulumi.Output[list[str] | None]:
        """What runs in the place of `create` when that, `cwd`, `env` or `stdin` is changed."""
        return self._output("update")


class Directory(DynamicResource, module="neev", name="Directory"):
    """A directory in a sandbox that holds what a local folder or an archive holds.

    Files are compared by their digests: a change sends only those that differ, and removes those that are no longer in
    the source. What was changed outside is seen on a refresh. Deleting removes only what it wrote and nobody changed.
    """

    def __init__(
        self,
        resource_name: str,
        *,
        path: pulumi.Input[str],
        sandbox_id: pulumi.Input[str],
        exclude: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        source: pulumi.Input[pulumi.Archive] | None = None,
        source_path: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Make the resource part of the stack.

        Args:
            resource_name: What the program calls it; unique in its stack among the resources of its kind.
            path: Where it is, in or below the workspace; `.` is the workspace itself. What is there besides is left
                alone. `app`, `./app/` and `/workspace/app` are the same place.
            sandbox_id: The sandbox it is in, by id. One that is paused is woken for a change, and paused again
                afterwards.
            exclude: What is left out, with all below it, written as in a .gitignore. `*.pyc` at any depth, `/build` or
                `a/b` from the top, `logs/` only folders, `!keep.log` what stays after all. A pattern that matches
                nothing is a warning of the plan.
            source: What it holds, as an archive: a `FileArchive` (folder, .zip, .tar or .tar.gz) or `AssetArchive`. At
                most 10,000 files. An archive has at most 50,000 entries, and 4 GiB once it is unpacked. A symbolic link
                is sent as one where it leads to a place inside the folder; any other is refused.
            source_path: A folder, .zip, .tar or .tar.gz of the machine that runs the program. Instead of `source`.
            opts: Pulumi's own options.
        """
        super().__init__(
            dynamic_providers.DirectoryProvider(),
            resource_name,
            {
                "path": path,
                "sandboxId": sandbox_id,
                "exclude": exclude,
                "source": source,
                "sourcePath": source_path,
            },
            opts,
        )

    @property
    @pulumi.getter(name="createdFolders")
    def created_folders(self) -> pulumi.Output[list[str]]:
        """The folders that were made on the way."""
        return self._output("createdFolders")

    @property
    @pulumi.getter(name="driftedFiles")
    def drifted_files(self) -> pulumi.Output[dict[str, str]]:
        """What was seen last in the place of what was written, or is not of this resource: likewise, or `missing`."""
        return self._output("driftedFiles")

    @property
    @pulumi.getter(name="exclude")
    def exclude(self) -> pulumi.Output[list[str] | None]:
        """What is left out, with all below it, written as in a .gitignore.

        `*.pyc` at any depth, `/build` or `a/b` from the top, `logs/` only folders, `!keep.log` what stays after all. A
        pattern that matches nothing is a warning of the plan.
        """
        return self._output("exclude")

    @property
    @pulumi.getter(name="files")
    def files(self) -> pulumi.Output[dict[str, str]]:
        """What was written, by path: its SHA-256, with `+x` where it is executable; of a link, `->` and its target."""
        return self._output("files")

    @property
    @pulumi.getter(name="fingerprints")
    def fingerprints(self) -> pulumi.Output[str]:
        """Eight characters for each path, of its size and time when it was written, or seen to hold something else.

        A file whose size and time are still the same is not read again; one that somebody else has written since, with
        the same content even, is not deleted.
        """
        return self._output("fingerprints")

    @property
    @pulumi.getter(name="path")
    def path(self) -> pulumi.Output[str]:
        """Where it is, in or below the workspace; `.` is the workspace itself. What is there besides is left alone.

        `app`, `./app/` and `/workspace/app` are the same place.
        """
        return self._output("path")

    @property
    @pulumi.getter(name="sandboxId")
    def sandbox_id(self) -> pulumi.Output[str]:
        """The sandbox it is in, by id. One that is paused is woken for a change, and paused again afterwards."""
        return self._output("sandboxId")

    @property
    @pulumi.getter(name="sha256")
    def sha256(self) -> pulumi.Output[str | None]:
        """One digest of all paths and contents, as they were seen last: a trigger for what depends on them."""
        return self._output("sha256")

    @property
    @pulumi.getter(name="source")
    def source(self) -> pulumi.Output[dict[str, Any] | None]:
        """What it holds, as an archive: a `FileArchive` (folder, .zip, .tar or .tar.gz) or `AssetArchive`.

        At most 10,000 files. An archive has at most 50,000 entries, and 4 GiB once it is unpacked. A symbolic link is
        sent as one where it leads to a place inside the folder; any other is refused.
        """
        return self._output("source")

    @property
    @pulumi.getter(name="sourcePath")
    def source_path(self) -> pulumi.Output[str | None]:
        """A folder, .zip, .tar or .tar.gz of the machine that runs the program. Instead of `source`."""
        return self._output("sourcePath")


class File(DynamicResource, module="neev", name="File"):
    """A file in a sandbox.

    What it is outside is seen on a refresh, and put right by the next update. The outputs hold the digest of the
    content and not the content; deleting removes the file only while it holds what was written.
    """

    def __init__(
        self,
        resource_name: str,
        *,
        path: pulumi.Input[str],
        sandbox_id: pulumi.Input[str],
        content: pulumi.Input[str] | None = None,
        content_base64: pulumi.Input[str] | None = None,
        mode: pulumi.Input[str] | None = None,
        source: pulumi.Input[pulumi.Asset] | None = None,
        source_path: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Make the resource part of the stack.

        Args:
            resource_name: What the program calls it; unique in its stack among the resources of its kind.
            path: Where it is, below the workspace; directories on the way are made. What was there is overwritten.
                `conf/x`, `./conf//x` and `/workspace/conf/x` are the same place.
            sandbox_id: The sandbox it is in, by id. One that is paused is woken for a change, and paused again
                afterwards.
            content: Its content as text (UTF-8). Of the four, one; without any a file that is made is empty, else it is
                left.
            content_base64: Its content as base64, for what is no text.
            mode: Its permissions, four octal digits such as `0755`. Unset: what the sandbox chose.
            source: Its content as an asset: a `FileAsset`, of any size, or a `StringAsset`.
            source_path: A file of the machine that runs the program, of any size, sent in chunks; each plan reads it
                for its digest. A regular file, or a link to one; a pipe or a device is refused.
            opts: Pulumi's own options.
        """
        super().__init__(
            dynamic_providers.FileProvider(),
            resource_name,
            {
                "path": path,
                "sandboxId": sandbox_id,
                "content": content,
                "contentBase64": content_base64,
                "mode": mode,
                "source": source,
                "sourcePath": source_path,
            },
            opts,
        )

    @property
    @pulumi.getter(name="content")
    def content(self) -> pulumi.Output[str | None]:
        """Its content as text (UTF-8). Of the four, one; without any a file that is made is empty, else it is left."""
        return self._output("content")

    @property
    @pulumi.getter(name="contentBase64")
    def content_base64(self) -> pulumi.Output[str | None]:
        """Its content as base64, for what is no text."""
        return self._output("contentBase64")

    @property
    @pulumi.getter(name="mode")
    def mode(self) -> pulumi.Output[str | None]:
        """Its permissions, four octal digits such as `0755`. Unset: what the sandbox chose."""
        return self._output("mode")

    @property
    @pulumi.getter(name="modifiedAt")
    def modified_at(self) -> pulumi.Output[str | None]:
        """When it was changed last (RFC 3339)."""
        return self._output("modifiedAt")

    @property
    @pulumi.getter(name="path")
    def path(self) -> pulumi.Output[str]:
        """Where it is, below the workspace; directories on the way are made. What was there is overwritten.

        `conf/x`, `./conf//x` and `/workspace/conf/x` are the same place.
        """
        return self._output("path")

    @property
    @pulumi.getter(name="sandboxId")
    def sandbox_id(self) -> pulumi.Output[str]:
        """The sandbox it is in, by id. One that is paused is woken for a change, and paused again afterwards."""
        return self._output("sandboxId")

    @property
    @pulumi.getter(name="sha256")
    def sha256(self) -> pulumi.Output[str | None]:
        """The SHA-256 of its content, as it was seen last."""
        return self._output("sha256")

    @property
    @pulumi.getter(name="sizeBytes")
    def size_bytes(self) -> pulumi.Output[int | None]:
        """Its size in bytes."""
        return self._output("sizeBytes")

    @property
    @pulumi.getter(name="source")
    def source(self) -> pulumi.Output[dict[str, Any] | None]:
        """Its content as an asset: a `FileAsset`, of any size, or a `StringAsset`."""
        return self._output("source")

    @property
    @pulumi.getter(name="sourcePath")
    def source_path(self) -> pulumi.Output[str | None]:
        """A file of the machine that runs the program, of any size, sent in chunks; each plan reads it for its digest.

        A regular file, or a link to one; a pipe or a device is refused.
        """
        return self._output("sourcePath")

    @property
    @pulumi.getter(name="writtenAt")
    def written_at(self) -> pulumi.Output[str | None]:
        """When that was changed last right after it was written (RFC 3339): what was written since is not deleted."""
        return self._output("writtenAt")

    @property
    @pulumi.getter(name="writtenSha256")
    def written_sha256(self) -> pulumi.Output[str | None]:
        """The SHA-256 of what this resource wrote: a file that holds something else is not deleted."""
        return self._output("writtenSha256")


class GoldenImage(DynamicResource, module="neev", name="GoldenImage"):
    """A snapshot with software and files in it, for any number of sandboxes to be made from.

    The recipe (source, size, egress, steps) identifies the image: an update with the same recipe builds nothing. If the
    recipe changes, the new image is built first. Then `snapshot_id` changes, and earlier images beyond `history_limit`
    are deleted. A recipe whose earlier image still exists is reused without a build.
    """

    def __init__(
        self,
        resource_name: str,
        *,
        cpu: pulumi.Input[float] | None = None,
        disk_gb: pulumi.Input[int] | None = None,
        egress: pulumi.Input[EgressArgs | Egress] | None = None,
        env: pulumi.Input[Mapping[str, pulumi.Input[str]]] | None = None,
        history_limit: pulumi.Input[int] = 1,
        image: pulumi.Input[str] | None = None,
        memory_gb: pulumi.Input[int] | None = None,
        name: pulumi.Input[str] | None = None,
        region: pulumi.Input[str] | None = None,
        rootfs_disk_gb: pulumi.Input[int] | None = None,
        source_snapshot_id: pulumi.Input[str] | None = None,
        steps: pulumi.Input[Sequence[pulumi.Input[BuildStepArgs | BuildStep]]] | None = None,
        template_id: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Make the resource part of the stack.

        Args:
            resource_name: What the program calls it; unique in its stack among the resources of its kind.
            cpu: Virtual CPUs of the builder, 0.5 to 8 in steps of 0.5; sandboxes made from it have the same.
            disk_gb: Disk of the builder in GB, 10 to 100 in steps of 10; sandboxes made from the image have the same.
            egress: What the builder may reach while it builds. Unset: nothing, as for every sandbox.
            env: Environment variables of the steps' commands; nothing of them stays in the image. Their names are part
                of the recipe and their values are not: a token that is renewed builds nothing.
            history_limit: How many earlier images stay; the others are deleted once a new one is ready.
            image: Public OCI image to build on, with its registry's path and a tag or digest. Instead of `template_id`.
            memory_gb: Memory of the builder in GB, 1 to 16; sandboxes made from the image have the same.
            name: What its builders and snapshots are called, before a digest: a DNS label of at most 50 characters.
                Unique among the project's images: a name that others have already is refused. Unset: made from the
                resource's name, and another in each stack.
            region: Where it is built and kept; sandboxes made from it run there too. Unset: the provider's, else the
                platform's.
            rootfs_disk_gb: The part of the disk for the container's own file system, in GB, below `disk_gb`.
            source_snapshot_id: Snapshot to build on; disk and region must match its origin. Instead of `template_id`
                and `image`.
            steps: What is done to the source, in this order.
            template_id: Template to build on, such as `sb-ubuntu-26-04-minimal`. Without a source: the platform's
                default.
            opts: Pulumi's own options.
        """
        super().__init__(
            dynamic_providers.GoldenImageProvider(),
            resource_name,
            {
                "cpu": cpu,
                "diskGb": disk_gb,
                "egress": egress,
                "env": env,
                "historyLimit": history_limit,
                "image": image,
                "memoryGb": memory_gb,
                "name": name,
                "region": region,
                "rootfsDiskGb": rootfs_disk_gb,
                "sourceSnapshotId": source_snapshot_id,
                "steps": steps,
                "templateId": template_id,
            },
            opts,
        )

    @property
    @pulumi.getter(name="builderId")
    def builder_id(self) -> pulumi.Output[str]:
        """The paused sandbox that built it: deleting that would delete the image."""
        return self._output("builderId")

    @property
    @pulumi.getter(name="builderIds")
    def builder_ids(self) -> pulumi.Output[list[str]]:
        """Every builder that belongs to it, also that of a build which did not end."""
        return self._output("builderIds")

    @property
    @pulumi.getter(name="cpu")
    def cpu(self) -> pulumi.Output[float | None]:
        """Virtual CPUs of the builder, 0.5 to 8 in steps of 0.5; sandboxes made from it have the same."""
        return self._output("cpu")

    @property
    @pulumi.getter(name="diskGb")
    def disk_gb(self) -> pulumi.Output[int | None]:
        """Disk of the builder in GB, 10 to 100 in steps of 10; sandboxes made from the image have the same."""
        return self._output("diskGb")

    @property
    @pulumi.getter(name="egress")
    def egress(self) -> pulumi.Output[Egress | None]:
        """What the builder may reach while it builds. Unset: nothing, as for every sandbox."""
        return self._output("egress")

    @property
    @pulumi.getter(name="env")
    def env(self) -> pulumi.Output[dict[str, str] | None]:
        """Environment variables of the steps' commands; nothing of them stays in the image.

        Their names are part of the recipe and their values are not: a token that is renewed builds nothing.
        """
        return self._output("env")

    @property
    @pulumi.getter(name="historyLimit")
    def history_limit(self) -> pulumi.Output[int]:
        """How many earlier images stay; the others are deleted once a new one is ready."""
        return self._output("historyLimit")

    @property
    @pulumi.getter(name="image")
    def image(self) -> pulumi.Output[str | None]:
        """Public OCI image to build on, with its registry's path and a tag or digest. Instead of `template_id`."""
        return self._output("image")

    @property
    @pulumi.getter(name="images")
    def images(self) -> pulumi.Output[list[BuiltImage]]:
        """The image and the earlier ones, the newest first."""
        return self._output("images")

    @property
    @pulumi.getter(name="memoryGb")
    def memory_gb(self) -> pulumi.Output[int | None]:
        """Memory of the builder in GB, 1 to 16; sandboxes made from the image have the same."""
        return self._output("memoryGb")

    @property
    @pulumi.getter(name="name")
    def name(self) -> pulumi.Output[str]:
        """What its builders and snapshots are called, before a digest: a DNS label of at most 50 characters.

        Unique among the project's images: a name that others have already is refused. Unset: made from the resource's
        name, and another in each stack.
        """
        return self._output("name")

    @property
    @pulumi.getter(name="recipeDigest")
    def recipe_digest(self) -> pulumi.Output[str]:
        """The digest of its recipe; the same recipe builds nothing."""
        return self._output("recipeDigest")

    @property
    @pulumi.getter(name="region")
    def region(self) -> pulumi.Output[str | None]:
        """Where it is built and kept; sandboxes made from it run there too.

        Unset: the provider's, else the platform's.
        """
        return self._output("region")

    @property
    @pulumi.getter(name="rootfsDiskGb")
    def rootfs_disk_gb(self) -> pulumi.Output[int | None]:
        """The part of the disk for the container's own file system, in GB, below `disk_gb`."""
        return self._output("rootfsDiskGb")

    @property
    @pulumi.getter(name="sizeBytes")
    def size_bytes(self) -> pulumi.Output[int | None]:
        """Its size in bytes."""
        return self._output("sizeBytes")

    @property
    @pulumi.getter(name="snapshotId")
    def snapshot_id(self) -> pulumi.Output[str]:
        """What sandboxes are made from; empty where no image is ready."""
        return self._output("snapshotId")

    @property
    @pulumi.getter(name="sourceSnapshotId")
    def source_snapshot_id(self) -> pulumi.Output[str | None]:
        """Snapshot to build on; disk and region must match its origin. Instead of `template_id` and `image`."""
        return self._output("sourceSnapshotId")

    @property
    @pulumi.getter(name="stepDigests")
    def step_digests(self) -> pulumi.Output[list[str]]:
        """The digest of each step, the contents of its files included."""
        return self._output("stepDigests")

    @property
    @pulumi.getter(name="steps")
    def steps(self) -> pulumi.Output[list[BuildStep] | None]:
        """What is done to the source, in this order."""
        return self._output("steps")

    @property
    @pulumi.getter(name="templateId")
    def template_id(self) -> pulumi.Output[str | None]:
        """Template to build on, such as `sb-ubuntu-26-04-minimal`. Without a source: the platform's default."""
        return self._output("templateId")

    @property
    @pulumi.getter(name="uid")
    def uid(self) -> pulumi.Output[str | None]:
        """What tells the image from any other of its name: the names of its builders are made with it."""
        return self._output("uid")


class PreviewPort(DynamicResource, module="neev", name="PreviewPort"):
    """A port of a sandbox with a URL at which browsers and webhooks reach it, without an API key.

    A port that is exposed already gets another URL, and the one it had ends; where it has the very slug that is asked
    for, nobody can tell whose it is, and it is refused. The URL ends with the resource, or with the sandbox.
    """

    def __init__(
        self,
        resource_name: str,
        *,
        port: pulumi.Input[int],
        sandbox_id: pulumi.Input[str],
        slug: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Make the resource part of the stack.

        Args:
            resource_name: What the program calls it; unique in its stack among the resources of its kind.
            port: The port that something in the sandbox listens on, 1 to 65535.
            sandbox_id: The sandbox, by id.
            slug: The part of the URL that nobody can guess: 8 lower-case letters and digits. Unset: what the platform
                chose. A change of it gives the port another URL; the old one ends at once.
            opts: Pulumi's own options.
        """
        super().__init__(
            dynamic_providers.PreviewPortProvider(),
            resource_name,
            {
                "port": port,
                "sandboxId": sandbox_id,
                "slug": slug,
            },
            opts,
        )

    @property
    @pulumi.getter(name="exposedSlug")
    def exposed_slug(self) -> pulumi.Output[str | None]:
        """The slug with which this resource exposed the port: where it has another, deleting leaves it exposed."""
        return self._output("exposedSlug")

    @property
    @pulumi.getter(name="port")
    def port(self) -> pulumi.Output[int]:
        """The port that something in the sandbox listens on, 1 to 65535."""
        return self._output("port")

    @property
    @pulumi.getter(name="previewUrl")
    def preview_url(self) -> pulumi.Output[str]:
        """The URL; whoever knows it gets in, so it is a secret."""
        return self._output("previewUrl")

    @property
    @pulumi.getter(name="sandboxId")
    def sandbox_id(self) -> pulumi.Output[str]:
        """The sandbox, by id."""
        return self._output("sandboxId")

    @property
    @pulumi.getter(name="slug")
    def slug(self) -> pulumi.Output[str]:
        """The part of the URL that nobody can guess: 8 lower-case letters and digits.

        Unset: what the platform chose.

        A change of it gives the port another URL; the old one ends at once.
        """
        return self._output("slug")


class Sandbox(DynamicResource, module="neev", name="Sandbox"):
    """An isolated computer for an AI agent: it runs commands, holds files, and can be paused, forked and rolled back.

    The name addresses it and is unique in its project. Once created it is `Ready` and reachable, or paused if asked.
    """

    def __init__(
        self,
        resource_name: str,
        *,
        command: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        cpu: pulumi.Input[float] | None = None,
        disk_gb: pulumi.Input[int] | None = None,
        egress: pulumi.Input[EgressArgs | Egress] | None = None,
        env: pulumi.Input[Mapping[str, pulumi.Input[str]]] | None = None,
        idle_timeout_seconds: pulumi.Input[int] | None = None,
        image: pulumi.Input[str] | None = None,
        max_lifetime_seconds: pulumi.Input[int] | None = None,
        memory_gb: pulumi.Input[int] | None = None,
        name: pulumi.Input[str] | None = None,
        on_idle: pulumi.Input[OnIdle | Literal["pause", "delete"]] | None = None,
        paused: pulumi.Input[bool] | None = None,
        paused_retention_seconds: pulumi.Input[int] | None = None,
        region: pulumi.Input[str] | None = None,
        renew_trigger: pulumi.Input[str] | None = None,
        resume_idle_paused: pulumi.Input[bool] | None = None,
        rollback_to_snapshot_id: pulumi.Input[str] | None = None,
        rootfs_disk_gb: pulumi.Input[int] | None = None,
        snapshot_id: pulumi.Input[str] | None = None,
        template_id: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Make the resource part of the stack.

        Args:
            resource_name: What the program calls it; unique in its stack among the resources of its kind.
            command: The container's command, only with `image`. Unset: `sleep infinity`.
            cpu: vCPUs, 0.5 to 8 in steps of 0.5. Changed in place, without a restart.
            disk_gb: Disk in GB, 10 to 100 in steps of 10.
            egress: What the sandbox may reach. Unset, or taken out later: nothing.
            env: Environment variables of every process. The API never answers them.
            idle_timeout_seconds: Seconds without activity after which `on_idle` happens; 0 is never. Unset: the
                account's default, or as it was.
            image: Public OCI image with its registry's path and a tag or digest. Instead of `template_id`.
            max_lifetime_seconds: Seconds after its creation, or after the last renewal, at which it is stopped, used or
                not; 0 is never. Unset: the account's default, or as it was.
            memory_gb: Memory in GB, 1 to 16. Changed in place, without a restart.
            name: Unique in the project: a DNS label of at most 63 characters. Unset: made from the resource's name.
            on_idle: What happens when the idle window ends: `pause` (the platform's default) or `delete`.
            paused: Whether the sandbox is paused. Unset: it starts running and is then left alone. A change acts at
                once. A pause that the platform made because of the idle window is no drift.
            paused_retention_seconds: Seconds that a paused sandbox is kept before it is deleted; 0 is for ever. Unset:
                the account's default, or as it was.
            region: Where it runs. Unset: the provider's region, else the platform's.
            renew_trigger: Any text, such as a commit or the id of a pipeline's run: a change of it renews the sandbox.
                The idle window, and the lifetime where `max_lifetime_seconds` is set, then count anew from that moment.
                Set when the sandbox is created, it is only recorded.
            resume_idle_paused: Whether an update resumes a sandbox that the platform paused because it was idle, where
                `paused` is false.
            rollback_to_snapshot_id: Id of a snapshot: a change of it puts the sandbox's files back in place,
                destructively. Id, name and URLs stay. Set when the sandbox is created, it is only recorded.
            rootfs_disk_gb: The part of the disk for the container's own file system, in GB, below `disk_gb`. Unset: a
                fifth, at least 4.
            snapshot_id: Snapshot to start from. Instead of `template_id` and `image`. Disk and region must match its
                origin. `cpu` and `memory_gb` need not: they are changed once the sandbox is there.
            template_id: Template of the catalogue, such as `sb-ubuntu-26-04-minimal`. Without a source: the platform's
                default.
            opts: Pulumi's own options.
        """
        super().__init__(
            dynamic_providers.SandboxProvider(),
            resource_name,
            {
                "command": command,
                "cpu": cpu,
                "diskGb": disk_gb,
                "egress": egress,
                "env": env,
                "idleTimeoutSeconds": idle_timeout_seconds,
                "image": image,
                "maxLifetimeSeconds": max_lifetime_seconds,
                "memoryGb": memory_gb,
                "name": name,
                "onIdle": on_idle,
                "paused": paused,
                "pausedRetentionSeconds": paused_retention_seconds,
                "region": region,
                "renewTrigger": renew_trigger,
                "resumeIdlePaused": resume_idle_paused,
                "rollbackToSnapshotId": rollback_to_snapshot_id,
                "rootfsDiskGb": rootfs_disk_gb,
                "snapshotId": snapshot_id,
                "templateId": template_id,
            },
            opts,
        )

    @property
    @pulumi.getter(name="addressable")
    def addressable(self) -> pulumi.Output[bool | None]:
        """Whether it can be reached by now; briefly not after it was made."""
        return self._output("addressable")

    @property
    @pulumi.getter(name="command")
    def command(self) -> pulumi.Output[list[str] | None]:
        """The container's command, only with `image`. Unset: `sleep infinity`."""
        return self._output("command")

    @property
    @pulumi.getter(name="connectUrl")
    def connect_url(self) -> pulumi.Output[str | None]:
        """Where commands and files of the sandbox are served; useless without an API key."""
        return self._output("connectUrl")

    @property
    @pulumi.getter(name="cpu")
    def cpu(self) -> pulumi.Output[float | None]:
        """vCPUs, 0.5 to 8 in steps of 0.5. Changed in place, without a restart."""
        return self._output("cpu")

    @property
    @pulumi.getter(name="createdAt")
    def created_at(self) -> pulumi.Output[str]:
        """When it was made (RFC 3339)."""
        return self._output("createdAt")

    @property
    @pulumi.getter(name="diskGb")
    def disk_gb(self) -> pulumi.Output[int | None]:
        """Disk in GB, 10 to 100 in steps of 10."""
        return self._output("diskGb")

    @property
    @pulumi.getter(name="effectiveLifetimeSeconds")
    def effective_lifetime_seconds(self) -> pulumi.Output[int | None]:
        """The lifetime that the last change of `renew_trigger` set on the platform, which counts from the creation."""
        return self._output("effectiveLifetimeSeconds")

    @property
    @pulumi.getter(name="egress")
    def egress(self) -> pulumi.Output[Egress]:
        """What the sandbox may reach. Unset, or taken out later: nothing."""
        return self._output("egress")

    @property
    @pulumi.getter(name="env")
    def env(self) -> pulumi.Output[dict[str, str] | None]:
        """Environment variables of every process. The API never answers them."""
        return self._output("env")

    @property
    @pulumi.getter(name="hardExpiresAt")
    def hard_expires_at(self) -> pulumi.Output[str | None]:
        """When it will be stopped, used or not (RFC 3339); absent where no lifetime applies."""
        return self._output("hardExpiresAt")

    @property
    @pulumi.getter(name="idleExpiresAt")
    def idle_expires_at(self) -> pulumi.Output[str | None]:
        """When it will be stopped if it stays idle until then (RFC 3339); absent where no idle window applies."""
        return self._output("idleExpiresAt")

    @property
    @pulumi.getter(name="idleTimeoutSeconds")
    def idle_timeout_seconds(self) -> pulumi.Output[int | None]:
        """Seconds without activity after which `on_idle` happens; 0 is never.

        Unset: the account's default, or as it was.
        """
        return self._output("idleTimeoutSeconds")

    @property
    @pulumi.getter(name="image")
    def image(self) -> pulumi.Output[str]:
        """Public OCI image with its registry's path and a tag or digest. Instead of `template_id`."""
        return self._output("image")

    @property
    @pulumi.getter(name="lastCrash")
    def last_crash(self) -> pulumi.Output[LastCrash | None]:
        """Its last crash, where it had one."""
        return self._output("lastCrash")

    @property
    @pulumi.getter(name="maxLifetimeSeconds")
    def max_lifetime_seconds(self) -> pulumi.Output[int | None]:
        """Seconds after its creation, or after the last renewal, at which it is stopped, used or not; 0 is never.

        Unset: the account's default, or as it was.
        """
        return self._output("maxLifetimeSeconds")

    @property
    @pulumi.getter(name="memoryGb")
    def memory_gb(self) -> pulumi.Output[int | None]:
        """Memory in GB, 1 to 16. Changed in place, without a restart."""
        return self._output("memoryGb")

    @property
    @pulumi.getter(name="name")
    def name(self) -> pulumi.Output[str]:
        """Unique in the project: a DNS label of at most 63 characters. Unset: made from the resource's name."""
        return self._output("name")

    @property
    @pulumi.getter(name="onIdle")
    def on_idle(self) -> pulumi.Output[str | None]:
        """What happens when the idle window ends: `pause` (the platform's default) or `delete`."""
        return self._output("onIdle")

    @property
    @pulumi.getter(name="paused")
    def paused(self) -> pulumi.Output[bool | None]:
        """Whether the sandbox is paused. Unset: it starts running and is then left alone.

        A change acts at once. A pause that the platform made because of the idle window is no drift.
        """
        return self._output("paused")

    @property
    @pulumi.getter(name="pausedRetentionSeconds")
    def paused_retention_seconds(self) -> pulumi.Output[int | None]:
        """Seconds that a paused sandbox is kept before it is deleted; 0 is for ever.

        Unset: the account's default, or as it was.
        """
        return self._output("pausedRetentionSeconds")

    @property
    @pulumi.getter(name="phase")
    def phase(self) -> pulumi.Output[str]:
        """`Ready`, `Paused`, `Pending`, `Pausing`, `Resuming`, `NotReady`, `RestoreFailed` or `Unknown`."""
        return self._output("phase")

    @property
    @pulumi.getter(name="region")
    def region(self) -> pulumi.Output[str]:
        """Where it runs. Unset: the provider's region, else the platform's."""
        return self._output("region")

    @property
    @pulumi.getter(name="renewTrigger")
    def renew_trigger(self) -> pulumi.Output[str | None]:
        """Any text, such as a commit or the id of a pipeline's run: a change of it renews the sandbox.

        The idle window, and the lifetime where `max_lifetime_seconds` is set, then count anew from that moment. Set
        when the sandbox is created, it is only recorded.
        """
        return self._output("renewTrigger")

    @property
    @pulumi.getter(name="resumeIdlePaused")
    def resume_idle_paused(self) -> pulumi.Output[bool | None]:
        """Whether an update resumes a sandbox that the platform paused because it was idle, where `paused` is false."""
        return self._output("resumeIdlePaused")

    @property
    @pulumi.getter(name="rollbackToSnapshotId")
    def rollback_to_snapshot_id(self) -> pulumi.Output[str | None]:
        """Id of a snapshot: a change of it puts the sandbox's files back in place, destructively.

        Id, name and URLs stay. Set when the sandbox is created, it is only recorded.
        """
        return self._output("rollbackToSnapshotId")

    @property
    @pulumi.getter(name="rootfsDiskGb")
    def rootfs_disk_gb(self) -> pulumi.Output[int | None]:
        """The part of the disk for the container's own file system, in GB, below `disk_gb`.

        Unset: a fifth, at least 4.
        """
        return self._output("rootfsDiskGb")

    @property
    @pulumi.getter(name="snapshotId")
    def snapshot_id(self) -> pulumi.Output[str | None]:
        """Snapshot to start from. Instead of `template_id` and `image`.

        Disk and region must match its origin. `cpu` and `memory_gb` need not: they are changed once the sandbox is
        there.
        """
        return self._output("snapshotId")

    @property
    @pulumi.getter(name="templateId")
    def template_id(self) -> pulumi.Output[str | None]:
        """Template of the catalogue, such as `sb-ubuntu-26-04-minimal`. Without a source: the platform's default."""
        return self._output("templateId")


class SandboxFork(DynamicResource, module="neev", name="SandboxFork"):
    """A new sandbox with the files that another has at this moment; the other keeps running.

    Size, egress, environment and windows are inherited; what the inputs say is changed once the fork is ready.
    """

    def __init__(
        self,
        resource_name: str,
        *,
        source_sandbox_id: pulumi.Input[str],
        cpu: pulumi.Input[float] | None = None,
        egress: pulumi.Input[EgressArgs | Egress] | None = None,
        idle_timeout_seconds: pulumi.Input[int] | None = None,
        max_lifetime_seconds: pulumi.Input[int] | None = None,
        memory_gb: pulumi.Input[int] | None = None,
        name: pulumi.Input[str] | None = None,
        on_idle: pulumi.Input[OnIdle | Literal["pause", "delete"]] | None = None,
        paused: pulumi.Input[bool] | None = None,
        paused_retention_seconds: pulumi.Input[int] | None = None,
        renew_trigger: pulumi.Input[str] | None = None,
        resume_idle_paused: pulumi.Input[bool] | None = None,
        rollback_to_snapshot_id: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Make the resource part of the stack.

        Args:
            resource_name: What the program calls it; unique in its stack among the resources of its kind.
            source_sandbox_id: The sandbox that is forked, by id. It keeps running; that it disappears later changes
                nothing here.
            cpu: vCPUs, 0.5 to 8 in steps of 0.5. Changed in place, without a restart.
            egress: What the fork may reach. Unset: what its source may; taken out later: nothing.
            idle_timeout_seconds: Seconds without activity after which `on_idle` happens; 0 is never. Unset: the
                account's default, or as it was.
            max_lifetime_seconds: Seconds after its creation, or after the last renewal, at which it is stopped, used or
                not; 0 is never. Unset: the account's default, or as it was.
            memory_gb: Memory in GB, 1 to 16. Changed in place, without a restart.
            name: Unique in the project: a DNS label of at most 63 characters. Unset: made from the resource's name.
            on_idle: What happens when the idle window ends: `pause` (the platform's default) or `delete`.
            paused: Whether the sandbox is paused. Unset: it starts running and is then left alone. A change acts at
                once. A pause that the platform made because of the idle window is no drift.
            paused_retention_seconds: Seconds that a paused sandbox is kept before it is deleted; 0 is for ever. Unset:
                the account's default, or as it was.
            renew_trigger: Any text, such as a commit or the id of a pipeline's run: a change of it renews the sandbox.
                The idle window, and the lifetime where `max_lifetime_seconds` is set, then count anew from that moment.
                Set when the sandbox is created, it is only recorded.
            resume_idle_paused: Whether an update resumes a sandbox that the platform paused because it was idle, where
                `paused` is false.
            rollback_to_snapshot_id: Id of a snapshot: a change of it puts the sandbox's files back in place,
                destructively. Id, name and URLs stay. Set when the sandbox is created, it is only recorded.
            opts: Pulumi's own options.
        """
        super().__init__(
            dynamic_providers.SandboxForkProvider(),
            resource_name,
            {
                "sourceSandboxId": source_sandbox_id,
                "cpu": cpu,
                "egress": egress,
                "idleTimeoutSeconds": idle_timeout_seconds,
                "maxLifetimeSeconds": max_lifetime_seconds,
                "memoryGb": memory_gb,
                "name": name,
                "onIdle": on_idle,
                "paused": paused,
                "pausedRetentionSeconds": paused_retention_seconds,
                "renewTrigger": renew_trigger,
                "resumeIdlePaused": resume_idle_paused,
                "rollbackToSnapshotId": rollback_to_snapshot_id,
            },
            opts,
        )

    @property
    @pulumi.getter(name="addressable")
    def addressable(self) -> pulumi.Output[bool | None]:
        """Whether it can be reached by now; briefly not after it was made."""
        return self._output("addressable")

    @property
    @pulumi.getter(name="command")
    def command(self) -> pulumi.Output[list[str] | None]:
        """The container's command."""
        return self._output("command")

    @property
    @pulumi.getter(name="connectUrl")
    def connect_url(self) -> pulumi.Output[str | None]:
        """Where commands and files of the sandbox are served; useless without an API key."""
        return self._output("connectUrl")

    @property
    @pulumi.getter(name="cpu")
    def cpu(self) -> pulumi.Output[float | None]:
        """vCPUs, 0.5 to 8 in steps of 0.5. Changed in place, without a restart."""
        return self._output("cpu")

    @property
    @pulumi.getter(name="createdAt")
    def created_at(self) -> pulumi.Output[str]:
        """When it was made (RFC 3339)."""
        return self._output("createdAt")

    @property
    @pulumi.getter(name="diskGb")
    def disk_gb(self) -> pulumi.Output[int | None]:
        """Disk in GB."""
        return self._output("diskGb")

    @property
    @pulumi.getter(name="effectiveLifetimeSeconds")
    def effective_lifetime_seconds(self) -> pulumi.Output[int | None]:
        """The lifetime that the last change of `renew_trigger` set on the platform, which counts from the creation."""
        return self._output("effectiveLifetimeSeconds")

    @property
    @pulumi.getter(name="egress")
    def egress(self) -> pulumi.Output[Egress]:
        """What the fork may reach. Unset: what its source may; taken out later: nothing."""
        return self._output("egress")

    @property
    @pulumi.getter(name="hardExpiresAt")
    def hard_expires_at(self) -> pulumi.Output[str | None]:
        """When it will be stopped, used or not (RFC 3339); absent where no lifetime applies."""
        return self._output("hardExpiresAt")

    @property
    @pulumi.getter(name="idleExpiresAt")
    def idle_expires_at(self) -> pulumi.Output[str | None]:
        """When it will be stopped if it stays idle until then (RFC 3339); absent where no idle window applies."""
        return self._output("idleExpiresAt")

    @property
    @pulumi.getter(name="idleTimeoutSeconds")
    def idle_timeout_seconds(self) -> pulumi.Output[int | None]:
        """Seconds without activity after which `on_idle` happens; 0 is never.

        Unset: the account's default, or as it was.
        """
        return self._output("idleTimeoutSeconds")

    @property
    @pulumi.getter(name="image")
    def image(self) -> pulumi.Output[str]:
        """The image it runs."""
        return self._output("image")

    @property
    @pulumi.getter(name="lastCrash")
    def last_crash(self) -> pulumi.Output[LastCrash | None]:
        """Its last crash, where it had one."""
        return self._output("lastCrash")

    @property
    @pulumi.getter(name="maxLifetimeSeconds")
    def max_lifetime_seconds(self) -> pulumi.Output[int | None]:
        """Seconds after its creation, or after the last renewal, at which it is stopped, used or not; 0 is never.

        Unset: the account's default, or as it was.
        """
        return self._output("maxLifetimeSeconds")

    @property
    @pulumi.getter(name="memoryGb")
    def memory_gb(self) -> pulumi.Output[int | None]:
        """Memory in GB, 1 to 16. Changed in place, without a restart."""
        return self._output("memoryGb")

    @property
    @pulumi.getter(name="name")
    def name(self) -> pulumi.Output[str]:
        """Unique in the project: a DNS label of at most 63 characters. Unset: made from the resource's name."""
        return self._output("name")

    @property
    @pulumi.getter(name="onIdle")
    def on_idle(self) -> pulumi.Output[str | None]:
        """What happens when the idle window ends: `pause` (the platform's default) or `delete`."""
        return self._output("onIdle")

    @property
    @pulumi.getter(name="paused")
    def paused(self) -> pulumi.Output[bool | None]:
        """Whether the sandbox is paused. Unset: it starts running and is then left alone.

        A change acts at once. A pause that the platform made because of the idle window is no drift.
        """
        return self._output("paused")

    @property
    @pulumi.getter(name="pausedRetentionSeconds")
    def paused_retention_seconds(self) -> pulumi.Output[int | None]:
        """Seconds that a paused sandbox is kept before it is deleted; 0 is for ever.

        Unset: the account's default, or as it was.
        """
        return self._output("pausedRetentionSeconds")

    @property
    @pulumi.getter(name="phase")
    def phase(self) -> pulumi.Output[str]:
        """`Ready`, `Paused`, `Pending`, `Pausing`, `Resuming`, `NotReady`, `RestoreFailed` or `Unknown`."""
        return self._output("phase")

    @property
    @pulumi.getter(name="region")
    def region(self) -> pulumi.Output[str]:
        """Where it runs."""
        return self._output("region")

    @property
    @pulumi.getter(name="renewTrigger")
    def renew_trigger(self) -> pulumi.Output[str | None]:
        """Any text, such as a commit or the id of a pipeline's run: a change of it renews the sandbox.

        The idle window, and the lifetime where `max_lifetime_seconds` is set, then count anew from that moment. Set
        when the sandbox is created, it is only recorded.
        """
        return self._output("renewTrigger")

    @property
    @pulumi.getter(name="resumeIdlePaused")
    def resume_idle_paused(self) -> pulumi.Output[bool | None]:
        """Whether an update resumes a sandbox that the platform paused because it was idle, where `paused` is false."""
        return self._output("resumeIdlePaused")

    @property
    @pulumi.getter(name="rollbackToSnapshotId")
    def rollback_to_snapshot_id(self) -> pulumi.Output[str | None]:
        """Id of a snapshot: a change of it puts the sandbox's files back in place, destructively.

        Id, name and URLs stay. Set when the sandbox is created, it is only recorded.
        """
        return self._output("rollbackToSnapshotId")

    @property
    @pulumi.getter(name="rootfsDiskGb")
    def rootfs_disk_gb(self) -> pulumi.Output[int | None]:
        """The part of the disk for the container's own file system, in GB."""
        return self._output("rootfsDiskGb")

    @property
    @pulumi.getter(name="sourceSandboxId")
    def source_sandbox_id(self) -> pulumi.Output[str]:
        """The sandbox that is forked, by id. It keeps running; that it disappears later changes nothing here."""
        return self._output("sourceSandboxId")

    @property
    @pulumi.getter(name="templateId")
    def template_id(self) -> pulumi.Output[str | None]:
        """The template its source was made from, where it was."""
        return self._output("templateId")


class SandboxPool(DynamicResource, module="neev", name="SandboxPool"):
    """Any number of sandboxes alike, from one source, as one resource.

    They are made side by side, and all are `Ready`, or paused if asked, once the pool is created. Scaling, resizing and
    pausing are done in place; another source makes the members anew, a few at a time. A refresh sees members that are
    gone or have failed, and the next update makes exactly those.

    Where some members fail while the pool is created, the plugin keeps the others. A dynamic resource cannot: all of
    them are deleted again. Use the plugin for a pool that has to survive that.
    """

    def __init__(
        self,
        resource_name: str,
        *,
        replicas: pulumi.Input[int],
        command: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        cpu: pulumi.Input[float] | None = None,
        disk_gb: pulumi.Input[int] | None = None,
        egress: pulumi.Input[EgressArgs | Egress] | None = None,
        env: pulumi.Input[Mapping[str, pulumi.Input[str]]] | None = None,
        idle_timeout_seconds: pulumi.Input[int] | None = None,
        image: pulumi.Input[str] | None = None,
        max_concurrency: pulumi.Input[int] | None = None,
        max_lifetime_seconds: pulumi.Input[int] | None = None,
        max_surge: pulumi.Input[int] | None = None,
        max_unavailable: pulumi.Input[int] | None = None,
        memory_gb: pulumi.Input[int] | None = None,
        name: pulumi.Input[str] | None = None,
        on_idle: pulumi.Input[OnIdle | Literal["pause", "delete"]] | None = None,
        paused: pulumi.Input[bool] | None = None,
        paused_retention_seconds: pulumi.Input[int] | None = None,
        region: pulumi.Input[str] | None = None,
        resume_idle_paused: pulumi.Input[bool] | None = None,
        rootfs_disk_gb: pulumi.Input[int] | None = None,
        snapshot_id: pulumi.Input[str] | None = None,
        source_sandbox_id: pulumi.Input[str] | None = None,
        template_id: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Make the resource part of the stack.

        Args:
            resource_name: What the program calls it; unique in its stack among the resources of its kind.
            replicas: How many members there are. Fewer: those with the highest index go.
            command: The container's command, only with `image`. Unset: `sleep infinity`.
            cpu: vCPUs, 0.5 to 8 in steps of 0.5. Changed in place, without a restart.
            disk_gb: Disk of each in GB, 10 to 100 in steps of 10.
            egress: What each member may reach. Unset: nothing, or what the source of a fork may; taken out later:
                nothing.
            env: Environment variables of every process. The API never answers them.
            idle_timeout_seconds: Seconds without activity after which `on_idle` happens; 0 is never. Unset: the
                account's default, or as it was.
            image: Public OCI image with its registry's path and a tag or digest. Instead of `template_id`.
            max_concurrency: Members that are being made at the same time, at most. Unset: all of them; the API's own
                limits are kept to.
            max_lifetime_seconds: Seconds after its creation, or after the last renewal, at which it is stopped, used or
                not; 0 is never. Unset: the account's default, or as it was.
            max_surge: Members beyond `replicas` that there may be while they are made anew, at most. Unset: a quarter
                of them.
            max_unavailable: Members, out of `replicas`, that may be out of service because of a change, at most. Unset:
                a quarter of them. It bounds how many are made anew at a time, and how many that run are changed in
                place at a time (at least one). Pausing takes them out of service as asked, so it is done at once.
            memory_gb: Memory in GB, 1 to 16. Changed in place, without a restart.
            name: How its members' names begin: a DNS label of at most 51 characters, unique among the project's pools.
                Members are called `NAME-GENERATION-INDEX`; others that are called alike are left alone. Unset: made
                from the resource's name.
            on_idle: What happens when the idle window ends: `pause` (the platform's default) or `delete`.
            paused: Whether the sandbox is paused. Unset: it starts running and is then left alone. A change acts at
                once. A pause that the platform made because of the idle window is no drift.
            paused_retention_seconds: Seconds that a paused sandbox is kept before it is deleted; 0 is for ever. Unset:
                the account's default, or as it was.
            region: Where the members run. Unset: the provider's region, else the platform's.
            resume_idle_paused: Whether an update resumes a sandbox that the platform paused because it was idle, where
                `paused` is false.
            rootfs_disk_gb: The part of the disk for the container's own file system, in GB, below `disk_gb`. Unset: a
                fifth, at least 4.
            snapshot_id: Snapshot that each member starts from. Instead of `template_id` and `image`.
            source_sandbox_id: Sandbox that each member is a fork of, by id, as it is when the member is made. Instead
                of the other sources.
            template_id: Template of the catalogue, such as `sb-ubuntu-26-04-minimal`. Without a source: the platform's
                default. A change of this, of another source, or of `region`, `env`, `command`, `disk_gb` or
                `rootfs_disk_gb` makes the members anew, a few at a time.
            opts: Pulumi's own options.
        """
        super().__init__(
            dynamic_providers.SandboxPoolProvider(),
            resource_name,
            {
                "replicas": replicas,
                "command": command,
                "cpu": cpu,
                "diskGb": disk_gb,
                "egress": egress,
                "env": env,
                "idleTimeoutSeconds": idle_timeout_seconds,
                "image": image,
                "maxConcurrency": max_concurrency,
                "maxLifetimeSeconds": max_lifetime_seconds,
                "maxSurge": max_surge,
                "maxUnavailable": max_unavailable,
                "memoryGb": memory_gb,
                "name": name,
                "onIdle": on_idle,
                "paused": paused,
                "pausedRetentionSeconds": paused_retention_seconds,
                "region": region,
                "resumeIdlePaused": resume_idle_paused,
                "rootfsDiskGb": rootfs_disk_gb,
                "snapshotId": snapshot_id,
                "sourceSandboxId": source_sandbox_id,
                "templateId": template_id,
            },
            opts,
        )

    @property
    @pulumi.getter(name="command")
    def command(self) -> pulumi.Output[list[str] | None]:
        """The container's command, only with `image`. Unset: `sleep infinity`."""
        return self._output("command")

    @property
    @pulumi.getter(name="cpu")
    def cpu(self) -> pulumi.Output[float | None]:
        """vCPUs, 0.5 to 8 in steps of 0.5. Changed in place, without a restart."""
        return self._output("cpu")

    @property
    @pulumi.getter(name="diskGb")
    def disk_gb(self) -> pulumi.Output[int | None]:
        """Disk of each in GB, 10 to 100 in steps of 10."""
        return self._output("diskGb")

    @property
    @pulumi.getter(name="egress")
    def egress(self) -> pulumi.Output[Egress]:
        """What each member may reach. Unset: nothing, or what the source of a fork may; taken out later: nothing."""
        return self._output("egress")

    @property
    @pulumi.getter(name="env")
    def env(self) -> pulumi.Output[dict[str, str] | None]:
        """Environment variables of every process. The API never answers them."""
        return self._output("env")

    @property
    @pulumi.getter(name="idleTimeoutSeconds")
    def idle_timeout_seconds(self) -> pulumi.Output[int | None]:
        """Seconds without activity after which `on_idle` happens; 0 is never.

        Unset: the account's default, or as it was.
        """
        return self._output("idleTimeoutSeconds")

    @property
    @pulumi.getter(name="image")
    def image(self) -> pulumi.Output[str | None]:
        """Public OCI image with its registry's path and a tag or digest. Instead of `template_id`."""
        return self._output("image")

    @property
    @pulumi.getter(name="maxConcurrency")
    def max_concurrency(self) -> pulumi.Output[int | None]:
        """Members that are being made at the same time, at most.

        Unset: all of them; the API's own limits are kept to.
        """
        return self._output("maxConcurrency")

    @property
    @pulumi.getter(name="maxLifetimeSeconds")
    def max_lifetime_seconds(self) -> pulumi.Output[int | None]:
        """Seconds after its creation, or after the last renewal, at which it is stopped, used or not; 0 is never.

        Unset: the account's default, or as it was.
        """
        return self._output("maxLifetimeSeconds")

    @property
    @pulumi.getter(name="maxSurge")
    def max_surge(self) -> pulumi.Output[int | None]:
        """Members beyond `replicas` that there may be while they are made anew, at most. Unset: a quarter of them."""
        return self._output("maxSurge")

    @property
    @pulumi.getter(name="maxUnavailable")
    def max_unavailable(self) -> pulumi.Output[int | None]:
        """Members, out of `replicas`, that may be out of service because of a change, at most.

        Unset: a quarter of them.

        It bounds how many are made anew at a time, and how many that run are changed in place at a time (at least one).
        Pausing takes them out of service as asked, so it is done at once.
        """
        return self._output("maxUnavailable")

    @property
    @pulumi.getter(name="members")
    def members(self) -> pulumi.Output[list[PoolMember]]:
        """The members by index, then those that are left over."""
        return self._output("members")

    @property
    @pulumi.getter(name="memoryGb")
    def memory_gb(self) -> pulumi.Output[int | None]:
        """Memory in GB, 1 to 16. Changed in place, without a restart."""
        return self._output("memoryGb")

    @property
    @pulumi.getter(name="name")
    def name(self) -> pulumi.Output[str]:
        """How its members' names begin: a DNS label of at most 51 characters, unique among the project's pools.

        Members are called `NAME-GENERATION-INDEX`; others that are called alike are left alone. Unset: made from the
        resource's name.
        """
        return self._output("name")

    @property
    @pulumi.getter(name="onIdle")
    def on_idle(self) -> pulumi.Output[str | None]:
        """What happens when the idle window ends: `pause` (the platform's default) or `delete`."""
        return self._output("onIdle")

    @property
    @pulumi.getter(name="paused")
    def paused(self) -> pulumi.Output[bool | None]:
        """Whether the sandbox is paused. Unset: it starts running and is then left alone.

        A change acts at once. A pause that the platform made because of the idle window is no drift.
        """
        return self._output("paused")

    @property
    @pulumi.getter(name="pausedRetentionSeconds")
    def paused_retention_seconds(self) -> pulumi.Output[int | None]:
        """Seconds that a paused sandbox is kept before it is deleted; 0 is for ever.

        Unset: the account's default, or as it was.
        """
        return self._output("pausedRetentionSeconds")

    @property
    @pulumi.getter(name="readyReplicas")
    def ready_replicas(self) -> pulumi.Output[int]:
        """How many of `replicas` are Ready and reachable."""
        return self._output("readyReplicas")

    @property
    @pulumi.getter(name="region")
    def region(self) -> pulumi.Output[str | None]:
        """Where the members run. Unset: the provider's region, else the platform's."""
        return self._output("region")

    @property
    @pulumi.getter(name="replicas")
    def replicas(self) -> pulumi.Output[int]:
        """How many members there are. Fewer: those with the highest index go."""
        return self._output("replicas")

    @property
    @pulumi.getter(name="resumeIdlePaused")
    def resume_idle_paused(self) -> pulumi.Output[bool | None]:
        """Whether an update resumes a sandbox that the platform paused because it was idle, where `paused` is false."""
        return self._output("resumeIdlePaused")

    @property
    @pulumi.getter(name="rootfsDiskGb")
    def rootfs_disk_gb(self) -> pulumi.Output[int | None]:
        """The part of the disk for the container's own file system, in GB, below `disk_gb`.

        Unset: a fifth, at least 4.
        """
        return self._output("rootfsDiskGb")

    @property
    @pulumi.getter(name="snapshotId")
    def snapshot_id(self) -> pulumi.Output[str | None]:
        """Snapshot that each member starts from. Instead of `template_id` and `image`."""
        return self._output("snapshotId")

    @property
    @pulumi.getter(name="sourceSandboxId")
    def source_sandbox_id(self) -> pulumi.Output[str | None]:
        """Sandbox that each member is a fork of, by id, as it is when the member is made.

        Instead of the other sources.
        """
        return self._output("sourceSandboxId")

    @property
    @pulumi.getter(name="templateDigest")
    def template_digest(self) -> pulumi.Output[str]:
        """What tells whether the program still says the same source."""
        return self._output("templateDigest")

    @property
    @pulumi.getter(name="templateHash")
    def template_hash(self) -> pulumi.Output[str]:
        """The part of the members' names that stands for what they are made from."""
        return self._output("templateHash")

    @property
    @pulumi.getter(name="templateId")
    def template_id(self) -> pulumi.Output[str | None]:
        """Template of the catalogue, such as `sb-ubuntu-26-04-minimal`. Without a source: the platform's default.

        A change of this, of another source, or of `region`, `env`, `command`, `disk_gb` or `rootfs_disk_gb` makes the
        members anew, a few at a time.
        """
        return self._output("templateId")

    @property
    @pulumi.getter(name="uid")
    def uid(self) -> pulumi.Output[str | None]:
        """What tells the pool from any other of its name: the generations in its members' names are made with it."""
        return self._output("uid")


class Snapshot(DynamicResource, module="neev", name="Snapshot"):
    """The state of a sandbox at one moment, kept until it is deleted or its time is over.

    A sandbox can be made from it (`snapshot_id`) or put back to it (`rollback_to_snapshot_id`).
    """

    def __init__(
        self,
        resource_name: str,
        *,
        sandbox_id: pulumi.Input[str],
        name: pulumi.Input[str] | None = None,
        retain_for: pulumi.Input[str] | None = None,
        triggers: pulumi.Input[Sequence[pulumi.Input[Any]]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Make the resource part of the stack.

        Args:
            resource_name: What the program calls it; unique in its stack among the resources of its kind.
            sandbox_id: The sandbox that is captured, by id. Deleting it deletes the snapshot too.
            name: A DNS label of at most 63 characters. Unset: made from the resource's name.
            retain_for: How long the platform keeps it, such as `720h`. Unset or `0`: until it is deleted.
            triggers: Any values; a change of one of them takes a new snapshot.
            opts: Pulumi's own options.
        """
        super().__init__(
            dynamic_providers.SnapshotProvider(),
            resource_name,
            {
                "sandboxId": sandbox_id,
                "name": name,
                "retainFor": retain_for,
                "triggers": triggers,
            },
            opts,
        )

    @property
    @pulumi.getter(name="createdAt")
    def created_at(self) -> pulumi.Output[str]:
        """When it was made (RFC 3339)."""
        return self._output("createdAt")

    @property
    @pulumi.getter(name="createdBy")
    def created_by(self) -> pulumi.Output[str | None]:
        """Who made it."""
        return self._output("createdBy")

    @property
    @pulumi.getter(name="errorMessage")
    def error_message(self) -> pulumi.Output[str | None]:
        """Why the capture failed, where it did."""
        return self._output("errorMessage")

    @property
    @pulumi.getter(name="expiresAt")
    def expires_at(self) -> pulumi.Output[str | None]:
        """When the platform deletes it (RFC 3339); absent where it is kept."""
        return self._output("expiresAt")

    @property
    @pulumi.getter(name="name")
    def name(self) -> pulumi.Output[str]:
        """A DNS label of at most 63 characters. Unset: made from the resource's name."""
        return self._output("name")

    @property
    @pulumi.getter(name="orgId")
    def org_id(self) -> pulumi.Output[str]:
        """The organisation it belongs to."""
        return self._output("orgId")

    @property
    @pulumi.getter(name="projectId")
    def project_id(self) -> pulumi.Output[str]:
        """The project it belongs to."""
        return self._output("projectId")

    @property
    @pulumi.getter(name="restorability")
    def restorability(self) -> pulumi.Output[str]:
        """Whether it can be restored: `restorable`, `deprecating` or `unsupported`."""
        return self._output("restorability")

    @property
    @pulumi.getter(name="retainFor")
    def retain_for(self) -> pulumi.Output[str | None]:
        """How long the platform keeps it, such as `720h`. Unset or `0`: until it is deleted."""
        return self._output("retainFor")

    @property
    @pulumi.getter(name="sandboxId")
    def sandbox_id(self) -> pulumi.Output[str]:
        """The sandbox that is captured, by id. Deleting it deletes the snapshot too."""
        return self._output("sandboxId")

    @property
    @pulumi.getter(name="sizeBytes")
    def size_bytes(self) -> pulumi.Output[int | None]:
        """Uncompressed size in bytes."""
        return self._output("sizeBytes")

    @property
    @pulumi.getter(name="snapshotType")
    def snapshot_type(self) -> pulumi.Output[str]:
        """What it holds: `full`."""
        return self._output("snapshotType")

    @property
    @pulumi.getter(name="sourceRegion")
    def source_region(self) -> pulumi.Output[str]:
        """The region where it is stored; a sandbox made from it must be there too."""
        return self._output("sourceRegion")

    @property
    @pulumi.getter(name="status")
    def status(self) -> pulumi.Output[str]:
        """`Pending`, `Running`, `Ready` or `Failed`."""
        return self._output("status")

    @property
    @pulumi.getter(name="triggers")
    def triggers(self) -> pulumi.Output[list[Any] | None]:
        """Any values; a change of one of them takes a new snapshot."""
        return self._output("triggers")


def get_agent_template(
    *,
    id: str | None = None,
    name: str | None = None,
    opts: pulumi.InvokeOptions | None = None,
) -> AgentTemplate:
    """The one agent template with this id or exact name; none or several is an error that lists the near ones.

    Args:
        id: Its id. Instead of `name`.
        name: Its exact name. Instead of `id`.
        opts: Pulumi's own options.
    """
    return invoke(
        "getAgentTemplate",
        {
            "id": id,
            "name": name,
        },
        AgentTemplate,
        opts,
    )


def get_agent_template_output(
    *,
    id: pulumi.Input[str] | None = None,
    name: pulumi.Input[str] | None = None,
    opts: pulumi.InvokeOptions | pulumi.InvokeOutputOptions | None = None,
) -> pulumi.Output[AgentTemplate]:
    """The one agent template with this id or exact name; none or several is an error that lists the near ones.

    Args:
        id: Its id. Instead of `name`.
        name: Its exact name. Instead of `id`.
        opts: Pulumi's own options.
    """
    return invoke_output(
        "getAgentTemplate",
        {
            "id": id,
            "name": name,
        },
        AgentTemplate,
        opts,
    )


def get_agent_templates(
    *,
    category: str | None = None,
    name_contains: str | None = None,
    opts: pulumi.InvokeOptions | None = None,
) -> GetAgentTemplatesResult:
    """The agent templates of the catalogue, every page of it.

    Args:
        category: Only of this category.
        name_contains: Only those whose name contains this, upper and lower case alike.
        opts: Pulumi's own options.
    """
    return invoke(
        "getAgentTemplates",
        {
            "category": category,
            "nameContains": name_contains,
        },
        GetAgentTemplatesResult,
        opts,
    )


def get_agent_templates_output(
    *,
    category: pulumi.Input[str] | None = None,
    name_contains: pulumi.Input[str] | None = None,
    opts: pulumi.InvokeOptions | pulumi.InvokeOutputOptions | None = None,
) -> pulumi.Output[GetAgentTemplatesResult]:
    """The agent templates of the catalogue, every page of it.

    Args:
        category: Only of this category.
        name_contains: Only those whose name contains this, upper and lower case alike.
        opts: Pulumi's own options.
    """
    return invoke_output(
        "getAgentTemplates",
        {
            "category": category,
            "nameContains": name_contains,
        },
        GetAgentTemplatesResult,
        opts,
    )


def get_sandbox(
    *,
    id: str | None = None,
    name: str | None = None,
    opts: pulumi.InvokeOptions | None = None,
) -> SandboxInfo:
    """The sandbox with this id or exact name; none is an error.

    Args:
        id: Its id. Instead of `name`.
        name: Its exact name. Instead of `id`.
        opts: Pulumi's own options.
    """
    return invoke(
        "getSandbox",
        {
            "id": id,
            "name": name,
        },
        SandboxInfo,
        opts,
    )


def get_sandbox_output(
    *,
    id: pulumi.Input[str] | None = None,
    name: pulumi.Input[str] | None = None,
    opts: pulumi.InvokeOptions | pulumi.InvokeOutputOptions | None = None,
) -> pulumi.Output[SandboxInfo]:
    """The sandbox with this id or exact name; none is an error.

    Args:
        id: Its id. Instead of `name`.
        name: Its exact name. Instead of `id`.
        opts: Pulumi's own options.
    """
    return invoke_output(
        "getSandbox",
        {
            "id": id,
            "name": name,
        },
        SandboxInfo,
        opts,
    )


def get_sandbox_metrics(
    *,
    sandbox_id: str,
    resolution_seconds: int | None = None,
    window_seconds: int = 3600,
    opts: pulumi.InvokeOptions | None = None,
) -> GetSandboxMetricsResult:
    """What a sandbox has used over a window of time.

    Args:
        sandbox_id: The sandbox, by id or by name.
        resolution_seconds: Seconds between two points. Unset: chosen by the platform.
        window_seconds: How far back from now, in seconds.
        opts: Pulumi's own options.
    """
    return invoke(
        "getSandboxMetrics",
        {
            "sandboxId": sandbox_id,
            "resolutionSeconds": resolution_seconds,
            "windowSeconds": window_seconds,
        },
        GetSandboxMetricsResult,
        opts,
    )


def get_sandbox_metrics_output(
    *,
    sandbox_id: pulumi.Input[str],
    resolution_seconds: pulumi.Input[int] | None = None,
    window_seconds: pulumi.Input[int] = 3600,
    opts: pulumi.InvokeOptions | pulumi.InvokeOutputOptions | None = None,
) -> pulumi.Output[GetSandboxMetricsResult]:
    """What a sandbox has used over a window of time.

    Args:
        sandbox_id: The sandbox, by id or by name.
        resolution_seconds: Seconds between two points. Unset: chosen by the platform.
        window_seconds: How far back from now, in seconds.
        opts: Pulumi's own options.
    """
    return invoke_output(
        "getSandboxMetrics",
        {
            "sandboxId": sandbox_id,
            "resolutionSeconds": resolution_seconds,
            "windowSeconds": window_seconds,
        },
        GetSandboxMetricsResult,
        opts,
    )


def get_sandbox_template(
    *,
    id: str | None = None,
    name: str | None = None,
    opts: pulumi.InvokeOptions | None = None,
) -> SandboxTemplate:
    """The one sandbox template with this id or exact name; none or several is an error that lists the near ones.

    Args:
        id: Its id. Instead of `name`.
        name: Its exact name. Instead of `id`.
        opts: Pulumi's own options.
    """
    return invoke(
        "getSandboxTemplate",
        {
            "id": id,
            "name": name,
        },
        SandboxTemplate,
        opts,
    )


def get_sandbox_template_output(
    *,
    id: pulumi.Input[str] | None = None,
    name: pulumi.Input[str] | None = None,
    opts: pulumi.InvokeOptions | pulumi.InvokeOutputOptions | None = None,
) -> pulumi.Output[SandboxTemplate]:
    """The one sandbox template with this id or exact name; none or several is an error that lists the near ones.

    Args:
        id: Its id. Instead of `name`.
        name: Its exact name. Instead of `id`.
        opts: Pulumi's own options.
    """
    return invoke_output(
        "getSandboxTemplate",
        {
            "id": id,
            "name": name,
        },
        SandboxTemplate,
        opts,
    )


def get_sandbox_templates(
    *,
    category: TemplateCategory | Literal["standard", "browser"] | None = None,
    name_contains: str | None = None,
    status: TemplateStatus | Literal["active", "deprecated"] | None = None,
    opts: pulumi.InvokeOptions | None = None,
) -> GetSandboxTemplatesResult:
    """The sandbox templates of the catalogue, every page of it.

    Args:
        category: Only of this category.
        name_contains: Only those whose name contains this, upper and lower case alike.
        status: Only of this status.
        opts: Pulumi's own options.
    """
    return invoke(
        "getSandboxTemplates",
        {
            "category": category,
            "nameContains": name_contains,
            "status": status,
        },
        GetSandboxTemplatesResult,
        opts,
    )


def get_sandbox_templates_output(
    *,
    category: pulumi.Input[TemplateCategory | Literal["standard", "browser"]] | None = None,
    name_contains: pulumi.Input[str] | None = None,
    status: pulumi.Input[TemplateStatus | Literal["active", "deprecated"]] | None = None,
    opts: pulumi.InvokeOptions | pulumi.InvokeOutputOptions | None = None,
) -> pulumi.Output[GetSandboxTemplatesResult]:
    """The sandbox templates of the catalogue, every page of it.

    Args:
        category: Only of this category.
        name_contains: Only those whose name contains this, upper and lower case alike.
        status: Only of this status.
        opts: Pulumi's own options.
    """
    return invoke_output(
        "getSandboxTemplates",
        {
            "category": category,
            "nameContains": name_contains,
            "status": status,
        },
        GetSandboxTemplatesResult,
        opts,
    )


def get_sandboxes(
    *,
    name_contains: str | None = None,
    phase: str | None = None,
    opts: pulumi.InvokeOptions | None = None,
) -> GetSandboxesResult:
    """The sandboxes of the project, every page of them.

    Args:
        name_contains: Only those whose name contains this, upper and lower case alike.
        phase: Only those in this phase, such as `Ready` or `Paused`.
        opts: Pulumi's own options.
    """
    return invoke(
        "getSandboxes",
        {
            "nameContains": name_contains,
            "phase": phase,
        },
        GetSandboxesResult,
        opts,
    )


def get_sandboxes_output(
    *,
    name_contains: pulumi.Input[str] | None = None,
    phase: pulumi.Input[str] | None = None,
    opts: pulumi.InvokeOptions | pulumi.InvokeOutputOptions | None = None,
) -> pulumi.Output[GetSandboxesResult]:
    """The sandboxes of the project, every page of them.

    Args:
        name_contains: Only those whose name contains this, upper and lower case alike.
        phase: Only those in this phase, such as `Ready` or `Paused`.
        opts: Pulumi's own options.
    """
    return invoke_output(
        "getSandboxes",
        {
            "nameContains": name_contains,
            "phase": phase,
        },
        GetSandboxesResult,
        opts,
    )


def get_snapshot(
    *,
    id: str,
    opts: pulumi.InvokeOptions | None = None,
) -> SnapshotInfo:
    """The snapshot with this id; none is an error.

    Args:
        id: Its id.
        opts: Pulumi's own options.
    """
    return invoke(
        "getSnapshot",
        {
            "id": id,
        },
        SnapshotInfo,
        opts,
    )


def get_snapshot_output(
    *,
    id: pulumi.Input[str],
    opts: pulumi.InvokeOptions | pulumi.InvokeOutputOptions | None = None,
) -> pulumi.Output[SnapshotInfo]:
    """The snapshot with this id; none is an error.

    Args:
        id: Its id.
        opts: Pulumi's own options.
    """
    return invoke_output(
        "getSnapshot",
        {
            "id": id,
        },
        SnapshotInfo,
        opts,
    )


def get_snapshots(
    *,
    sandbox_id: str,
    opts: pulumi.InvokeOptions | None = None,
) -> GetSnapshotsResult:
    """The snapshots of one sandbox, every page of them.

    Args:
        sandbox_id: The sandbox, by id or by name.
        opts: Pulumi's own options.
    """
    return invoke(
        "getSnapshots",
        {
            "sandboxId": sandbox_id,
        },
        GetSnapshotsResult,
        opts,
    )


def get_snapshots_output(
    *,
    sandbox_id: pulumi.Input[str],
    opts: pulumi.InvokeOptions | pulumi.InvokeOutputOptions | None = None,
) -> pulumi.Output[GetSnapshotsResult]:
    """The snapshots of one sandbox, every page of them.

    Args:
        sandbox_id: The sandbox, by id or by name.
        opts: Pulumi's own options.
    """
    return invoke_output(
        "getSnapshots",
        {
            "sandboxId": sandbox_id,
        },
        GetSnapshotsResult,
        opts,
    )
