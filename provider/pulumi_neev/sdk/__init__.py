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
    """One step of a recipe: a command to run, or a file or folder to write."""

    content: pulumi.Input[str] | None
    """File content as UTF-8 text. Requires `path`."""
    content_base64: pulumi.Input[str] | None
    """File content in Base64. Requires `path`."""
    cwd: pulumi.Input[str] | None
    """Working directory of the command, relative to the workspace. Defaults to the workspace. Requires `run`."""
    exclude: pulumi.Input[Sequence[pulumi.Input[str]]] | None
    """Patterns of files and folders to exclude, as for `Directory`."""
    mode: pulumi.Input[str] | None
    """Permissions of the file as four octal digits, such as `0755`. Defaults to a value that the sandbox chooses."""
    path: pulumi.Input[str] | None
    """Path of the file or folder to write, in the workspace. Conflicts with `run`."""
    run: pulumi.Input[Sequence[pulumi.Input[str]]] | None
    """Program and arguments to run. For shell syntax, use `["sh", "-c", "…"]`. Conflicts with `path`."""
    source: pulumi.Input[pulumi.Asset | pulumi.Archive] | None
    """Content as an asset, or contents of a folder as an archive. Requires `path`."""
    source_path: pulumi.Input[str] | None
    """Path of a file or folder on the machine that runs the program. Requires `path`."""
    timeout_seconds: pulumi.Input[int] | None
    """Timeout of the command, in seconds.

    If it is exceeded, the build fails. Defaults to the timeout of the operation.


    """


class EgressArgs(TypedDict, total=False):
    """Egress policy of a sandbox. Without a policy, all outbound traffic is denied."""

    allow: pulumi.Input[Sequence[pulumi.Input[EgressRuleArgs | EgressRule]]] | None
    """Allowed destinations. Requires `mode` `allow_list`."""
    allow_internet: pulumi.Input[bool] | None
    """Whether all destinations are allowed. Defaults to `false`. Requires `mode` `allow_list`."""
    mode: pulumi.Input[EgressMode | Literal["deny_all", "allow_list"]] | None
    """Mode of the policy: `deny_all` or `allow_list`. Defaults to `deny_all`."""


class EgressRuleArgs(TypedDict, total=False):
    """One allowed destination of outbound traffic."""

    host: Required[pulumi.Input[str]]
    """IP address, CIDR block or domain. `*.example.com` matches every name below `example.com`."""
    ports: pulumi.Input[Sequence[pulumi.Input[int]]] | None
    """Ports. Allowed: `1` to `65535`. Defaults to all ports."""
    protocol: pulumi.Input[Protocol | Literal["TCP", "UDP"]] | None
    """Transport protocol. Defaults to `TCP` if `ports` is set, otherwise to all protocols."""


@pulumi.output_type
class AgentTemplate(OutputObject):
    """Template for agents."""

    category: str = pulumi.property("category", default=None)
    """Category, such as `coding`."""
    created_at: str = pulumi.property("createdAt", default=None)
    """Time when the template was added to the catalog (RFC 3339)."""
    description: str = pulumi.property("description", default=None)
    """Description of the agent."""
    id: str = pulumi.property("id", default=None)
    """Id of the template."""
    name: str = pulumi.property("name", default=None)
    """Name of the template. Use it as `agent_template` of an agent."""
    status: str = pulumi.property("status", default=None)
    """Status: `active`."""
    updated_at: str = pulumi.property("updatedAt", default=None)
    """Time of the last update (RFC 3339)."""
    agent_version: str | None = pulumi.property("agentVersion", default=None)
    """Version of the packaged agent."""


@pulumi.output_type
class BuildStep(OutputObject):
    """One step of a recipe: a command to run, or a file or folder to write."""

    content: str | None = pulumi.property("content", default=None)
    """File content as UTF-8 text. Requires `path`."""
    content_base64: str | None = pulumi.property("contentBase64", default=None)
    """File content in Base64. Requires `path`."""
    cwd: str | None = pulumi.property("cwd", default=None)
    """Working directory of the command, relative to the workspace. Defaults to the workspace. Requires `run`."""
    exclude: list[str] | None = pulumi.property("exclude", default=None)
    """Patterns of files and folders to exclude, as for `Directory`."""
    mode: str | None = pulumi.property("mode", default=None)
    """Permissions of the file as four octal digits, such as `0755`. Defaults to a value that the sandbox chooses."""
    path: str | None = pulumi.property("path", default=None)
    """Path of the file or folder to write, in the workspace. Conflicts with `run`."""
    run: list[str] | None = pulumi.property("run", default=None)
    """Program and arguments to run. For shell syntax, use `["sh", "-c", "…"]`. Conflicts with `path`."""
    source: dict[str, Any] | None = pulumi.property("source", default=None)
    """Content as an asset, or contents of a folder as an archive. Requires `path`."""
    source_path: str | None = pulumi.property("sourcePath", default=None)
    """Path of a file or folder on the machine that runs the program. Requires `path`."""
    timeout_seconds: int | None = pulumi.property("timeoutSeconds", default=None)
    """Timeout of the command, in seconds.

    If it is exceeded, the build fails. Defaults to the timeout of the operation.


    """


@pulumi.output_type
class BuiltImage(OutputObject):
    """One image that still exists."""

    builder_id: str = pulumi.property("builderId", default=None)
    """Id of the paused sandbox that built the image. Deleting that sandbox deletes the image."""
    recipe_digest: str = pulumi.property("recipeDigest", default=None)
    """Digest of the recipe."""
    snapshot_id: str = pulumi.property("snapshotId", default=None)
    """Id of the snapshot. Use it as `snapshot_id` of a sandbox."""
    created_at: str | None = pulumi.property("createdAt", default=None)
    """Time of the build (RFC 3339)."""


@pulumi.output_type
class Egress(OutputObject):
    """Egress policy of a sandbox. Without a policy, all outbound traffic is denied."""

    allow: list[EgressRule] | None = pulumi.property("allow", default=None)
    """Allowed destinations. Requires `mode` `allow_list`."""
    allow_internet: bool | None = pulumi.property("allowInternet", default=None)
    """Whether all destinations are allowed. Defaults to `false`. Requires `mode` `allow_list`."""
    mode: str | None = pulumi.property("mode", default=None)
    """Mode of the policy: `deny_all` or `allow_list`. Defaults to `deny_all`."""


@pulumi.output_type
class EgressRule(OutputObject):
    """One allowed destination of outbound traffic."""

    host: str = pulumi.property("host", default=None)
    """IP address, CIDR block or domain. `*.example.com` matches every name below `example.com`."""
    ports: list[int] | None = pulumi.property("ports", default=None)
    """Ports. Allowed: `1` to `65535`. Defaults to all ports."""
    protocol: str | None = pulumi.property("protocol", default=None)
    """Transport protocol. Defaults to `TCP` if `ports` is set, otherwise to all protocols."""


@pulumi.output_type
class GetAgentTemplatesResult(OutputObject):
    """Agent templates of the catalog."""

    templates: list[AgentTemplate] = pulumi.property("templates", default=None)
    """Matching templates, in the order of the catalog."""


@pulumi.output_type
class GetSandboxMetricsResult(OutputObject):
    """Metrics of a sandbox."""

    end: str = pulumi.property("end", default=None)
    """End of the time range (RFC 3339)."""
    series: list[MetricSeries] = pulumi.property("series", default=None)
    """Series, one for each metric."""
    start: str = pulumi.property("start", default=None)
    """Start of the time range (RFC 3339)."""
    step: str = pulumi.property("step", default=None)
    """Resolution of the series, such as `60s`."""


@pulumi.output_type
class GetSandboxTemplatesResult(OutputObject):
    """Sandbox templates of the catalog."""

    templates: list[SandboxTemplate] = pulumi.property("templates", default=None)
    """Matching templates, in the order of the catalog."""


@pulumi.output_type
class GetSandboxesResult(OutputObject):
    """Sandboxes of the project."""

    sandboxes: list[SandboxInfo] = pulumi.property("sandboxes", default=None)
    """Matching sandboxes, in the order of the API."""


@pulumi.output_type
class GetSnapshotsResult(OutputObject):
    """Snapshots of a sandbox."""

    snapshots: list[SnapshotInfo] = pulumi.property("snapshots", default=None)
    """Snapshots, in the order of the API."""


@pulumi.output_type
class LastCrash(OutputObject):
    """Reason and time of a sandbox's last crash."""

    reason: str = pulumi.property("reason", default=None)
    """Reason of the crash, such as `OOMKilled`."""
    at: str | None = pulumi.property("at", default=None)
    """Time when the crash was detected (RFC 3339)."""
    storage_reset: bool | None = pulumi.property("storageReset", default=None)
    """Whether the sandbox restarted with an empty file system."""


@pulumi.output_type
class MetricPoint(OutputObject):
    """One measured value."""

    at: float = pulumi.property("at", default=None)
    """Time of the measurement, in seconds since 1970-01-01 UTC."""
    value: float = pulumi.property("value", default=None)
    """Measured value, in the unit of the series."""


@pulumi.output_type
class MetricSeries(OutputObject):
    """Values of one metric over time."""

    metric: str = pulumi.property("metric", default=None)
    """Name of the metric, such as `cpu_usage_cores` or `memory_usage_bytes`."""
    points: list[MetricPoint] = pulumi.property("points", default=None)
    """Measured values, oldest first. Empty if nothing was measured."""
    unit: str | None = pulumi.property("unit", default=None)
    """Unit of the values, such as `cores`, `bytes`, `count` or `ratio`."""


@pulumi.output_type
class PoolMember(OutputObject):
    """One sandbox of a pool."""

    name: str = pulumi.property("name", default=None)
    """Name of the member, of the form `NAME-HASH-INDEX`."""
    phase: str = pulumi.property("phase", default=None)
    """Phase at the last observation. `Missing` if the sandbox does not exist."""
    connect_url: str | None = pulumi.property("connectUrl", default=None)
    """Base URL for commands and files. Access requires an API key."""
    id: str | None = pulumi.property("id", default=None)
    """Id of the sandbox. Absent if the member is missing."""
    problem: str | None = pulumi.property("problem", default=None)
    """Problem of the member, if it has one. The next update corrects it."""


