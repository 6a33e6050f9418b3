"""P/sandboxes/{sandbox}/audit and P/agents/{agent}/audit: the operations inside a sandbox."""

import base64
import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import astuple
from operator import itemgetter
from typing import Any

from starlette.responses import Response

from neev_emulator.api import schemas
from neev_emulator.api.json_response import JSONResponse
from neev_emulator.api.operations import TIME_RANGE_QUERY, QueryParameter, operation
from neev_emulator.api.request_context import RequestContext
from neev_emulator.clock import format_time
from neev_emulator.errors import invalid
from neev_emulator.runtime import AuditRecord

_DAY_SECONDS = 24 * 3600.0
_RETENTION_DAYS = 30
_DEFAULT_RECORDS = 50
_MAX_RECORDS = 500
_LIMIT = QueryParameter("limit", {"type": "integer", "minimum": 1, "maximum": _MAX_RECORDS})
_CURSOR = QueryParameter("cursor", {"type": "string"})

AuditItem = tuple[float, str, AuditRecord]
"""Time, id and record."""


@operation(schemas.Audit, query=(*TIME_RANGE_QUERY, _CURSOR, _LIMIT))
async def audit(request: RequestContext) -> Response:
    """Return a page of the operations inside the sandbox, the newest first."""
    sandbox, now = request.target_sandbox(), request.backend.clock.now()
    start, end = request.time_range(_DAY_SECONDS)
    limit = request.int_query("limit", _DEFAULT_RECORDS, maximum=_MAX_RECORDS)
    oldest = now - _RETENTION_DAYS * _DAY_SECONDS
    host = request.backend.storage.find_host(sandbox.id)
    items = _audit_page(host.audit if host else ())
    cursor = _parse_cursor(request)
    matches = [entry for entry in items if start <= entry[0] <= end and (cursor is None or entry[:2] < cursor)]
    page = {
        "sandbox_id": sandbox.id,
        "from": format_time(max(start, oldest)),
        "to": format_time(end),
        "retention_days": _RETENTION_DAYS,
        "window_truncated": start < oldest,
        "records": [_serialize_record(key, record, request.backend.caller) for _, key, record in matches[:limit]],
    }
    if len(matches) > limit:
        at, key, _ = matches[limit - 1]
        page["next_cursor"] = base64.urlsafe_b64encode(f"{at!r} {key}".encode()).decode()
    return JSONResponse(page)


def _audit_page(records: Iterable[AuditRecord]) -> list[AuditItem]:
    occurrences: Counter[AuditRecord] = Counter()
    items = []
    for record in records:
        occurrences[record] += 1
        key = hashlib.sha256(repr((astuple(record), occurrences[record])).encode()).hexdigest()[:24]
        items.append((record.at, key, record))
    return sorted(items, key=itemgetter(0, 1), reverse=True)


def _parse_cursor(request: RequestContext) -> tuple[float, str] | None:
    text = request.query_param("cursor")
    if text is None:
        return None
    try:
        at, key = base64.urlsafe_b64decode(text).decode().split(" ")
        return float(at), key
    except ValueError as error:
        raise invalid("cursor", "is not a cursor of an earlier page") from error


def _serialize_record(key: str, record: AuditRecord, caller: str) -> dict[str, Any]:
    details = {"command": record.command, "target": record.target}
    return {
        "at": format_time(record.at),
        "id": key,
        "tool": record.tool,
        **{name: text for name, text in details.items() if text is not None},
        "outcome": record.outcome,
        "reason_code": record.reason_code,
        "caller_source": caller,
        "duration_ms": record.duration_ms,
    }
