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
    computer = request.backend.storage.find_host(sandbox.id)
    trail = _audit_page(computer.audit if computer else ())
    before = _parse_cursor(request)
    found = [entry for entry in trail if start <= entry[0] <= end and (before is None or entry[:2] < before)]
    answer = {
        "sandbox_id": sandbox.id,
        "from": format_time(max(start, oldest)),
        "to": format_time(end),
        "retention_days": _RETENTION_DAYS,
        "window_truncated": start < oldest,
        "records": [_serialize_record(key, record, request.backend.caller) for _, key, record in found[:limit]],
    }
    if len(found) > limit:
        at, key, _ = found[limit - 1]
        answer["next_cursor"] = base64.urlsafe_b64encode(f"{at!r} {key}".encode()).decode()
    return JSONResponse(answer)


def _audit_page(records: Iterable[AuditRecord]) -> list[AuditItem]:
    same: Counter[AuditRecord] = Counter()
    trail = []
    for record in records:
        same[record] += 1
        key = hashlib.sha256(repr((astuple(record), same[record])).encode()).hexdigest()[:24]
        trail.append((record.at, key, record))
    return sorted(trail, key=itemgetter(0, 1), reverse=True)


def _parse_cursor(request: RequestContext) -> tuple[float, str] | None:
    text = request.query_param("cursor")
    if text is None:
        return None
    try:
        at, key = base64.urlsafe_b64decode(text).decode().split(" ")
        return float(at), key
    except ValueError as error:
        raise invalid("cursor", "is not one that was answered before") from error


def _serialize_record(key: str, record: AuditRecord, caller: str) -> dict[str, Any]:
    about = {"command": record.command, "target": record.target}
    return {
        "at": format_time(record.at),
        "id": key,
        "tool": record.tool,
        **{name: text for name, text in about.items() if text is not None},
        "outcome": record.outcome,
        "reason_code": record.reason_code,
        "caller_source": caller,
        "duration_ms": record.duration_ms,
    }