@pulumi.output_type
class SandboxInfo(OutputObject):
    """Current properties of a sandbox."""

    created_at: str = pulumi.property("createdAt", default=None)
    """Time of creation (RFC 3339)."""
    id: str = pulumi.property("id", default=None)
    """Id of the sandbox."""
    image: str = pulumi.property("image", default=None)
    """OCI image of the sandbox."""
    name: str = pulumi.property("name", default=None)
    """Name of the sandbox."""
    org_id: str = pulumi.property("orgId", default=None)
    """Id of the organization."""
    phase: str = pulumi.property("phase", default=None)
    """Phase: `Ready`, `Paused`, `Pending`, `Pausing`, `Resuming`, `NotReady`, `RestoreFailed` or `Unknown`."""
    project_id: str = pulumi.property("projectId", default=None)
    """Id of the project."""
    region: str = pulumi.property("region", default=None)
    """Region of the sandbox."""
    addressable: bool | None = pulumi.property("addressable", default=None)
    """Whether the sandbox is reachable. It is not for a short time after creation."""
    command: list[str] | None = pulumi.property("command", default=None)
    """Command of the container."""
    connect_url: str | None = pulumi.property("connectUrl", default=None)
    """Base URL for commands and files. Access requires an API key."""
    cpu: float | None = pulumi.property("cpu", default=None)
    """Number of vCPUs."""
    created_by: str | None = pulumi.property("createdBy", default=None)
    """Id of the user or API key that created the sandbox."""
    disk_gb: int | None = pulumi.property("diskGb", default=None)
    """Disk size in GB."""
    hard_expires_at: str | None = pulumi.property("hardExpiresAt", default=None)
    """Time when the maximum lifetime ends (RFC 3339). Absent without a maximum lifetime."""
    idle_expires_at: str | None = pulumi.property("idleExpiresAt", default=None)
    """Time when the idle timeout ends if there is no further activity (RFC 3339). Absent without an idle timeout."""
    last_crash: LastCrash | None = pulumi.property("lastCrash", default=None)
    """Last crash. Absent if the sandbox never crashed."""
    memory_gb: int | None = pulumi.property("memoryGb", default=None)
    """Memory in GB."""
    replicas: int | None = pulumi.property("replicas", default=None)
    """Number of running instances: `1` if the sandbox runs, `0` if it is paused."""
    rootfs_disk_gb: int | None = pulumi.property("rootfsDiskGb", default=None)
    """Part of the disk for the container's root file system, in GB."""
    template_id: str | None = pulumi.property("templateId", default=None)
    """Id of the sandbox template. Absent if the sandbox was not created from one."""
    updated_at: str | None = pulumi.property("updatedAt", default=None)
    """Time of the last update (RFC 3339)."""


@pulumi.output_type
class SandboxTemplate(OutputObject):
    """Template for sandboxes."""

    category: str = pulumi.property("category", default=None)
    """Category: `standard` or `browser`."""
    created_at: str = pulumi.property("createdAt", default=None)
    """Time when the template was added to the catalog (RFC 3339)."""
    description: str = pulumi.property("description", default=None)
    """Description of the template's contents."""
    id: str = pulumi.property("id", default=None)
    """Id of the template. Use it as `template_id` of a sandbox."""
    name: str = pulumi.property("name", default=None)
    """Name of the template."""
    status: str = pulumi.property("status", default=None)
    """Status: `active` or `deprecated`."""
    updated_at: str = pulumi.property("updatedAt", default=None)
    """Time of the last update (RFC 3339)."""


@pulumi.output_type
class SnapshotInfo(OutputObject):
    """Current properties of a snapshot."""

    created_at: str = pulumi.property("createdAt", default=None)
    """Time of creation (RFC 3339)."""
    id: str = pulumi.property("id", default=None)
    """Id of the snapshot."""
    org_id: str = pulumi.property("orgId", default=None)
    """Id of the organization."""
    project_id: str = pulumi.property("projectId", default=None)
    """Id of the project."""
    restorability: str = pulumi.property("restorability", default=None)
    """Restorability: `restorable`, `deprecating` or `unsupported`."""
    sandbox_id: str = pulumi.property("sandboxId", default=None)
    """Id of the captured sandbox."""
    snapshot_type: str = pulumi.property("snapshotType", default=None)
    """Type of the snapshot: `full`."""
    source_region: str = pulumi.property("sourceRegion", default=None)
    """Region of the snapshot. Sandboxes created from it must be in the same region."""
    status: str = pulumi.property("status", default=None)
    """Status: `Pending`, `Running`, `Ready` or `Failed`."""
    created_by: str | None = pulumi.property("createdBy", default=None)
    """Id of the user or API key that created the snapshot."""
    error_message: str | None = pulumi.property("errorMessage", default=None)
    """Reason of a failed capture. Absent if the capture did not fail."""
    expires_at: str | None = pulumi.property("expiresAt", default=None)
    """Time when the API deletes the snapshot (RFC 3339). Absent if it has no retention limit."""
    name: str | None = pulumi.property("name", default=None)
    """Name of the snapshot. Absent if it has none."""
    size_bytes: int | None = pulumi.property("sizeBytes", default=None)
    """Uncompressed size in bytes."""


class Agent(DynamicResource, module="neev", name="Agent"):
    """A packaged agent from the catalog, running in its own sandbox.

    After creation the agent is `Ready`, or `Paused` if `paused` is `true`. Deleting the agent deletes its sandbox.
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
            agent_template: Name of the agent template, such as `claude-code`.
            config: Settings of the agent, merged over those of its template. The template's `configSchema` describes
                them.
            cpu: Number of vCPUs, changed without a restart. Allowed: `0.5` to `8` in steps of `0.5`. Defaults to the
                template's value.
            disk_gb: Disk size in GB. Allowed: `10` to `100` in steps of `10`. Defaults to the template's value.
            egress: Egress policy. Defaults to the template's policy. Removing the policy denies all outbound traffic.
            env: Environment variables of the agent. The API never returns them. Secret.
            idle_timeout_seconds: Time without activity after which the agent is paused, in seconds. `0` disables the
                timeout. Defaults to the account's setting. If the input is removed, the current value stays.
            memory_gb: Memory in GB, changed without a restart. Allowed: `1` to `16`. Defaults to the template's value.
            name: Name of the agent, unique in the project: a DNS label of at most 63 characters. Defaults to a name
                generated from the resource's name.
            paused: Whether the agent is paused. If unset, the agent starts running and the provider does not change its
                power state. If the agent is paused by its idle timeout, this is not drift.
            region: Region of the agent. Defaults to the provider's region, then to the API's default region.
            resume_idle_paused: Whether an update resumes an agent that was paused by its idle timeout. Has an effect
                only if `paused` is `false`.
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
        """Name of the agent template, such as `claude-code`."""
        return self._output("agentTemplate")

    @property
    @pulumi.getter(name="agentTemplateId")
    def agent_template_id(self) -> pulumi.Output[str]:
        """Id of the agent template, such as `ag-claude-code`."""
        return self._output("agentTemplateId")

    @property
    @pulumi.getter(name="config")
    def config(self) -> pulumi.Output[dict[str, Any] | None]:
        """Settings of the agent, merged over those of its template. The template's `configSchema` describes them."""
        return self._output("config")

    @property
    @pulumi.getter(name="cpu")
    def cpu(self) -> pulumi.Output[float | None]:
        """Number of vCPUs, changed without a restart. Allowed: `0.5` to `8` in steps of `0.5`.

        Defaults to the template's value.
        """
        return self._output("cpu")

    @property
    @pulumi.getter(name="createdAt")
    def created_at(self) -> pulumi.Output[str]:
        """Time of creation (RFC 3339)."""
        return self._output("createdAt")

    @property
    @pulumi.getter(name="diskGb")
    def disk_gb(self) -> pulumi.Output[int | None]:
        """Disk size in GB. Allowed: `10` to `100` in steps of `10`. Defaults to the template's value."""
        return self._output("diskGb")

    @property
    @pulumi.getter(name="driveMode")
    def drive_mode(self) -> pulumi.Output[str]:
        """Interface of the agent: `http`, `exec` or `pty`."""
        return self._output("driveMode")

    @property
    @pulumi.getter(name="effectiveConfig")
    def effective_config(self) -> pulumi.Output[dict[str, Any] | None]:
        """Settings of the agent, merged with those of its template. Secret, because `config` can contain secrets."""
        return self._output("effectiveConfig")

    @property
    @pulumi.getter(name="egress")
    def egress(self) -> pulumi.Output[Egress]:
        """Egress policy. Defaults to the template's policy. Removing the policy denies all outbound traffic."""
        return self._output("egress")

    @property
    @pulumi.getter(name="env")
    def env(self) -> pulumi.Output[dict[str, str] | None]:
        """Environment variables of the agent. The API never returns them. Secret."""
        return self._output("env")

    @property
    @pulumi.getter(name="gatewayToken")
    def gateway_token(self) -> pulumi.Output[str | None]:
        """Token for the agent's user interface. Absent if it has none. Secret."""
        return self._output("gatewayToken")

    @property
    @pulumi.getter(name="idleTimeoutSeconds")
    def idle_timeout_seconds(self) -> pulumi.Output[int | None]:
        """Time without activity after which the agent is paused, in seconds. `0` disables the timeout.

        Defaults to the account's setting. If the input is removed, the current value stays.
        """
        return self._output("idleTimeoutSeconds")

    @property
    @pulumi.getter(name="lastCrash")
    def last_crash(self) -> pulumi.Output[LastCrash | None]:
        """Last crash of the agent's sandbox. Absent if it never crashed."""
        return self._output("lastCrash")

    @property
    @pulumi.getter(name="memoryGb")
    def memory_gb(self) -> pulumi.Output[int | None]:
        """Memory in GB, changed without a restart. Allowed: `1` to `16`. Defaults to the template's value."""
        return self._output("memoryGb")

    @property
    @pulumi.getter(name="metricsUrl")
    def metrics_url(self) -> pulumi.Output[str]:
        """URL of the sandbox's metrics. Access requires an API key."""
        return self._output("metricsUrl")

    @property
    @pulumi.getter(name="name")
    def name(self) -> pulumi.Output[str]:
        """Name of the agent, unique in the project: a DNS label of at most 63 characters.

        Defaults to a name generated from the resource's name.
        """
        return self._output("name")

    @property
    @pulumi.getter(name="orgId")
    def org_id(self) -> pulumi.Output[str]:
        """Id of the organization."""
        return self._output("orgId")

    @property
    @pulumi.getter(name="paused")
    def paused(self) -> pulumi.Output[bool | None]:
        """Whether the agent is paused.

        If unset, the agent starts running and the provider does not change its power state.

        If the agent is paused by its idle timeout, this is not drift.
        """
        return self._output("paused")

    @property
    @pulumi.getter(name="projectId")
    def project_id(self) -> pulumi.Output[str]:
        """Id of the project."""
        return self._output("projectId")

    @property
    @pulumi.getter(name="region")
    def region(self) -> pulumi.Output[str | None]:
        """Region of the agent. Defaults to the provider's region, then to the API's default region."""
        return self._output("region")

    @property
    @pulumi.getter(name="resumeIdlePaused")
    def resume_idle_paused(self) -> pulumi.Output[bool | None]:
        """Whether an update resumes an agent that was paused by its idle timeout.

        Has an effect only if `paused` is `false`.
        """
        return self._output("resumeIdlePaused")

    @property
    @pulumi.getter(name="sandboxId")
    def sandbox_id(self) -> pulumi.Output[str]:
        """Id of the sandbox that the agent runs in."""
        return self._output("sandboxId")

    @property
    @pulumi.getter(name="status")
    def status(self) -> pulumi.Output[str]:
        """Status: `Provisioning`, `Ready`, `Pausing`, `Paused`, `Failed` or `Deleting`."""
        return self._output("status")

    @property
    @pulumi.getter(name="updatedAt")
    def updated_at(self) -> pulumi.Output[str | None]:
        """Time of the last update (RFC 3339)."""
        return self._output("updatedAt")

    @property
    @pulumi.getter(name="webUiUrl")
    def web_ui_url(self) -> pulumi.Output[str | None]:
        """URL of the agent's user interface. Absent if it has none. Secret, because the URL grants access."""
        return self._output("webUiUrl")


