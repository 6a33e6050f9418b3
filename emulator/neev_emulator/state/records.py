"""Immutable records, whose phase follows from their schedule and the clock."""

from typing import Literal, Self
from uuid import uuid4

from pydantic import Field

from neev_emulator.runtime import ProcessDefinition
from neev_emulator.settings import FrozenModel
from neev_emulator.state.egress import Policy

DriveMode = Literal["http", "exec", "pty"]
OnIdle = Literal["pause", "delete"]


class PhaseTransition(FrozenModel):
    """A phase that begins at this time."""

    at: float
    phase: str


PhaseSchedule = tuple[PhaseTransition, ...]


def phase_schedule(start: float, *phases: str | float) -> PhaseSchedule:
    """Return a schedule of phases with the seconds between them: `(now, "Pending", 0.1, "Ready")`."""
    steps: list[PhaseTransition] = []
    for item in phases:
        if isinstance(item, str):
            steps.append(PhaseTransition(at=start, phase=item))
        else:
            start += item
    return tuple(steps)


class Record(FrozenModel):
    """An object of a project with an id and a phase schedule."""

    id: str = Field(default_factory=lambda: str(uuid4()))
    org_id: str
    project_id: str
    created_by: str | None = None
    created_at: float
    updated_at: float
    phase_schedule: PhaseSchedule = ()
    gone_at: float | None = None
    """Time at which the object is gone; set by a delete."""

    def phase(self, now: float) -> str:
        """Return the phase at this time."""
        phase = self.phase_schedule[0].phase
        for step in self.phase_schedule[1:]:
            if step.at <= now:
                phase = step.phase
        return phase

    def stable_at(self) -> float:
        """Return the time of the last phase transition."""
        return self.phase_schedule[-1].at

    def with_changes(self, **changes: object) -> Self:
        """Return the record with these fields changed."""
        return self.model_copy(update=changes)


class Resources(FrozenModel):
    """The size of a sandbox."""

    cpu: float = 1
    memory_gb: int = 2
    disk_gb: int = 10
    rootfs_disk_gb: int = 4


class ExpirationPolicy(FrozenModel):
    """The expiration policy of a sandbox; None means the account's default, 0 no limit."""

    idle_timeout_seconds: int | None = None
    max_lifetime_seconds: int | None = None
    paused_retention_seconds: int | None = None
    on_idle: OnIdle = "pause"


class SandboxRecord(Record):
    """A sandbox; its files are in a directory named by its id."""

    name: str
    region: str
    image: str
    command: list[str] | None = None
    env: dict[str, str] = Field(default={}, repr=False)
    resources: Resources
    egress: Policy = Policy()
    lifecycle: ExpirationPolicy = ExpirationPolicy()
    template_id: str | None = None
    labels: dict[str, str] = Field(default={})
    execution_trace: bool = True
    """Whether programs are in the audit trail."""
    ports: dict[int, str] = Field(default={}, repr=False)
    """The slug of each exposed port."""
    ready_from: float | None
    """Time at which it is ready for the first time; None if never."""
    addressable_from: float | None
    active_from: float | None
    """Start of the idle timeout, unless there was activity since; None if it does not run."""
    lifetime_from: float
    paused_at: float | None = None
    idle_deadline: float | None = None
    """`idle_expires_at` at the time of the pause."""


class SnapshotRecord(Record):
    """A copy of a sandbox's files, with what is needed to restore it."""

    name: str | None = None
    sandbox_id: str
    region: str
    size_bytes: int
    error: str | None = None
    expires_at: float | None = None
    image: str
    command: list[str] | None = None
    resources: Resources
    processes: tuple[ProcessDefinition, ...] = Field(default=(), repr=False)


class AgentRecord(Record):
    """A packaged agent; its status is that of its sandbox."""

    name: str
    template_id: str
    drive_mode: DriveMode
    ui_port: int | None = None
    sandbox_id: str
    config: dict[str, object] = Field(default={})
    gateway_token: str | None = Field(default=None, repr=False)
