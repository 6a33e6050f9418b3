"""The data function for the audit trail of a sandbox."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field
from typing_extensions import override

from neev_provider.client import Api
from neev_provider.client.audit import AuditEvent, AuditPage
from neev_provider.client.http.pagination import PAGE_SIZE
from neev_provider.client.models import convert_response
from neev_provider.core.function import Function
from neev_provider.core.model import Arguments, Boolean, Integer, Outputs
from neev_provider.resources.references import require_existing


class AuditOutcome(StrEnum):
    """Outcome of an operation in a sandbox."""

    SUCCESS = "success"
    """The operation succeeded."""
    ERROR = "error"
    """The operation failed."""


class AuditQuery(Arguments):
    """Sandbox, time range and filters of an audit query."""

    sandbox_id: str
    """Id or name of the sandbox."""
    window_seconds: Annotated[Integer, Field(ge=1, le=365 * 86400)] = 86400
    """Length of the time range, in seconds, ending now: at most a year. Defaults to `86400`."""
    operation: str | None = None
    """Operation, such as `exec` or `fs.read`. Defaults to no filter."""
    outcome: AuditOutcome | None = None
    """Outcome: `success` or `error`. Defaults to no filter."""
    max_events: Annotated[Integer, Field(ge=1, le=10000)] = 500
    """Maximum number of events to read, newest first, before the filters apply. Defaults to `500`."""


class SandboxAuditEvent(Outputs):
    """An operation, a program or a connection in a sandbox."""

    id: str | None = None
    """Id of the event. Absent if the API does not report it."""
    at: str | None = None
    """Time of the event (RFC 3339). Absent if the API does not report it."""
    event_class: str | None = None
    """Class of the event in the Open Cybersecurity Schema Framework. Absent if the API has the older form."""
    activity: str | None = None
    """Activity within the class, such as `Create`. Absent if the API has the older form."""
    operation: str | None = None
    """Operation, such as `exec` or `fs.read`. Absent for events of programs and connections."""
    command: str | None = None
    """Program that ran, without its arguments. Absent if no program ran."""
    target: str | None = None
    """File, process or destination of the event. Absent if it has none."""
    outcome: str | None = None
    """Outcome: `success` or `error`. Absent if the event has none."""
    reason: str | None = None
    """Reason of the outcome, such as `ok` or `permission_denied`. Absent if there is none."""
    request_id: str | None = None
    """Id of the request that caused the event. Absent if no request did."""
    caller_source: str | None = None
    """Credential of the request. It identifies a key, not a person. Absent if no request caused the event."""
    duration_ms: int | None = None
    """Duration, in milliseconds. Absent if it was not measured."""


class GetSandboxAuditResult(Outputs):
    """Audit trail of a sandbox."""

    start: str | None = None
    """Start of the time range (RFC 3339). Later than requested if the API no longer has the older events."""
    end: str | None = None
    """End of the time range (RFC 3339)."""
    retention_days: int | None = None
    """Number of days for which the API keeps events. Absent if the API does not report it."""
    truncated: Boolean
    """Whether events of the requested range are missing: there are more than `maxEvents`, or the API deleted them."""
    events: list[SandboxAuditEvent]
    """Matching events, newest first."""


class GetSandboxAudit(Function[AuditQuery, GetSandboxAuditResult]):
    """Returns what happened in a sandbox over a time range: operations, programs and connections, newest first.

    The pages of the API's trail are read one after another until the range or `maxEvents` ends.
    """

    name = "getSandboxAudit"
    arguments = AuditQuery
    result = GetSandboxAuditResult

    @override
    async def call(self, api: Api, arguments: AuditQuery) -> GetSandboxAuditResult:
        page, events, is_complete = await require_existing(_read_trail(api, arguments), api, arguments.sandbox_id)
        return GetSandboxAuditResult(
            start=page.from_,
            end=page.to,
            retention_days=page.retention_days,
            truncated=page.window_truncated or not is_complete,
            events=[
                convert_response(SandboxAuditEvent, event.model_dump())
                for event in events
                if arguments.operation in (None, event.operation) and arguments.outcome in (None, event.outcome)
            ],
        )


async def _read_trail(api: Api, query: AuditQuery) -> tuple[AuditPage, list[AuditEvent], bool]:
    """Return the first page, the events of all pages up to the limit, and whether they are all."""
    # without an end the range ends now by the API's clock, which may differ from this machine's
    start = datetime.fromtimestamp(api.transport.server_clock.now() - query.window_seconds, UTC)

    async def read_page(cursor: str | None, limit: int) -> AuditPage:
        return await api.sandboxes.read_audit_page(
            query.sandbox_id, from_=start.isoformat(), cursor=cursor, limit=min(limit, PAGE_SIZE)
        )

    first = page = await read_page(None, query.max_events)
    events = list(page.events)
    while page.next_cursor and len(events) < query.max_events:
        page = await read_page(page.next_cursor, query.max_events - len(events))
        events += page.events
    return first, events, not page.next_cursor