class Command(DynamicResource, module="neev", name="Command"):
    """A command that runs in a sandbox when the resource is created, updated or deleted.

    The provider never runs a command twice for one change. If the connection breaks during a run, the outcome is
    unknown. The error says so, and the next `up` asks for a decision. A refresh does not run the command and keeps its
    output.
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
            create: Program and arguments to run when the resource is created. For shell syntax, use `["sh", "-c",
                "…"]`. If this, `cwd`, `env` or `stdin` changes, the provider runs `update` in place. Without `update`,
                the change replaces the resource.
            sandbox_id: Id of the sandbox. If it is paused, it is resumed for the command and paused again afterwards.
            allow_failure: Whether an exit code other than 0 counts as success. Defaults to `false`. The output
                `exit_code` has the code.
            cwd: Working directory, relative to the workspace. Defaults to the workspace.
            delete: Command to run when the resource is deleted or replaced. Defaults to none.
            env: Environment variables, in addition to those of the sandbox. Secret.
            secret_output: Whether the output of the command is secret. Defaults to `false`. Secret output is encrypted
                in the state and hidden in errors and in the log. The output is also secret if the program marks any
                input as secret. `env` is always secret: its values are redacted in errors and in the log, and the
                output is encrypted in the state.
            stdin: Text for the standard input. Defaults to no input.
            timeout_seconds: Timeout of the command, in seconds. A command that exceeds it is killed and fails. Defaults
                to the timeout of the operation.
            triggers: Arbitrary values. If one changes, the resource is replaced and the command runs again.
            update: Command to run instead of `create` when `create`, `cwd`, `env` or `stdin` changes.
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
        """Whether an exit code other than 0 counts as success.

        Defaults to `false`. The output `exit_code` has the code.
        """
        return self._output("allowFailure")

    @property
    @pulumi.getter(name="create")
    def create(self) -> pulumi.Output[list[str]]:
        """Program and arguments to run when the resource is created. For shell syntax, use `["sh", "-c", "…"]`.

        If this, `cwd`, `env` or `stdin` changes, the provider runs `update` in place. Without `update`, the change
        replaces the resource.
        """
        return self._output("create")

    @property
    @pulumi.getter(name="createSucceeded")
    def create_succeeded(self) -> pulumi.Output[bool]:
        """Whether `create` has succeeded once. If true, the next run uses `update`."""
        return self._output("createSucceeded")

    @property
    @pulumi.getter(name="cwd")
    def cwd(self) -> pulumi.Output[str | None]:
        """Working directory, relative to the workspace. Defaults to the workspace."""
        return self._output("cwd")

    @property
    @pulumi.getter(name="delete")
    def delete(self) -> pulumi.Output[list[str] | None]:
        """Command to run when the resource is deleted or replaced. Defaults to none."""
        return self._output("delete")

    @property
    @pulumi.getter(name="durationMs")
    def duration_ms(self) -> pulumi.Output[int | None]:
        """Duration of the last run, in milliseconds."""
        return self._output("durationMs")

    @property
    @pulumi.getter(name="env")
    def env(self) -> pulumi.Output[dict[str, str] | None]:
        """Environment variables, in addition to those of the sandbox. Secret."""
        return self._output("env")

    @property
    @pulumi.getter(name="exitCode")
    def exit_code(self) -> pulumi.Output[int | None]:
        """Exit code. If a signal ended the command, 128 plus the signal's number."""
        return self._output("exitCode")

    @property
    @pulumi.getter(name="lastRunDigest")
    def last_run_digest(self) -> pulumi.Output[str | None]:
        """Digest of the last run's command and inputs. Identifies a run whose outcome is unknown. Secret."""
        return self._output("lastRunDigest")

    @property
    @pulumi.getter(name="outcome")
    def outcome(self) -> pulumi.Output[str]:
        """Outcome of the last run: `succeeded`, `pending`, `failed` or `unknown`."""
        return self._output("outcome")

    @property
    @pulumi.getter(name="sandboxId")
    def sandbox_id(self) -> pulumi.Output[str]:
        """Id of the sandbox. If it is paused, it is resumed for the command and paused again afterwards."""
        return self._output("sandboxId")

    @property
    @pulumi.getter(name="secretOutput")
    def secret_output(self) -> pulumi.Output[bool | None]:
        """Whether the output of the command is secret. Defaults to `false`.

        Secret output is encrypted in the state and hidden in errors and in the log. The output is also secret if the
        program marks any input as secret. `env` is always secret: its values are redacted in errors and in the log, and
        the output is encrypted in the state.
        """
        return self._output("secretOutput")

    @property
    @pulumi.getter(name="stderr")
    def stderr(self) -> pulumi.Output[str | None]:
        """Last 65,536 characters of the standard error, like `stdout`."""
        return self._output("stderr")

    @property
    @pulumi.getter(name="stdin")
    def stdin(self) -> pulumi.Output[str | None]:
        """Text for the standard input. Defaults to no input."""
        return self._output("stdin")

    @property
    @pulumi.getter(name="stdout")
    def stdout(self) -> pulumi.Output[str | None]:
        """Last 65,536 characters of the standard output. If it was longer, a first line states how much is omitted.

        Secret if `secret_output` is set or if any input is secret. `env` is always secret.
        """
        return self._output("stdout")

    @property
    @pulumi.getter(name="timeoutSeconds")
    def timeout_seconds(self) -> pulumi.Output[int | None]:
        """Timeout of the command, in seconds. A command that exceeds it is killed and fails.

        Defaults to the timeout of the operation.
        """
        return self._output("timeoutSeconds")

    @property
    @pulumi.getter(name="triggers")
    def triggers(self) -> pulumi.Output[list[Any] | None]:
        """Arbitrary values. If one changes, the resource is replaced and the command runs again."""
        return self._output("triggers")

    @property
    @pulumi.getter(name="update")
    def update(self) -> pulumi.Output[list[str] | None]:
        """Command to run instead of `create` when `create`, `cwd`, `env` or `stdin` changes."""
        return self._output("update")


