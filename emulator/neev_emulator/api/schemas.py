"""The schemas of the API's responses; `openapi` describes them, `serializers` creates them."""

from typing import Annotated, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from neev_emulator.errors import ErrorCode
from neev_emulator.state.records import DriveMode, OnIdle

Timestamp = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
TemplateStatus = Literal["active", "deprecated", "disabled"]


class ErrorBody(TypedDict):
    """An error; `error` is the deprecated name of `message`."""

    error: str
    message: str
    details: NotRequired[str]
    code: NotRequired[ErrorCode]
    scope: NotRequired[str]


class Resources(TypedDict):
    """The size of a sandbox."""

    cpu: float
    memory_gb: int
    disk_gb: int
    rootfs_disk_gb: int


class EgressRule(TypedDict):
    """A destination that is allowed."""

    host: str
    ports: NotRequired[list[int]]
    protocol: NotRequired[Literal["TCP", "UDP"]]


class Egress(TypedDict):
    """The destinations that a sandbox may reach."""

    mode: Literal["deny_all", "allow_list"]
    allow_internet: bool
    allow: list[EgressRule]


class Sandbox(TypedDict):
    """A sandbox; its environment variables are never returned."""

    id: str
    org_id: str
    project_id: str
    name: str
    region: str
    image: str
    command: NotRequired[list[str]]
    resources: Resources
    phase: str
    addressable: bool
    connect_url: str | None
    replicas: NotRequired[Literal[0, 1]]
    """Absent since 0.9."""
    egress: Egress
    sandbox_template_id: str | None
    labels: NotRequired[dict[str, str]]
    """Absent before 0.9."""
    created_by: str | None
    last_crash: None
    created_at: Timestamp
    updated_at: Timestamp
    idle_timeout_seconds: int | None
    max_lifetime_seconds: int | None
    paused_retention_seconds: int | None
    on_idle: OnIdle
    idle_expires_at: Timestamp | None
    hard_expires_at: Timestamp | None


class BuildDescriptor(TypedDict):
    """The image and size of the snapshot's sandbox."""

    image: str
    resources: Resources


class Snapshot(TypedDict):
    """A copy of a sandbox's files."""

    id: str
    sandbox_id: str
    org_id: str
    project_id: str
    name: NotRequired[str]
    status: str
    snapshot_type: Literal["full"]
    source_region: str
    size_bytes: int | None
    error_message: str | None
    expires_at: Timestamp | None
    created_by: str | None
    sandbox_format_version: int
    restorability: Literal["restorable", "deprecating", "unsupported"]
    build_descriptor: BuildDescriptor
    created_at: Timestamp
    updated_at: Timestamp


class Port(TypedDict):
    """An exposed port; its URL gives access without a key."""

    port: int
    slug: str
    preview_url: str


class Ports(TypedDict):
    """All exposed ports."""

    ports: list[Port]


class Agent(TypedDict):
    """A packaged agent with its own sandbox."""

    id: str
    org_id: str
    project_id: str
    name: str
    agent_template_id: str
    drive_mode: DriveMode
    sandbox_id: str
    config: dict[str, object]
    status: str
    web_ui_url: str | None
    metrics_url: str
    gateway_token: str | None
    last_crash: None
    egress: Egress
    idle_timeout_seconds: int | None
    created_at: Timestamp
    updated_at: Timestamp


class ConnectToken(TypedDict):
    """A token for the runtime of a sandbox."""

    token: str
    expires_in: int


class AgentConnection(TypedDict):
    """The URL of an agent's sandbox, and a token for it."""

    connect_url: str
    token: str
    expires_at: Timestamp


class SandboxTemplate(TypedDict):
    """An image of the catalog."""

    id: str
    name: str
    description: str
    icon: str | None
    category: Literal["standard", "browser"]
    status: TemplateStatus
    created_at: Timestamp
    updated_at: Timestamp


class AgentTemplate(TypedDict):
    """A packaged agent of the catalog."""

    id: str
    name: str
    description: str
    icon: str | None
    category: str
    status: TemplateStatus
    agent_version: str | None
    ui: dict[str, object]
    config_schema: NotRequired[dict[str, object]]
    default_resources: Resources | None
    default_egress: Egress | None
    created_at: Timestamp
    updated_at: Timestamp


class Page(TypedDict):
    """The position of a page in its list."""

    total: int
    page: int
    limit: int


class SandboxPage(Page):
    """Sandboxes, the newest first."""

    items: list[Sandbox]


class SnapshotPage(Page):
    """Snapshots, the newest first."""

    items: list[Snapshot]


class AgentPage(Page):
    """Agents, the newest first."""

    items: list[Agent]


class SandboxTemplatePage(Page):
    """Templates of sandboxes."""

    items: list[SandboxTemplate]


class AgentTemplatePage(Page):
    """Templates of agents."""

    items: list[AgentTemplate]


TimeRange = TypedDict("TimeRange", {"from": Timestamp, "to": Timestamp})


class Series(TypedDict):
    """One metric."""

    metric: str
    unit: str
    points: list[tuple[float, float]]
    """Seconds since the epoch, and the mean over the step that begins there."""


class Metrics(TimeRange):
    """The resource usage of a sandbox."""

    sandbox_id: str
    step: str
    series: list[Series]
