"""The events of an audit trail: records until 0.8, then in the form of OCSF.

OCSF is the Open Cybersecurity Schema Framework: API Activity for operations, Process Activity for programs.
"""

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from neev_emulator.api.schemas import TimeRange, Timestamp
from neev_emulator.clock import format_time
from neev_emulator.runtime import AuditRecord

_OCSF_VERSION = "1.5.0"
_INFORMATIONAL = 1


class AuditEntry(TypedDict):
    """One operation inside a sandbox, until 0.8."""

    at: Timestamp
    id: str
    tool: str
    command: NotRequired[str]
    target: NotRequired[str]
    outcome: Literal["success", "error"]
    reason_code: str
    caller_source: str
    duration_ms: int


class EventMetadata(TypedDict):
    """The id of the event, and the version of the form."""

    uid: str
    version: str


class EventUser(TypedDict):
    """Who caused the event: the credential."""

    credential_uid: str


class EventActor(TypedDict):
    """Who caused the event."""

    user: EventUser


class EventApi(TypedDict):
    """The operation of the API."""

    operation: str


class EventProcess(TypedDict):
    """A program by its name, or a supervised process by its id."""

    name: NotRequired[str]
    uid: NotRequired[str]


class EventFile(TypedDict):
    """The path of a file."""

    path: str


class AuditEvent(TypedDict):
    """An operation of the API, or a program that started, which has no `api`."""

    category_uid: int
    class_uid: int
    class_name: Literal["API Activity", "Process Activity"]
    activity_id: int
    activity_name: str
    type_uid: int
    severity_id: int
    time: int
    """Milliseconds since 1970."""
    time_dt: Timestamp
    status_id: Literal[1, 2]
    status: Literal["Success", "Failure"]
    status_code: str
    duration: NotRequired[int]
    """Milliseconds."""
    metadata: EventMetadata
    actor: EventActor
    api: NotRequired[EventApi]
    process: NotRequired[EventProcess]
    file: NotRequired[EventFile]


class AuditPage(TimeRange):
    """A page of the trail, the newest event first: `records` and `sandbox_id` until 0.8, then `data`."""

    sandbox_id: NotRequired[str]
    retention_days: int
    window_truncated: bool
    records: NotRequired[list[AuditEntry]]
    data: NotRequired[list[AuditEvent]]
    next_cursor: NotRequired[str]


def serialize_record(key: str, record: AuditRecord, caller: str) -> AuditEntry:
    """Return the record of an operation."""
    entry: AuditEntry = {
        "at": format_time(record.at),
        "id": key,
        "tool": record.tool,
        "outcome": record.outcome,
        "reason_code": record.reason_code,
        "caller_source": caller,
        "duration_ms": record.duration_ms,
    }
    if record.command is not None:
        entry["command"] = record.command
    if record.target is not None:
        entry["target"] = record.target
    return entry


def serialize_operation(key: str, record: AuditRecord, caller: str) -> AuditEvent:
    """Return the event of an operation of the API."""
    event = _build_event(key, record, caller)
    event |= {"api": {"operation": record.tool}, "duration": record.duration_ms}
    if record.outcome == "error":
        event |= {"status_id": 2, "status": "Failure"}
    if record.command is not None:
        event["process"] = {"name": record.command}
    elif record.target is not None and record.tool.startswith("process."):
        event["process"] = {"uid": record.target}
    elif record.target is not None:
        event["file"] = {"path": record.target}
    return event


def serialize_program(key: str, record: AuditRecord, caller: str) -> AuditEvent:
    """Return the event of the program that an operation started."""
    event = _build_event(key, record, caller)
    return event | {
        "category_uid": 1,
        "class_uid": 1007,
        "class_name": "Process Activity",
        "activity_id": 1,
        "activity_name": "Launch",
        "type_uid": 100701,
        "status_code": "ok",
        "process": {"name": record.command or ""},
    }


def _build_event(key: str, record: AuditRecord, caller: str) -> AuditEvent:
    return {
        "category_uid": 6,
        "class_uid": 6003,
        "class_name": "API Activity",
        "activity_id": 99,  # another one than the form lists: the name says which
        "activity_name": record.tool,
        "type_uid": 600399,
        "severity_id": _INFORMATIONAL,
        "time": round(record.at * 1000),
        "time_dt": format_time(record.at),
        "status_id": 1,
        "status": "Success",
        "status_code": record.reason_code,
        "metadata": {"uid": key, "version": _OCSF_VERSION},
        "actor": {"user": {"credential_uid": caller}},
    }