class Directory(DynamicResource, module="neev", name="Directory"):
    """A directory in a sandbox with the contents of a local folder or an archive.

    The provider compares files by digest. An update sends only the files that differ and removes files that the source
    no longer contains. A refresh detects drift. Deleting the resource removes only the files that it wrote and that
    were not changed since.
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
            path: Path in the workspace. `.` is the workspace itself. Other files at this path are not changed. `app`,
                `./app/` and `/workspace/app` are the same path.
            sandbox_id: Id of the sandbox. If it is paused, it is resumed for a change and paused again afterwards.
            exclude: Patterns of files and folders to exclude, in the syntax of `.gitignore`. `*.pyc` matches at any
                depth. `/build` and `a/b` match from the root of the source. `logs/` matches only folders. `!keep.log`
                includes a file again. The plan warns about a pattern that matches nothing.
            source: Contents as an archive: a `FileArchive` (folder, .zip, .tar or .tar.gz) or an `AssetArchive`. At
                most 10,000 files. An archive has at most 50,000 entries and 4 GiB of unpacked data. Symbolic links
                inside the source are copied as links. Other symbolic links are rejected. Conflicts with `source_path`.
            source_path: Path of a folder, .zip, .tar or .tar.gz on the machine that runs the program. Conflicts with
                `source`.
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
        """Folders that this resource created."""
        return self._output("createdFolders")

    @property
    @pulumi.getter(name="driftedFiles")
    def drifted_files(self) -> pulumi.Output[dict[str, str]]:
        """Files that differ from what was written, in the form of `files`, or `missing`."""
        return self._output("driftedFiles")

    @property
    @pulumi.getter(name="exclude")
    def exclude(self) -> pulumi.Output[list[str] | None]:
        """Patterns of files and folders to exclude, in the syntax of `.gitignore`.

        `*.pyc` matches at any depth. `/build` and `a/b` match from the root of the source. `logs/` matches only
        folders. `!keep.log` includes a file again. The plan warns about a pattern that matches nothing.
        """
        return self._output("exclude")

    @property
    @pulumi.getter(name="files")
    def files(self) -> pulumi.Output[dict[str, str]]:
        """SHA-256 of each written file, by path, with `+x` if it is executable. For a link, `->` and its target."""
        return self._output("files")

    @property
    @pulumi.getter(name="fingerprints")
    def fingerprints(self) -> pulumi.Output[str]:
        """Fingerprints of the files: eight characters for each path, derived from size and modification time.

        A file with an unchanged fingerprint is not read again. A file that was written by another process since, even
        with the same content, is not deleted.
        """
        return self._output("fingerprints")

    @property
    @pulumi.getter(name="path")
    def path(self) -> pulumi.Output[str]:
        """Path in the workspace. `.` is the workspace itself. Other files at this path are not changed.

        `app`, `./app/` and `/workspace/app` are the same path.
        """
        return self._output("path")

    @property
    @pulumi.getter(name="sandboxId")
    def sandbox_id(self) -> pulumi.Output[str]:
        """Id of the sandbox. If it is paused, it is resumed for a change and paused again afterwards."""
        return self._output("sandboxId")

    @property
    @pulumi.getter(name="sha256")
    def sha256(self) -> pulumi.Output[str | None]:
        """Digest of all paths and contents at the last observation. Use it as a trigger of dependent resources."""
        return self._output("sha256")

    @property
    @pulumi.getter(name="source")
    def source(self) -> pulumi.Output[dict[str, Any] | None]:
        """Contents as an archive: a `FileArchive` (folder, .zip, .tar or .tar.gz) or an `AssetArchive`.

        At most 10,000 files. An archive has at most 50,000 entries and 4 GiB of unpacked data. Symbolic links inside
        the source are copied as links. Other symbolic links are rejected. Conflicts with `source_path`.
        """
        return self._output("source")

    @property
    @pulumi.getter(name="sourcePath")
    def source_path(self) -> pulumi.Output[str | None]:
        """Path of a folder, .zip, .tar or .tar.gz on the machine that runs the program. Conflicts with `source`."""
        return self._output("sourcePath")


class File(DynamicResource, module="neev", name="File"):
    """A file in a sandbox.

    A refresh detects drift, and the next update corrects it. The outputs contain the digest of the content, not the
    content. Deleting the resource removes the file only if it still has the content that the resource wrote.
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
            path: Path of the file in the workspace. Missing directories are created. An existing file is overwritten.
                `conf/x`, `./conf//x` and `/workspace/conf/x` are the same path.
            sandbox_id: Id of the sandbox. If it is paused, it is resumed for a change and paused again afterwards.
            content: File content as UTF-8 text. Conflicts with `content_base64`, `source` and `source_path`. If none of
                them is set, a new file is empty and an existing file keeps its content.
            content_base64: File content in Base64, for binary data. Conflicts with `content`, `source` and
                `source_path`.
            mode: Permissions as four octal digits, such as `0755`. Defaults to a value that the sandbox chooses.
            source: File content as an asset: a `FileAsset` or a `StringAsset`. Conflicts with `content`,
                `content_base64` and `source_path`.
            source_path: Path of a file on the machine that runs the program. Conflicts with `content`, `content_base64`
                and `source`. The path must lead to a regular file or to a link to one. The file can have any size and
                is sent in chunks. Each plan reads it to compute its digest.
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
        """File content as UTF-8 text. Conflicts with `content_base64`, `source` and `source_path`.

        If none of them is set, a new file is empty and an existing file keeps its content.
        """
        return self._output("content")

    @property
    @pulumi.getter(name="contentBase64")
    def content_base64(self) -> pulumi.Output[str | None]:
        """File content in Base64, for binary data. Conflicts with `content`, `source` and `source_path`."""
        return self._output("contentBase64")

    @property
    @pulumi.getter(name="mode")
    def mode(self) -> pulumi.Output[str | None]:
        """Permissions as four octal digits, such as `0755`. Defaults to a value that the sandbox chooses."""
        return self._output("mode")

    @property
    @pulumi.getter(name="modifiedAt")
    def modified_at(self) -> pulumi.Output[str | None]:
        """Time of the last modification (RFC 3339)."""
        return self._output("modifiedAt")

    @property
    @pulumi.getter(name="path")
    def path(self) -> pulumi.Output[str]:
        """Path of the file in the workspace. Missing directories are created. An existing file is overwritten.

        `conf/x`, `./conf//x` and `/workspace/conf/x` are the same path.
        """
        return self._output("path")

    @property
    @pulumi.getter(name="sandboxId")
    def sandbox_id(self) -> pulumi.Output[str]:
        """Id of the sandbox. If it is paused, it is resumed for a change and paused again afterwards."""
        return self._output("sandboxId")

    @property
    @pulumi.getter(name="sha256")
    def sha256(self) -> pulumi.Output[str | None]:
        """SHA-256 of the content at the last observation."""
        return self._output("sha256")

    @property
    @pulumi.getter(name="sizeBytes")
    def size_bytes(self) -> pulumi.Output[int | None]:
        """Size of the file in bytes."""
        return self._output("sizeBytes")

    @property
    @pulumi.getter(name="source")
    def source(self) -> pulumi.Output[dict[str, Any] | None]:
        """File content as an asset: a `FileAsset` or a `StringAsset`.

        Conflicts with `content`, `content_base64` and `source_path`.
        """
        return self._output("source")

    @property
    @pulumi.getter(name="sourcePath")
    def source_path(self) -> pulumi.Output[str | None]:
        """Path of a file on the machine that runs the program.

        Conflicts with `content`, `content_base64` and `source`.

        The path must lead to a regular file or to a link to one. The file can have any size and is sent in chunks. Each
        plan reads it to compute its digest.
        """
        return self._output("sourcePath")

    @property
    @pulumi.getter(name="writtenAt")
    def written_at(self) -> pulumi.Output[str | None]:
        """Modification time of the file after this resource wrote it (RFC 3339).

        A file modified later is not deleted.
        """
        return self._output("writtenAt")

    @property
    @pulumi.getter(name="writtenSha256")
    def written_sha256(self) -> pulumi.Output[str | None]:
        """SHA-256 of the content that this resource wrote. A file with other content is not deleted."""
        return self._output("writtenSha256")


class GoldenImage(DynamicResource, module="neev", name="GoldenImage"):
    """A snapshot with software and files, from which any number of sandboxes can be created.

    The recipe (source, size, egress policy and steps) identifies the image. An update with the same recipe builds
    nothing. If the recipe changes, the new image is built first. Then `snapshot_id` changes, and earlier images beyond
    `history_limit` are deleted. A recipe whose earlier image still exists is reused without a build.
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
            cpu: Number of vCPUs of the builder and of sandboxes created from the image. Allowed: `0.5` to `8` in steps
                of `0.5`.
            disk_gb: Disk size in GB of the builder and of sandboxes created from the image. Allowed: `10` to `100` in
                steps of `10`.
            egress: Egress policy during the build. Defaults to denying all outbound traffic.
            env: Environment variables of the steps' commands. They are not stored in the image. Secret. Changing a
                value does not rebuild the image; adding or removing a name does. Use this for tokens.
            history_limit: Number of earlier images to retain. The others are deleted when a new image is ready.
                Defaults to `1`.
            image: Public OCI image to build on, with registry path and a tag or digest. Conflicts with `template_id`
                and `source_snapshot_id`.
            memory_gb: Memory in GB of the builder and of sandboxes created from the image. Allowed: `1` to `16`.
            name: Prefix of the names of builders and snapshots: a DNS label of at most 50 characters. The name must be
                unique among the images of the project. Defaults to a name generated from the resource's name, different
                in each stack.
            region: Region of the build and of the image. Sandboxes created from the image run there too. Defaults to
                the provider's region, then to the API's default region.
            rootfs_disk_gb: Part of the disk for the container's root file system, in GB. Must be less than `disk_gb`.
            source_snapshot_id: Id of the snapshot to build on. Disk size and region must match its origin. Conflicts
                with `template_id` and `image`.
            steps: Build steps, in order.
            template_id: Id of the sandbox template to build on, such as `sb-ubuntu-26-04-minimal`. Conflicts with
                `image` and `source_snapshot_id`. If no source is set, the API's default template is used.
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
        """Id of the paused sandbox that built the image. Deleting that sandbox deletes the image."""
        return self._output("builderId")

    @property
    @pulumi.getter(name="builderIds")
    def builder_ids(self) -> pulumi.Output[list[str]]:
        """Ids of all builders of this image, including those of unfinished builds."""
        return self._output("builderIds")

    @property
    @pulumi.getter(name="cpu")
    def cpu(self) -> pulumi.Output[float | None]:
        """Number of vCPUs of the builder and of sandboxes created from the image.

        Allowed: `0.5` to `8` in steps of `0.5`.


        """
        return self._output("cpu")

    @property
    @pulumi.getter(name="diskGb")
    def disk_gb(self) -> pulumi.Output[int | None]:
        """Disk size in GB of the builder and of sandboxes created from the image.

        Allowed: `10` to `100` in steps of `10`.


        """
        return self._output("diskGb")

    @property
    @pulumi.getter(name="egress")
    def egress(self) -> pulumi.Output[Egress | None]:
        """Egress policy during the build. Defaults to denying all outbound traffic."""
        return self._output("egress")

    @property
    @pulumi.getter(name="env")
    def env(self) -> pulumi.Output[dict[str, str] | None]:
        """Environment variables of the steps' commands. They are not stored in the image. Secret.

        Changing a value does not rebuild the image; adding or removing a name does. Use this for tokens.
        """
        return self._output("env")

    @property
    @pulumi.getter(name="historyLimit")
    def history_limit(self) -> pulumi.Output[int]:
        """Number of earlier images to retain. The others are deleted when a new image is ready. Defaults to `1`."""
        return self._output("historyLimit")

    @property
    @pulumi.getter(name="image")
    def image(self) -> pulumi.Output[str | None]:
        """Public OCI image to build on, with registry path and a tag or digest.

        Conflicts with `template_id` and `source_snapshot_id`.
        """
        return self._output("image")

    @property
    @pulumi.getter(name="images")
    def images(self) -> pulumi.Output[list[BuiltImage]]:
        """Current and earlier images, newest first."""
        return self._output("images")

    @property
    @pulumi.getter(name="memoryGb")
    def memory_gb(self) -> pulumi.Output[int | None]:
        """Memory in GB of the builder and of sandboxes created from the image. Allowed: `1` to `16`."""
        return self._output("memoryGb")

    @property
    @pulumi.getter(name="name")
    def name(self) -> pulumi.Output[str]:
        """Prefix of the names of builders and snapshots: a DNS label of at most 50 characters.

        The name must be unique among the images of the project. Defaults to a name generated from the resource's name,
        different in each stack.
        """
        return self._output("name")

    @property
    @pulumi.getter(name="recipeDigest")
    def recipe_digest(self) -> pulumi.Output[str]:
        """Digest of the recipe. An update with the same digest builds nothing."""
        return self._output("recipeDigest")

    @property
    @pulumi.getter(name="region")
    def region(self) -> pulumi.Output[str | None]:
        """Region of the build and of the image. Sandboxes created from the image run there too.

        Defaults to the provider's region, then to the API's default region.
        """
        return self._output("region")

    @property
    @pulumi.getter(name="rootfsDiskGb")
    def rootfs_disk_gb(self) -> pulumi.Output[int | None]:
        """Part of the disk for the container's root file system, in GB. Must be less than `disk_gb`."""
        return self._output("rootfsDiskGb")

    @property
    @pulumi.getter(name="sizeBytes")
    def size_bytes(self) -> pulumi.Output[int | None]:
        """Size of the image in bytes."""
        return self._output("sizeBytes")

    @property
    @pulumi.getter(name="snapshotId")
    def snapshot_id(self) -> pulumi.Output[str]:
        """Id of the current snapshot. Use it as `snapshot_id` of a sandbox. Empty if no image is ready."""
        return self._output("snapshotId")

    @property
    @pulumi.getter(name="sourceSnapshotId")
    def source_snapshot_id(self) -> pulumi.Output[str | None]:
        """Id of the snapshot to build on. Disk size and region must match its origin.

        Conflicts with `template_id` and `image`.
        """
        return self._output("sourceSnapshotId")

    @property
    @pulumi.getter(name="stepDigests")
    def step_digests(self) -> pulumi.Output[list[str]]:
        """Digests of the steps, including the contents of their files."""
        return self._output("stepDigests")

    @property
    @pulumi.getter(name="steps")
    def steps(self) -> pulumi.Output[list[BuildStep] | None]:
        """Build steps, in order."""
        return self._output("steps")

    @property
    @pulumi.getter(name="templateId")
    def template_id(self) -> pulumi.Output[str | None]:
        """Id of the sandbox template to build on, such as `sb-ubuntu-26-04-minimal`.

        Conflicts with `image` and `source_snapshot_id`. If no source is set, the API's default template is used.
        """
        return self._output("templateId")

    @property
    @pulumi.getter(name="uid")
    def uid(self) -> pulumi.Output[str | None]:
        """Unique id of the resource.

        Part of the names of its builders, which tells them from those of other images with this name.
        """
        return self._output("uid")


