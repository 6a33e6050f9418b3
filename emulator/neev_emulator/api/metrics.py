"""P/sandboxes/{sandbox}/metrics: the resource usage of a sandbox."""

from starlette.responses import Response

from neev_emulator.api import schemas
from neev_emulator.api.json_response import JSONResponse
from neev_emulator.api.operations import TIME_RANGE_QUERY, QueryParameter, operation
from neev_emulator.api.request_context import RequestContext
from neev_emulator.api.requests import parse_duration
from neev_emulator.clock import format_time
from neev_emulator.errors import invalid
from neev_emulator.state.metrics import METRICS, TimeRange

_HOUR_SECONDS = 3600.0
_STEP = QueryParameter("step", {"type": "string", "pattern": "^[1-9][0-9]{0,5}[smh]$"})


@operation(schemas.Metrics, query=(*TIME_RANGE_QUERY, _STEP))
async def metrics(request: RequestContext) -> Response:
    """Return the sandbox's usage per step; if the time range includes now, measure first."""
    sandbox, now = request.target_sandbox(), request.backend.clock.now()
    start, end = request.time_range(_HOUR_SECONDS)
    window = TimeRange.with_step(start, end, _parse_step(request))
    if end >= now and sandbox.gone_at is None and request.backend.storage.find_host(sandbox.id):
        await request.backend.measure(sandbox)
        window = TimeRange(window.start, max(end, request.backend.clock.now()), window.step)
    series = [
        {"metric": name, "unit": unit, "points": request.backend.metrics.compute_series(sandbox.id, window, value)}
        for name, unit, value in METRICS
    ]
    return JSONResponse(
        {
            "sandbox_id": sandbox.id,
            "from": format_time(window.start),
            "to": format_time(window.end),
            "step": f"{window.step}s",
            "series": series,
        }
    )


def _parse_step(request: RequestContext) -> float:
    try:
        step = parse_duration(request.query_param("step") or "60s")
    except ValueError as error:
        raise invalid("step", str(error)) from error
    return step
