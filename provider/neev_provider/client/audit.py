"""The audit trail of a sandbox, in the form of either version of the API."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AliasChoices, BeforeValidator, Field

from neev_provider.client.models import ApiModel, build_parser, format_timestamp

_OCSF_OUTCOMES = {"success": "success", "failure": "error"}


def _flatten_event(event: Any) -> Any:
    """Return an event of the OCSF form with the names of the older records; return a record as it is."""
    if not isinstance(event, Mapping) or "at" in event:
        return event
    metadata, api, actor = (_mapping(event, name) for name in ("metadata", "api", "actor"))
    process = _mapping(event, "process") or _mapping(actor, "process")
    status = str(event.get("status") or "").lower()
    return {
        "id": metadata.get("uid"),
        "at": _format_time(event.get("time_dt") or event.get("time")),
        "event_class": event.get("class_name"),
        "activity": event.get("activity_name"),
        "tool": api.get("operation"),
        "command": process.get("name") or process.get("cmd_line"),
        "target": _find_target(event),
        "outcome": _OCSF_OUTCOMES.get(status, status or None),
        "reason_code": event.get("status_code") or event.get("status_detail"),
        "request_id": _mapping(api, "request").get("uid"),
        "caller_source": _find_caller(_mapping(actor, "user")),
        "duration_ms": _round(event.get("duration")),
    }


def _mapping(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the object at the name; an empty one if there is none."""
    found = value.get(name)
    return found if isinstance(found, Mapping) else {}


def _format_time(time: Any) -> Any:
    """Return the RFC 3339 time for milliseconds since 1970; return a text as it is."""
    return format_timestamp(time / 1000) if isinstance(time, int | float) else time


def _round(number: Any) -> Any:
    """Return a number without its fraction; return anything else as it is."""
    return round(number) if isinstance(number, float) else number


def _find_target(event: Mapping[str, Any]) -> Any:
    """Return the path of an event about a file, or the destination of an event about a connection."""
    endpoint = _mapping(event, "dst_endpoint")
    host = endpoint.get("hostname") or endpoint.get("ip")
    if host:
        return f"{host}:{endpoint['port']}" if endpoint.get("port") else host
    return _mapping(event, "file").get("path")


def _find_caller(user: Mapping[str, Any]) -> Any:
    return user.get("credential_uid") or user.get("uid") or user.get("name")


class AuditEvent(ApiModel):
    """An event in a sandbox: an operation of the API, or a program or connection, which have no operation."""

    id: str | None = None
    at: str | None = None
    event_class: str | None = None
    activity: str | None = None
    operation: str | None = Field(default=None, alias="tool")
    command: str | None = None
    target: str | None = None
    outcome: str | None = None
    reason: str | None = Field(default=None, alias="reason_code")
    request_id: str | None = None
    caller_source: str | None = None
    duration_ms: int | None = None


class AuditPage(ApiModel):
    """A page of the trail, the newest event first."""

    from_: str | None = Field(default=None, alias="from")
    to: str | None = None
    retention_days: int | None = None
    window_truncated: bool = False
    next_cursor: str | None = None
    events: tuple[Annotated[AuditEvent, BeforeValidator(_flatten_event)], ...] = Field(
        default=(), validation_alias=AliasChoices("data", "records")
    )


parse_audit_page = build_parser(AuditPage)