class PreviewPort(DynamicResource, module="neev", name="PreviewPort"):
    """A public URL for a port of a sandbox, for browsers and webhooks, without an API key.

    If the port is already exposed, it gets another URL and its previous URL stops working. If it already has the given
    slug, the owner is unknown and the provider rejects the create. The URL stops working when the resource or the
    sandbox is deleted.
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
            port: Port that a process in the sandbox listens on. Allowed: `1` to `65535`.
            sandbox_id: Id of the sandbox.
            slug: Secret part of the URL: 8 lowercase letters and digits. Defaults to a value that the API chooses.
                Secret. Changing it gives the port another URL. The old URL stops working immediately.
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
        """Slug with which this resource exposed the port.

        If the port has another slug, deleting leaves it exposed. Secret.


        """
        return self._output("exposedSlug")

    @property
    @pulumi.getter(name="port")
    def port(self) -> pulumi.Output[int]:
        """Port that a process in the sandbox listens on. Allowed: `1` to `65535`."""
        return self._output("port")

    @property
    @pulumi.getter(name="previewUrl")
    def preview_url(self) -> pulumi.Output[str]:
        """URL of the port. Secret, because the URL grants access."""
        return self._output("previewUrl")

    @property
    @pulumi.getter(name="sandboxId")
    def sandbox_id(self) -> pulumi.Output[str]:
        """Id of the sandbox."""
        return self._output("sandboxId")

    @property
    @pulumi.getter(name="slug")
    def slug(self) -> pulumi.Output[str]:
        """Secret part of the URL: 8 lowercase letters and digits. Defaults to a value that the API chooses. Secret.

        Changing it gives the port another URL. The old URL stops working immediately.
        """
        return self._output("slug")


class Sandbox(DynamicResource, module="neev", name="Sandbox"):
    """An isolated computer for an AI agent.

    It runs commands, stores files, and can be paused, forked and rolled back.

    After creation the sandbox is `Ready` and reachable, or `Paused` if `paused` is `true`.
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
            command: Command to run in the container. Requires `image`. Defaults to `sleep infinity`.
            cpu: Number of vCPUs, changed without a restart. Allowed: `0.5` to `8` in steps of `0.5`.
            disk_gb: Disk size in GB. Allowed: `10` to `100` in steps of `10`.
            egress: Egress policy. Defaults to denying all outbound traffic. Removing the policy denies all outbound
                traffic.
            env: Environment variables of all processes. The API never returns them. Secret.
            idle_timeout_seconds: Time without activity after which `on_idle` applies, in seconds. `0` disables the
                timeout. Defaults to the account's setting. If the input is removed, the current value stays.
            image: Public OCI image, with registry path and a tag or digest. Conflicts with `template_id` and
                `snapshot_id`.
            max_lifetime_seconds: Maximum lifetime since creation or the last renewal, in seconds. `0` means no limit.
                When it ends, the sandbox is stopped, even if it is in use. Defaults to the account's setting. If the
                input is removed, the current value stays.
            memory_gb: Memory in GB, changed without a restart. Allowed: `1` to `16`.
            name: Name of the sandbox, unique in the project: a DNS label of at most 63 characters. Defaults to a name
                generated from the resource's name.
            on_idle: Action when the idle timeout ends: `pause` or `delete`. Defaults to `pause`.
            paused: Whether the sandbox is paused. If unset, the sandbox starts running and the provider does not change
                its power state. If the sandbox is paused by its idle timeout, this is not drift.
            paused_retention_seconds: Retention of a paused sandbox, in seconds. `0` means it is never deleted. Defaults
                to the account's setting. If the input is removed, the current value stays.
            region: Region of the sandbox. Defaults to the provider's region, then to the API's default region.
            renew_trigger: Arbitrary text, such as a commit or the id of a CI run. Changing it renews the sandbox. A
                renewal restarts the idle timeout. It also restarts the maximum lifetime if `max_lifetime_seconds` is
                set. If the trigger is set when the sandbox is created, no renewal happens.
            resume_idle_paused: Whether an update resumes a sandbox that was paused by its idle timeout. Has an effect
                only if `paused` is `false`.
            rollback_to_snapshot_id: Id of a snapshot to roll back to. Changing it restores the sandbox's files and
                discards later changes. Id, name and URLs of the sandbox stay. If it is set when the sandbox is created,
                no rollback happens.
            rootfs_disk_gb: Part of the disk for the container's root file system, in GB. Must be less than `disk_gb`.
                Defaults to a fifth of `disk_gb`, at least `4`.
            snapshot_id: Id of the snapshot to start from. Conflicts with `template_id` and `image`. Disk size and
                region must match the origin of the snapshot. `cpu` and `memory_gb` may differ: they are changed after
                creation.
            template_id: Id of the sandbox template, such as `sb-ubuntu-26-04-minimal`. Conflicts with `image` and
                `snapshot_id`. If no source is set, the API's default template is used.
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
        """Whether the sandbox is reachable. It is not for a short time after creation."""
        return self._output("addressable")

    @property
    @pulumi.getter(name="command")
    def command(self) -> pulumi.Output[list[str] | None]:
        """Command to run in the container. Requires `image`. Defaults to `sleep infinity`."""
        return self._output("command")

    @property
    @pulumi.getter(name="connectUrl")
    def connect_url(self) -> pulumi.Output[str | None]:
        """Base URL for commands and files. Access requires an API key."""
        return self._output("connectUrl")

    @property
    @pulumi.getter(name="cpu")
    def cpu(self) -> pulumi.Output[float | None]:
        """Number of vCPUs, changed without a restart. Allowed: `0.5` to `8` in steps of `0.5`."""
        return self._output("cpu")

    @property
    @pulumi.getter(name="createdAt")
    def created_at(self) -> pulumi.Output[str]:
        """Time of creation (RFC 3339)."""
        return self._output("createdAt")

    @property
    @pulumi.getter(name="diskGb")
    def disk_gb(self) -> pulumi.Output[int | None]:
        """Disk size in GB. Allowed: `10` to `100` in steps of `10`."""
        return self._output("diskGb")

    @property
    @pulumi.getter(name="effectiveLifetimeSeconds")
    def effective_lifetime_seconds(self) -> pulumi.Output[int | None]:
        """Maximum lifetime since creation that the last renewal set at the API, in seconds."""
        return self._output("effectiveLifetimeSeconds")

    @property
    @pulumi.getter(name="egress")
    def egress(self) -> pulumi.Output[Egress]:
        """Egress policy. Defaults to denying all outbound traffic. Removing the policy denies all outbound traffic."""
        return self._output("egress")

    @property
    @pulumi.getter(name="env")
    def env(self) -> pulumi.Output[dict[str, str] | None]:
        """Environment variables of all processes. The API never returns them. Secret."""
        return self._output("env")

    @property
    @pulumi.getter(name="hardExpiresAt")
    def hard_expires_at(self) -> pulumi.Output[str | None]:
        """Time when the maximum lifetime ends (RFC 3339). Absent without a maximum lifetime."""
        return self._output("hardExpiresAt")

    @property
    @pulumi.getter(name="idleExpiresAt")
    def idle_expires_at(self) -> pulumi.Output[str | None]:
        """Time when the idle timeout ends if there is no further activity (RFC 3339).

        Absent without an idle timeout.
        """
        return self._output("idleExpiresAt")

    @property
    @pulumi.getter(name="idleTimeoutSeconds")
    def idle_timeout_seconds(self) -> pulumi.Output[int | None]:
        """Time without activity after which `on_idle` applies, in seconds. `0` disables the timeout.

        Defaults to the account's setting. If the input is removed, the current value stays.
        """
        return self._output("idleTimeoutSeconds")

    @property
    @pulumi.getter(name="image")
    def image(self) -> pulumi.Output[str]:
        """Public OCI image, with registry path and a tag or digest. Conflicts with `template_id` and `snapshot_id`."""
        return self._output("image")

    @property
    @pulumi.getter(name="lastCrash")
    def last_crash(self) -> pulumi.Output[LastCrash | None]:
        """Last crash. Absent if the sandbox never crashed."""
        return self._output("lastCrash")

    @property
    @pulumi.getter(name="maxLifetimeSeconds")
    def max_lifetime_seconds(self) -> pulumi.Output[int | None]:
        """Maximum lifetime since creation or the last renewal, in seconds. `0` means no limit.

        When it ends, the sandbox is stopped, even if it is in use. Defaults to the account's setting. If the input is
        removed, the current value stays.
        """
        return self._output("maxLifetimeSeconds")

    @property
    @pulumi.getter(name="memoryGb")
    def memory_gb(self) -> pulumi.Output[int | None]:
        """Memory in GB, changed without a restart. Allowed: `1` to `16`."""
        return self._output("memoryGb")

    @property
    @pulumi.getter(name="name")
    def name(self) -> pulumi.Output[str]:
        """Name of the sandbox, unique in the project: a DNS label of at most 63 characters.

        Defaults to a name generated from the resource's name.
        """
        return self._output("name")

    @property
    @pulumi.getter(name="onIdle")
    def on_idle(self) -> pulumi.Output[str | None]:
        """Action when the idle timeout ends: `pause` or `delete`. Defaults to `pause`."""
        return self._output("onIdle")

    @property
    @pulumi.getter(name="paused")
    def paused(self) -> pulumi.Output[bool | None]:
        """Whether the sandbox is paused.

        If unset, the sandbox starts running and the provider does not change its power state. If the sandbox is paused
        by its idle timeout, this is not drift.
        """
        return self._output("paused")

    @property
    @pulumi.getter(name="pausedRetentionSeconds")
    def paused_retention_seconds(self) -> pulumi.Output[int | None]:
        """Retention of a paused sandbox, in seconds. `0` means it is never deleted.

        Defaults to the account's setting. If the input is removed, the current value stays.
        """
        return self._output("pausedRetentionSeconds")

    @property
    @pulumi.getter(name="phase")
    def phase(self) -> pulumi.Output[str]:
        """Phase: `Ready`, `Paused`, `Pending`, `Pausing`, `Resuming`, `NotReady`, `RestoreFailed` or `Unknown`."""
        return self._output("phase")

    @property
    @pulumi.getter(name="region")
    def region(self) -> pulumi.Output[str]:
        """Region of the sandbox. Defaults to the provider's region, then to the API's default region."""
        return self._output("region")

    @property
    @pulumi.getter(name="renewTrigger")
    def renew_trigger(self) -> pulumi.Output[str | None]:
        """Arbitrary text, such as a commit or the id of a CI run. Changing it renews the sandbox.

        A renewal restarts the idle timeout. It also restarts the maximum lifetime if `max_lifetime_seconds` is set. If
        the trigger is set when the sandbox is created, no renewal happens.
        """
        return self._output("renewTrigger")

    @property
    @pulumi.getter(name="resumeIdlePaused")
    def resume_idle_paused(self) -> pulumi.Output[bool | None]:
        """Whether an update resumes a sandbox that was paused by its idle timeout.

        Has an effect only if `paused` is `false`.
        """
        return self._output("resumeIdlePaused")

    @property
    @pulumi.getter(name="rollbackToSnapshotId")
    def rollback_to_snapshot_id(self) -> pulumi.Output[str | None]:
        """Id of a snapshot to roll back to. Changing it restores the sandbox's files and discards later changes.

        Id, name and URLs of the sandbox stay. If it is set when the sandbox is created, no rollback happens.
        """
        return self._output("rollbackToSnapshotId")

    @property
    @pulumi.getter(name="rootfsDiskGb")
    def rootfs_disk_gb(self) -> pulumi.Output[int | None]:
        """Part of the disk for the container's root file system, in GB. Must be less than `disk_gb`.

        Defaults to a fifth of `disk_gb`, at least `4`.
        """
        return self._output("rootfsDiskGb")

    @property
    @pulumi.getter(name="snapshotId")
    def snapshot_id(self) -> pulumi.Output[str | None]:
        """Id of the snapshot to start from. Conflicts with `template_id` and `image`.

        Disk size and region must match the origin of the snapshot. `cpu` and `memory_gb` may differ: they are changed
        after creation.
        """
        return self._output("snapshotId")

    @property
    @pulumi.getter(name="templateId")
    def template_id(self) -> pulumi.Output[str | None]:
        """Id of the sandbox template, such as `sb-ubuntu-26-04-minimal`. Conflicts with `image` and `snapshot_id`.

        If no source is set, the API's default template is used.
        """
        return self._output("templateId")


