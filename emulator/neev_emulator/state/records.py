"""What the emulator remembers: frozen records whose status follows from their course and the clock."""

from typing import Literal, Self
from uuid import uuid4

from pydantic import Field

from neev_emulator.settings import FrozenModel
from neev_emulator.state.egress import Policy

DriveMode = Literal["http", "exec", "pty"]
OnIdle = Literal["pause", "delete"]


class PhaseTransition(FrozenModel):
    """A phase that holds from this moment on, until the next step."""

    at: float
    phase: str


PhaseSchedule = tuple[PhaseTransition, ...]


def phase_schedule(start: float, *phases: str | float) -> PhaseSchedule:
    """The phases with the seconds between them: `course(now, "Pending", 0.1, "Ready")`."""
    steps: list[PhaseTransition] = []
    for item in phases:
        if isinstance(item, str):
            steps.append(PhaseTransition(at=start, phase=item))
        else:
            start += item
    return tuple(steps)


class Record(FrozenModel):
    """Anything of a project that has an id and a course."""

    id: str = Field(default_factory=lambda: str(uuid4()))
    org_id: str
    project_id: str
    created_by: str | None = None
    created_at: float
    updated_at: float
    phase_schedule: PhaseSchedule = ()
    gone_at: float | None = None
    """When it will have disappeared; set by a delete."""

    def phase(self, now: float) -> str:
        """The phase that holds now."""
        phase = self.phase_schedule[0].phase
        for step in self.phase_schedule[1:]:
            if step.at <= now:
                phase = step.phase
        return phase

    def stable_at(self) -> float:
        """When the last phase of its course is reached."""
        return self.phase_schedule[-1].at

    def with_changes(self, **changes: object) -> Self:
        """The record with these fields changed."""
        return self.model_copy(update=changes)


class Resources(FrozenModel):
    """The size of a sandbox."""

    cpu: float = 1
    memory_gb: int = 2
    disk_gb: int = 10
    rootfs_disk_gb: int = 4


class ExpirationPolicy(FrozenModel):
    """The windows of a sandbox as they were given; null is the account's default, 0 is no limit."""

    idle_timeout_seconds: int | None = None
    max_lifetime_seconds: int | None = None
    paused_retention_seconds: int | None = None
    on_idle: OnIdle = "pause"


class SandboxRecord(Record):
    """A sandbox; its files are a directory of the same id."""

    name: str
    region: str
    image: str
    command: list[str] | None = None
    env: dict[str, str] = Field(default={}, repr=False)
    resources: Resources
    egress: Policy = Policy()
    lifecycle: ExpirationPolicy = ExpirationPolicy()
    template_id: str | None = None
    ports: dict[int, str] = Field(default={}, repr=False)
    """The slug of each exposed port."""
    ready_from: float | None
    """When it was first ready; null while that never comes."""
    addressable_from: float | None
    active_from: float | None
    """Where the idle window starts, unless there was activity since; null while it does not run."""
    lifetime_from: float
    paused_at: float | None = None
    idle_deadline: float | None = None
    """What `idle_expires_at` was when the sandbox was paused; it stays."""


class SnapshotRecord(Record):
    """A copy of a sandbox's files, and what is needed to make a sandbox of them."""

    name: str | None = None
    sandbox_id: str
    region: str
    size_bytes: int
    error: str | None = None
    expires_at: float | None = None
    image: str
    command: list[str] | None = None
    resources: Resources


class AgentRecord(Record):
    """A packaged agent; its status is that of its sandbox."""

    name: str
    template_id: str
    drive_mode: DriveMode
    ui_port: int | None = None
    sandbox_id: str
    config: dict[str, object] = Field(default={})
    gateway_token: str | None = Field(default=None, repr=False)
