"""P/sandboxes/{sandbox}/audit and P/agents/{agent}/audit: the operations inside a sandbox."""

import base64
import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import astuple
from operator import itemgetter
from typing import Any, NamedTuple

from starlette.responses import Response

from neev_emulator.api.audit_events import AuditPage, serialize_operation, serialize_program, serialize_record
from neev_emulator.api.json_response import JSONResponse
from neev_emulator.api.operations import TIME_RANGE_QUERY, QueryParameter, operation
from neev_emulator.api.request_context import RequestContext
from neev_emulator.clock import format_time
from neev_emulator.errors import invalid
from neev_emulator.runtime import AuditRecord

_DAY_SECONDS = 24 * 3600.0
_RETENTION_DAYS = 30
_DEFAULT_EVENTS = 50
_MAX_EVENTS = 500
_LIMIT = QueryParameter("limit", {"type": "integer", "minimum": 1, "maximum": _MAX_EVENTS})
_CURSOR = QueryParameter("cursor", {"type": "string"})


class TrailItem(NamedTuple):
    """An operation, or the program that it started."""

    at: float
    key: str
    record: AuditRecord
    is_program: bool = False


@operation(AuditPage, query=(*TIME_RANGE_QUERY, _CURSOR, _LIMIT))
async def audit(request: RequestContext) -> Response:
    """Return a page of what happened inside the sandbox, the newest first."""
    sandbox, now = request.target_sandbox(), request.backend.clock.now()
    start, end = request.time_range(_DAY_SECONDS)
    limit = request.int_query("limit", _DEFAULT_EVENTS, maximum=_MAX_EVENTS)
    oldest = now - _RETENTION_DAYS * _DAY_SECONDS
    host = request.backend.storage.find_host(sandbox.id)
    is_ocsf = request.backend.settings.api != "0.8"
    items = _list_items(host.audit if host else (), with_programs=is_ocsf and sandbox.execution_trace)
    cursor = _parse_cursor(request)
    matches = [item for item in items if start <= item.at <= end and (cursor is None or item[:2] < cursor)]
    page = {
        "from": format_time(max(start, oldest)),
        "to": format_time(end),
        "retention_days": _RETENTION_DAYS,
        "window_truncated": start < oldest,
        **_serialize_items(matches[:limit], sandbox.id, request.backend.caller, is_ocsf=is_ocsf),
    }
    if len(matches) > limit:
        at, key = matches[limit - 1][:2]
        page["next_cursor"] = base64.urlsafe_b64encode(f"{at!r} {key}".encode()).decode()
    return JSONResponse(page)


def _list_items(records: Iterable[AuditRecord], *, with_programs: bool) -> list[TrailItem]:
    occurrences: Counter[AuditRecord] = Counter()
    items = []
    for record in records:
        occurrences[record] += 1
        key = hashlib.sha256(repr((astuple(record), occurrences[record])).encode()).hexdigest()[:24]
        items.append(TrailItem(record.at, key, record))
        if with_programs and record.command is not None:
            items.append(TrailItem(record.at, f"{key}-program", record, is_program=True))
    return sorted(items, key=itemgetter(0, 1), reverse=True)


def _serialize_items(items: Sequence[TrailItem], sandbox_id: str, caller: str, *, is_ocsf: bool) -> dict[str, Any]:
    if not is_ocsf:
        records = [serialize_record(item.key, item.record, caller) for item in items]
        return {"sandbox_id": sandbox_id, "records": records}
    return {
        "data": [
            (serialize_program if item.is_program else serialize_operation)(item.key, item.record, caller)
            for item in items
        ]
    }


def _parse_cursor(request: RequestContext) -> tuple[float, str] | None:
    text = request.query_param("cursor")
    if text is None:
        return None
    try:
        at, key = base64.urlsafe_b64decode(text).decode().split(" ")
        return float(at), key
    except ValueError as error:
        raise invalid("cursor", "is not a cursor of an earlier page") from error