class SandboxFork(DynamicResource, module="neev", name="SandboxFork"):
    """A copy of a running sandbox with its current files. The source keeps running.

    Size, egress policy, environment and expiration are inherited. Inputs that are set are applied when the fork is
    ready.
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
            source_sandbox_id: Id of the sandbox to fork. It keeps running. Deleting it later does not affect the fork.
            cpu: Number of vCPUs, changed without a restart. Allowed: `0.5` to `8` in steps of `0.5`.
            egress: Egress policy. Defaults to the policy of the source. Removing the policy denies all outbound
                traffic.
            idle_timeout_seconds: Time without activity after which `on_idle` applies, in seconds. `0` disables the
                timeout. Defaults to the account's setting. If the input is removed, the current value stays.
            max_lifetime_seconds: Maximum lifetime since creation or the last renewal, in seconds. `0` means no limit.
                When it ends, the sandbox is stopped, even if it is in use. Defaults to the account's setting. If the
                input is removed, the current value stays.
            memory_gb: Memory in GB, changed without a restart. Allowed: `1` to `16`.
            name: Name of the fork, unique in the project: a DNS label of at most 63 characters. Defaults to a name
                generated from the resource's name.
            on_idle: Action when the idle timeout ends: `pause` or `delete`. Defaults to `pause`.
            paused: Whether the sandbox is paused. If unset, the sandbox starts running and the provider does not change
                its power state. If the sandbox is paused by its idle timeout, this is not drift.
            paused_retention_seconds: Retention of a paused sandbox, in seconds. `0` means it is never deleted. Defaults
                to the account's setting. If the input is removed, the current value stays.
            renew_trigger: Arbitrary text, such as a commit or the id of a CI run. Changing it renews the sandbox. A
                renewal restarts the idle timeout. It also restarts the maximum lifetime if `max_lifetime_seconds` is
                set. If the trigger is set when the sandbox is created, no renewal happens.
            resume_idle_paused: Whether an update resumes a sandbox that was paused by its idle timeout. Has an effect
                only if `paused` is `false`.
            rollback_to_snapshot_id: Id of a snapshot to roll back to. Changing it restores the sandbox's files and
                discards later changes. Id, name and URLs of the sandbox stay. If it is set when the sandbox is created,
                no rollback happens.
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
        """Whether the sandbox is reachable. It is not for a short time after creation."""
        return self._output("addressable")

    @property
    @pulumi.getter(name="command")
    def command(self) -> pulumi.Output[list[str] | None]:
        """Command of the container."""
        return self._output("command")

    @property
    @pulumi.getter(name="connectUrl")
    def connect_url(self) -> pulumi.Output[str | None]:
        """Base URL for commands and files. Access requires an API key."""
        return self._output("connectUrl")

    @property
    @pulumi.getter(name="cpu")
    def cpu(self) -> pulumi.Output[float | None]:
        """Number of vCPUs, changed without a restart. Allowed: `0.5` to `8` in steps of `0.5`."""
        return self._output("cpu")

    @property
    @pulumi.getter(name="createdAt")
    def created_at(self) -> pulumi.Output[str]:
        """Time of creation (RFC 3339)."""
        return self._output("createdAt")

    @property
    @pulumi.getter(name="diskGb")
    def disk_gb(self) -> pulumi.Output[int | None]:
        """Disk size in GB."""
        return self._output("diskGb")

    @property
    @pulumi.getter(name="effectiveLifetimeSeconds")
    def effective_lifetime_seconds(self) -> pulumi.Output[int | None]:
        """Maximum lifetime since creation that the last renewal set at the API, in seconds."""
        return self._output("effectiveLifetimeSeconds")

    @property
    @pulumi.getter(name="egress")
    def egress(self) -> pulumi.Output[Egress]:
        """Egress policy. Defaults to the policy of the source. Removing the policy denies all outbound traffic."""
        return self._output("egress")

    @property
    @pulumi.getter(name="hardExpiresAt")
    def hard_expires_at(self) -> pulumi.Output[str | None]:
        """Time when the maximum lifetime ends (RFC 3339). Absent without a maximum lifetime."""
        return self._output("hardExpiresAt")

    @property
    @pulumi.getter(name="idleExpiresAt")
    def idle_expires_at(self) -> pulumi.Output[str | None]:
        """Time when the idle timeout ends if there is no further activity (RFC 3339).

        Absent without an idle timeout.
        """
        return self._output("idleExpiresAt")

    @property
    @pulumi.getter(name="idleTimeoutSeconds")
    def idle_timeout_seconds(self) -> pulumi.Output[int | None]:
        """Time without activity after which `on_idle` applies, in seconds. `0` disables the timeout.

        Defaults to the account's setting. If the input is removed, the current value stays.
        """
        return self._output("idleTimeoutSeconds")

    @property
    @pulumi.getter(name="image")
    def image(self) -> pulumi.Output[str]:
        """OCI image of the sandbox."""
        return self._output("image")

    @property
    @pulumi.getter(name="lastCrash")
    def last_crash(self) -> pulumi.Output[LastCrash | None]:
        """Last crash. Absent if the sandbox never crashed."""
        return self._output("lastCrash")

    @property
    @pulumi.getter(name="maxLifetimeSeconds")
    def max_lifetime_seconds(self) -> pulumi.Output[int | None]:
        """Maximum lifetime since creation or the last renewal, in seconds. `0` means no limit.

        When it ends, the sandbox is stopped, even if it is in use. Defaults to the account's setting. If the input is
        removed, the current value stays.
        """
        return self._output("maxLifetimeSeconds")

    @property
    @pulumi.getter(name="memoryGb")
    def memory_gb(self) -> pulumi.Output[int | None]:
        """Memory in GB, changed without a restart. Allowed: `1` to `16`."""
        return self._output("memoryGb")

    @property
    @pulumi.getter(name="name")
    def name(self) -> pulumi.Output[str]:
        """Name of the fork, unique in the project: a DNS label of at most 63 characters.

        Defaults to a name generated from the resource's name.
        """
        return self._output("name")

    @property
    @pulumi.getter(name="onIdle")
    def on_idle(self) -> pulumi.Output[str | None]:
        """Action when the idle timeout ends: `pause` or `delete`. Defaults to `pause`."""
        return self._output("onIdle")

    @property
    @pulumi.getter(name="paused")
    def paused(self) -> pulumi.Output[bool | None]:
        """Whether the sandbox is paused.

        If unset, the sandbox starts running and the provider does not change its power state. If the sandbox is paused
        by its idle timeout, this is not drift.
        """
        return self._output("paused")

    @property
    @pulumi.getter(name="pausedRetentionSeconds")
    def paused_retention_seconds(self) -> pulumi.Output[int | None]:
        """Retention of a paused sandbox, in seconds. `0` means it is never deleted.

        Defaults to the account's setting. If the input is removed, the current value stays.
        """
        return self._output("pausedRetentionSeconds")

    @property
    @pulumi.getter(name="phase")
    def phase(self) -> pulumi.Output[str]:
        """Phase: `Ready`, `Paused`, `Pending`, `Pausing`, `Resuming`, `NotReady`, `RestoreFailed` or `Unknown`."""
        return self._output("phase")

    @property
    @pulumi.getter(name="region")
    def region(self) -> pulumi.Output[str]:
        """Region of the sandbox."""
        return self._output("region")

    @property
    @pulumi.getter(name="renewTrigger")
    def renew_trigger(self) -> pulumi.Output[str | None]:
        """Arbitrary text, such as a commit or the id of a CI run. Changing it renews the sandbox.

        A renewal restarts the idle timeout. It also restarts the maximum lifetime if `max_lifetime_seconds` is set. If
        the trigger is set when the sandbox is created, no renewal happens.
        """
        return self._output("renewTrigger")

    @property
    @pulumi.getter(name="resumeIdlePaused")
    def resume_idle_paused(self) -> pulumi.Output[bool | None]:
        """Whether an update resumes a sandbox that was paused by its idle timeout.

        Has an effect only if `paused` is `false`.
        """
        return self._output("resumeIdlePaused")

    @property
    @pulumi.getter(name="rollbackToSnapshotId")
    def rollback_to_snapshot_id(self) -> pulumi.Output[str | None]:
        """Id of a snapshot to roll back to. Changing it restores the sandbox's files and discards later changes.

        Id, name and URLs of the sandbox stay. If it is set when the sandbox is created, no rollback happens.
        """
        return self._output("rollbackToSnapshotId")

    @property
    @pulumi.getter(name="rootfsDiskGb")
    def rootfs_disk_gb(self) -> pulumi.Output[int | None]:
        """Part of the disk for the container's root file system, in GB."""
        return self._output("rootfsDiskGb")

    @property
    @pulumi.getter(name="sourceSandboxId")
    def source_sandbox_id(self) -> pulumi.Output[str]:
        """Id of the sandbox to fork. It keeps running. Deleting it later does not affect the fork."""
        return self._output("sourceSandboxId")

    @property
    @pulumi.getter(name="templateId")
    def template_id(self) -> pulumi.Output[str | None]:
        """Id of the sandbox template. Absent if the sandbox was not created from one."""
        return self._output("templateId")


