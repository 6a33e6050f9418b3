"""The shapes of what is seen of a sandbox from outside."""

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from neev_emulator.api.schemas import Timestamp

TimeRange = TypedDict("TimeRange", {"sandbox_id": str, "from": Timestamp, "to": Timestamp})


class Series(TypedDict):
    """One metric."""

    metric: str
    unit: str
    points: list[tuple[float, float]]
    """Seconds since the epoch, and the mean over the step that begins there."""


class Metrics(TimeRange):
    """What a sandbox used."""

    step: str
    series: list[Series]


class AuditEntry(TypedDict):
    """One thing that was done inside a sandbox."""

    at: Timestamp
    id: str
    tool: str
    command: NotRequired[str]
    target: NotRequired[str]
    outcome: Literal["success", "error"]
    reason_code: str
    caller_source: str
    duration_ms: int


class Audit(TimeRange):
    """A page of what was done inside a sandbox, the newest first."""

    retention_days: int
    window_truncated: bool
    records: list[AuditEntry]
    next_cursor: NotRequired[str]
