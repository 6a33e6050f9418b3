"""What can be seen of a sandbox from outside: its metrics and its audit trail."""

import base64
import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import astuple
from operator import itemgetter
from typing import Any

from starlette.responses import Response

from neev_emulator.api import observed_schemas
from neev_emulator.api.json_response import JSONResponse
from neev_emulator.api.operations import WINDOW, Query, answering
from neev_emulator.api.request_context import Call
from neev_emulator.api.requests import duration
from neev_emulator.clock import stamp
from neev_emulator.errors import invalid
from neev_emulator.runtime import AuditRecord
from neev_emulator.state.metrics import METRICS, Window

_HOUR = 3600.0
_DAY = 24 * _HOUR
_RETENTION_DAYS = 30
_USUAL_RECORDS = 50
_MOST_RECORDS = 500
_STEP = Query("step", {"type": "string", "pattern": "^[1-9][0-9]{0,5}[smh]$"})
_LIMIT = Query("limit", {"type": "integer", "minimum": 1, "maximum": _MOST_RECORDS})
_CURSOR = Query("cursor", {"type": "string"})

Entry = tuple[float, str, AuditRecord]
"""When it was, the record's id, and the record."""


@answering(observed_schemas.Metrics, query=(*WINDOW, _STEP))
async def metrics(call: Call) -> Response:
    """What the sandbox used, by step, over the window; measured now too, if the window reaches that far."""
    sandbox, now = call.backing(), call.world.clock.now()
    start, end = call.window(_HOUR)
    window = Window.of(start, end, _step(call))
    if end >= now and sandbox.gone_at is None and call.world.files.running(sandbox.id):
        await call.world.measure(sandbox)
        window = Window(window.start, max(end, call.world.clock.now()), window.step)
    series = [
        {"metric": name, "unit": unit, "points": call.world.meters.series(sandbox.id, window, value)}
        for name, unit, value in METRICS
    ]
    return JSONResponse(
        {
            "sandbox_id": sandbox.id,
            "from": stamp(window.start),
            "to": stamp(window.end),
            "step": f"{window.step}s",
            "series": series,
        }
    )


@answering(observed_schemas.Audit, query=(*WINDOW, _CURSOR, _LIMIT))
async def audit(call: Call) -> Response:
    """A page of what was done inside the sandbox, the newest first."""
    sandbox, now = call.backing(), call.world.clock.now()
    start, end = call.window(_DAY)
    limit = call.whole_number("limit", _USUAL_RECORDS, at_most=_MOST_RECORDS)
    oldest = now - _RETENTION_DAYS * _DAY
    computer = call.world.files.running(sandbox.id)
    trail = _trail(computer.audit if computer else ())
    before = _cursor(call)
    found = [entry for entry in trail if start <= entry[0] <= end and (before is None or entry[:2] < before)]
    answer = {
        "sandbox_id": sandbox.id,
        "from": stamp(max(start, oldest)),
        "to": stamp(end),
        "retention_days": _RETENTION_DAYS,
        "window_truncated": start < oldest,
        "records": [_shown(key, record, call.world.caller) for _, key, record in found[:limit]],
    }
    if len(found) > limit:
        at, key, _ = found[limit - 1]
        answer["next_cursor"] = base64.urlsafe_b64encode(f"{at!r} {key}".encode()).decode()
    return JSONResponse(answer)


def _step(call: Call) -> float:
    try:
        step = duration(call.query("step") or "60s")
    except ValueError as error:
        raise invalid("step", str(error)) from error
    return step


def _trail(records: Iterable[AuditRecord]) -> list[Entry]:
    same: Counter[AuditRecord] = Counter()
    trail = []
    for record in records:
        same[record] += 1
        key = hashlib.sha256(repr((astuple(record), same[record])).encode()).hexdigest()[:24]
        trail.append((record.at, key, record))
    return sorted(trail, key=itemgetter(0, 1), reverse=True)


def _cursor(call: Call) -> tuple[float, str] | None:
    text = call.query("cursor")
    if text is None:
        return None
    try:
        at, key = base64.urlsafe_b64decode(text).decode().split(" ")
        return float(at), key
    except ValueError as error:
        raise invalid("cursor", "is not one that was answered before") from error


def _shown(key: str, record: AuditRecord, caller: str) -> dict[str, Any]:
    about = {"command": record.command, "target": record.target}
    return {
        "at": stamp(record.at),
        "id": key,
        "tool": record.tool,
        **{name: text for name, text in about.items() if text is not None},
        "outcome": record.outcome,
        "reason_code": record.reason_code,
        "caller_source": caller,
        "duration_ms": record.duration_ms,
    }