class SandboxPool(DynamicResource, module="neev", name="SandboxPool"):
    """Any number of equal sandboxes from one source, managed as one resource.

    The members are created concurrently. After creation all members are `Ready`, or `Paused` if `paused` is `true`.
    Scaling, resizing and pausing happen in place. If the source changes, the members are replaced a few at a time. A
    refresh detects members that are missing or failed, and the next update recreates only those.

    If some members fail while the pool is created, the plugin keeps the others. A dynamic resource deletes all of them.
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
            replicas: Number of members. Scaling in deletes the members with the highest index.
            command: Command to run in the container. Requires `image`. Defaults to `sleep infinity`.
            cpu: Number of vCPUs, changed without a restart. Allowed: `0.5` to `8` in steps of `0.5`.
            disk_gb: Disk size of each member in GB. Allowed: `10` to `100` in steps of `10`.
            egress: Egress policy of each member. Removing the policy denies all outbound traffic. Defaults to denying
                all outbound traffic. Members that are forks default to the policy of their source.
            env: Environment variables of all processes. The API never returns them. Secret.
            idle_timeout_seconds: Time without activity after which `on_idle` applies, in seconds. `0` disables the
                timeout. Defaults to the account's setting. If the input is removed, the current value stays.
            image: Public OCI image, with registry path and a tag or digest. Conflicts with the other sources.
            max_concurrency: Maximum number of members that are created at the same time. Defaults to no limit. The
                API's rate limits always apply.
            max_lifetime_seconds: Maximum lifetime since creation or the last renewal, in seconds. `0` means no limit.
                When it ends, the sandbox is stopped, even if it is in use. Defaults to the account's setting. If the
                input is removed, the current value stays.
            max_surge: Maximum number of members beyond `replicas` during a replacement. Defaults to a quarter of
                `replicas`.
            max_unavailable: Maximum number of members that are out of service during an update. Defaults to a quarter
                of `replicas`. It limits how many members are replaced at a time, and how many running members are
                updated in place at a time (at least one). It does not limit pausing.
            memory_gb: Memory in GB, changed without a restart. Allowed: `1` to `16`.
            name: Prefix of the members' names: a DNS label of at most 51 characters, unique among the pools of the
                project. Members have names of the form `NAME-HASH-INDEX`. Sandboxes with similar names that do not
                belong to the pool are not changed. Defaults to a name generated from the resource's name.
            on_idle: Action when the idle timeout ends: `pause` or `delete`. Defaults to `pause`.
            paused: Whether the sandbox is paused. If unset, the sandbox starts running and the provider does not change
                its power state. If the sandbox is paused by its idle timeout, this is not drift.
            paused_retention_seconds: Retention of a paused sandbox, in seconds. `0` means it is never deleted. Defaults
                to the account's setting. If the input is removed, the current value stays.
            region: Region of the members. Defaults to the provider's region, then to the API's default region.
            resume_idle_paused: Whether an update resumes a sandbox that was paused by its idle timeout. Has an effect
                only if `paused` is `false`.
            rootfs_disk_gb: Part of the disk for the container's root file system, in GB. Must be less than `disk_gb`.
                Defaults to a fifth of `disk_gb`, at least `4`.
            snapshot_id: Id of the snapshot that each member starts from. Conflicts with the other sources.
            source_sandbox_id: Id of the sandbox that each member is forked from, in its state at that time. Conflicts
                with the other sources.
            template_id: Id of the sandbox template, such as `sb-ubuntu-26-04-minimal`. If no source is set, the API's
                default template is used. If this, another source, `region`, `env`, `command`, `disk_gb` or
                `rootfs_disk_gb` changes, the members are replaced a few at a time. Conflicts with `image`,
                `snapshot_id` and `source_sandbox_id`.
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
        """Command to run in the container. Requires `image`. Defaults to `sleep infinity`."""
        return self._output("command")

    @property
    @pulumi.getter(name="cpu")
    def cpu(self) -> pulumi.Output[float | None]:
        """Number of vCPUs, changed without a restart. Allowed: `0.5` to `8` in steps of `0.5`."""
        return self._output("cpu")

    @property
    @pulumi.getter(name="diskGb")
    def disk_gb(self) -> pulumi.Output[int | None]:
        """Disk size of each member in GB. Allowed: `10` to `100` in steps of `10`."""
        return self._output("diskGb")

    @property
    @pulumi.getter(name="egress")
    def egress(self) -> pulumi.Output[Egress]:
        """Egress policy of each member. Removing the policy denies all outbound traffic.

        Defaults to denying all outbound traffic. Members that are forks default to the policy of their source.
        """
        return self._output("egress")

    @property
    @pulumi.getter(name="env")
    def env(self) -> pulumi.Output[dict[str, str] | None]:
        """Environment variables of all processes. The API never returns them. Secret."""
        return self._output("env")

    @property
    @pulumi.getter(name="idleTimeoutSeconds")
    def idle_timeout_seconds(self) -> pulumi.Output[int | None]:
        """Time without activity after which `on_idle` applies, in seconds. `0` disables the timeout.

        Defaults to the account's setting. If the input is removed, the current value stays.
        """
        return self._output("idleTimeoutSeconds")

    @property
    @pulumi.getter(name="image")
    def image(self) -> pulumi.Output[str | None]:
        """Public OCI image, with registry path and a tag or digest. Conflicts with the other sources."""
        return self._output("image")

    @property
    @pulumi.getter(name="maxConcurrency")
    def max_concurrency(self) -> pulumi.Output[int | None]:
        """Maximum number of members that are created at the same time. Defaults to no limit.

        The API's rate limits always apply.
        """
        return self._output("maxConcurrency")

    @property
    @pulumi.getter(name="maxLifetimeSeconds")
    def max_lifetime_seconds(self) -> pulumi.Output[int | None]:
        """Maximum lifetime since creation or the last renewal, in seconds. `0` means no limit.

        When it ends, the sandbox is stopped, even if it is in use. Defaults to the account's setting. If the input is
        removed, the current value stays.
        """
        return self._output("maxLifetimeSeconds")

    @property
    @pulumi.getter(name="maxSurge")
    def max_surge(self) -> pulumi.Output[int | None]:
        """Maximum number of members beyond `replicas` during a replacement. Defaults to a quarter of `replicas`."""
        return self._output("maxSurge")

    @property
    @pulumi.getter(name="maxUnavailable")
    def max_unavailable(self) -> pulumi.Output[int | None]:
        """Maximum number of members that are out of service during an update. Defaults to a quarter of `replicas`.

        It limits how many members are replaced at a time, and how many running members are updated in place at a time
        (at least one). It does not limit pausing.
        """
        return self._output("maxUnavailable")

    @property
    @pulumi.getter(name="members")
    def members(self) -> pulumi.Output[list[PoolMember]]:
        """Members ordered by index, followed by those that still have to be deleted."""
        return self._output("members")

    @property
    @pulumi.getter(name="memoryGb")
    def memory_gb(self) -> pulumi.Output[int | None]:
        """Memory in GB, changed without a restart. Allowed: `1` to `16`."""
        return self._output("memoryGb")

    @property
    @pulumi.getter(name="name")
    def name(self) -> pulumi.Output[str]:
        """Prefix of the members' names: a DNS label of at most 51 characters, unique among the pools of the project.

        Members have names of the form `NAME-HASH-INDEX`. Sandboxes with similar names that do not belong to the pool
        are not changed. Defaults to a name generated from the resource's name.
        """
        return self._output("name")

    @property
    @pulumi.getter(name="onIdle")
    def on_idle(self) -> pulumi.Output[str | None]:
        """Action when the idle timeout ends: `pause` or `delete`. Defaults to `pause`."""
        return self._output("onIdle")

    @property
    @pulumi.getter(name="paused")
    def paused(self) -> pulumi.Output[bool | None]:
        """Whether the sandbox is paused.

        If unset, the sandbox starts running and the provider does not change its power state. If the sandbox is paused
        by its idle timeout, this is not drift.
        """
        return self._output("paused")

    @property
    @pulumi.getter(name="pausedRetentionSeconds")
    def paused_retention_seconds(self) -> pulumi.Output[int | None]:
        """Retention of a paused sandbox, in seconds. `0` means it is never deleted.

        Defaults to the account's setting. If the input is removed, the current value stays.
        """
        return self._output("pausedRetentionSeconds")

    @property
    @pulumi.getter(name="readyReplicas")
    def ready_replicas(self) -> pulumi.Output[int]:
        """Number of members that are `Ready` and reachable."""
        return self._output("readyReplicas")

    @property
    @pulumi.getter(name="region")
    def region(self) -> pulumi.Output[str | None]:
        """Region of the members. Defaults to the provider's region, then to the API's default region."""
        return self._output("region")

    @property
    @pulumi.getter(name="replicas")
    def replicas(self) -> pulumi.Output[int]:
        """Number of members. Scaling in deletes the members with the highest index."""
        return self._output("replicas")

    @property
    @pulumi.getter(name="resumeIdlePaused")
    def resume_idle_paused(self) -> pulumi.Output[bool | None]:
        """Whether an update resumes a sandbox that was paused by its idle timeout.

        Has an effect only if `paused` is `false`.
        """
        return self._output("resumeIdlePaused")

    @property
    @pulumi.getter(name="rootfsDiskGb")
    def rootfs_disk_gb(self) -> pulumi.Output[int | None]:
        """Part of the disk for the container's root file system, in GB. Must be less than `disk_gb`.

        Defaults to a fifth of `disk_gb`, at least `4`.
        """
        return self._output("rootfsDiskGb")

    @property
    @pulumi.getter(name="snapshotId")
    def snapshot_id(self) -> pulumi.Output[str | None]:
        """Id of the snapshot that each member starts from. Conflicts with the other sources."""
        return self._output("snapshotId")

    @property
    @pulumi.getter(name="sourceSandboxId")
    def source_sandbox_id(self) -> pulumi.Output[str | None]:
        """Id of the sandbox that each member is forked from, in its state at that time.

        Conflicts with the other sources.


        """
        return self._output("sourceSandboxId")

    @property
    @pulumi.getter(name="templateDigest")
    def template_digest(self) -> pulumi.Output[str]:
        """Digest of the inputs that `template_hash` was computed from."""
        return self._output("templateDigest")

    @property
    @pulumi.getter(name="templateHash")
    def template_hash(self) -> pulumi.Output[str]:
        """Hash of the members' template, part of their names."""
        return self._output("templateHash")

    @property
    @pulumi.getter(name="templateId")
    def template_id(self) -> pulumi.Output[str | None]:
        """Id of the sandbox template, such as `sb-ubuntu-26-04-minimal`.

        If no source is set, the API's default template is used. If this, another source, `region`, `env`, `command`,
        `disk_gb` or `rootfs_disk_gb` changes, the members are replaced a few at a time. Conflicts with `image`,
        `snapshot_id` and `source_sandbox_id`.
        """
        return self._output("templateId")

    @property
    @pulumi.getter(name="uid")
    def uid(self) -> pulumi.Output[str | None]:
        """Unique id of the resource.

        Part of `template_hash`, which tells its members from those of other pools with this name.
        """
        return self._output("uid")


class Snapshot(DynamicResource, module="neev", name="Snapshot"):
    """The state of a sandbox at one moment.

    A sandbox can be created from it (`snapshot_id`) or rolled back to it (`rollback_to_snapshot_id`). If `retain_for`
    is set, the API deletes the snapshot after that time.
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
            sandbox_id: Id of the sandbox to capture. Deleting the sandbox deletes the snapshot too.
            name: Name of the snapshot: a DNS label of at most 63 characters. Defaults to a name generated from the
                resource's name.
            retain_for: Retention of the snapshot, such as `720h`. `0` means no limit. Defaults to no limit.
            triggers: Arbitrary values. If one changes, the resource is replaced by a new snapshot.
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
        """Time of creation (RFC 3339)."""
        return self._output("createdAt")

    @property
    @pulumi.getter(name="createdBy")
    def created_by(self) -> pulumi.Output[str | None]:
        """Id of the user or API key that created the snapshot."""
        return self._output("createdBy")

    @property
    @pulumi.getter(name="errorMessage")
    def error_message(self) -> pulumi.Output[str | None]:
        """Reason of a failed capture. Absent if the capture did not fail."""
        return self._output("errorMessage")

    @property
    @pulumi.getter(name="expiresAt")
    def expires_at(self) -> pulumi.Output[str | None]:
        """Time when the API deletes the snapshot (RFC 3339). Absent if it has no retention limit."""
        return self._output("expiresAt")

    @property
    @pulumi.getter(name="name")
    def name(self) -> pulumi.Output[str]:
        """Name of the snapshot: a DNS label of at most 63 characters.

        Defaults to a name generated from the resource's name.
        """
        return self._output("name")

    @property
    @pulumi.getter(name="orgId")
    def org_id(self) -> pulumi.Output[str]:
        """Id of the organization."""
        return self._output("orgId")

    @property
    @pulumi.getter(name="projectId")
    def project_id(self) -> pulumi.Output[str]:
        """Id of the project."""
        return self._output("projectId")

    @property
    @pulumi.getter(name="restorability")
    def restorability(self) -> pulumi.Output[str]:
        """Restorability: `restorable`, `deprecating` or `unsupported`."""
        return self._output("restorability")

    @property
    @pulumi.getter(name="retainFor")
    def retain_for(self) -> pulumi.Output[str | None]:
        """Retention of the snapshot, such as `720h`. `0` means no limit. Defaults to no limit."""
        return self._output("retainFor")

    @property
    @pulumi.getter(name="sandboxId")
    def sandbox_id(self) -> pulumi.Output[str]:
        """Id of the sandbox to capture. Deleting the sandbox deletes the snapshot too."""
        return self._output("sandboxId")

    @property
    @pulumi.getter(name="sizeBytes")
    def size_bytes(self) -> pulumi.Output[int | None]:
        """Uncompressed size in bytes."""
        return self._output("sizeBytes")

    @property
    @pulumi.getter(name="snapshotType")
    def snapshot_type(self) -> pulumi.Output[str]:
        """Type of the snapshot: `full`."""
        return self._output("snapshotType")

    @property
    @pulumi.getter(name="sourceRegion")
    def source_region(self) -> pulumi.Output[str]:
        """Region of the snapshot. Sandboxes created from it must be in the same region."""
        return self._output("sourceRegion")

    @property
    @pulumi.getter(name="status")
    def status(self) -> pulumi.Output[str]:
        """Status: `Pending`, `Running`, `Ready` or `Failed`."""
        return self._output("status")

    @property
    @pulumi.getter(name="triggers")
    def triggers(self) -> pulumi.Output[list[Any] | None]:
        """Arbitrary values. If one changes, the resource is replaced by a new snapshot."""
        return self._output("triggers")


def get_agent_template(
    *,
    id: str | None = None,
    name: str | None = None,
    opts: pulumi.InvokeOptions | None = None,
) -> AgentTemplate:
    """Returns the agent template with the given id or exact name.

    Fails if none or several match. The error lists similar names.

    Args:
        id: Id of the object. Conflicts with `name`.
        name: Exact name of the object. Conflicts with `id`.
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
    """Returns the agent template with the given id or exact name.

    Fails if none or several match. The error lists similar names.

    Args:
        id: Id of the object. Conflicts with `name`.
        name: Exact name of the object. Conflicts with `id`.
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
    """Returns the agent templates of the catalog, including all pages of the API's list.

    Args:
        category: Category of the templates, such as `coding`. Defaults to no filter.
        name_contains: Substring of the name, case-insensitive. Defaults to no filter.
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
    """Returns the agent templates of the catalog, including all pages of the API's list.

    Args:
        category: Category of the templates, such as `coding`. Defaults to no filter.
        name_contains: Substring of the name, case-insensitive. Defaults to no filter.
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
    """Returns the sandbox with the given id or exact name. Fails if there is none.

    Args:
        id: Id of the object. Conflicts with `name`.
        name: Exact name of the object. Conflicts with `id`.
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
    """Returns the sandbox with the given id or exact name. Fails if there is none.

    Args:
        id: Id of the object. Conflicts with `name`.
        name: Exact name of the object. Conflicts with `id`.
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
    """Returns the resource usage of a sandbox over a time range.

    Args:
        sandbox_id: Id or name of the sandbox.
        resolution_seconds: Interval between two points, in seconds. Defaults to a value that the API chooses.
        window_seconds: Length of the time range, in seconds, ending now. Defaults to `3600`.
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
    """Returns the resource usage of a sandbox over a time range.

    Args:
        sandbox_id: Id or name of the sandbox.
        resolution_seconds: Interval between two points, in seconds. Defaults to a value that the API chooses.
        window_seconds: Length of the time range, in seconds, ending now. Defaults to `3600`.
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
    """Returns the sandbox template with the given id or exact name.

    Fails if none or several match. The error lists similar names.

    Args:
        id: Id of the object. Conflicts with `name`.
        name: Exact name of the object. Conflicts with `id`.
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
    """Returns the sandbox template with the given id or exact name.

    Fails if none or several match. The error lists similar names.

    Args:
        id: Id of the object. Conflicts with `name`.
        name: Exact name of the object. Conflicts with `id`.
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
    """Returns the sandbox templates of the catalog, including all pages of the API's list.

    Args:
        category: Category of the templates. Defaults to no filter.
        name_contains: Substring of the name, case-insensitive. Defaults to no filter.
        status: Status of the templates. Defaults to no filter.
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
    """Returns the sandbox templates of the catalog, including all pages of the API's list.

    Args:
        category: Category of the templates. Defaults to no filter.
        name_contains: Substring of the name, case-insensitive. Defaults to no filter.
        status: Status of the templates. Defaults to no filter.
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
    """Returns the sandboxes of the project, including all pages of the API's list.

    Args:
        name_contains: Substring of the name, case-insensitive. Defaults to no filter.
        phase: Phase, such as `Ready` or `Paused`. Defaults to no filter.
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
    """Returns the sandboxes of the project, including all pages of the API's list.

    Args:
        name_contains: Substring of the name, case-insensitive. Defaults to no filter.
        phase: Phase, such as `Ready` or `Paused`. Defaults to no filter.
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
    """Returns the snapshot with the given id. Fails if there is none.

    Args:
        id: Id of the object.
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
    """Returns the snapshot with the given id. Fails if there is none.

    Args:
        id: Id of the object.
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
    """Returns the snapshots of one sandbox, including all pages of the API's list.

    Args:
        sandbox_id: Id or name of the sandbox.
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
    """Returns the snapshots of one sandbox, including all pages of the API's list.

    Args:
        sandbox_id: Id or name of the sandbox.
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
