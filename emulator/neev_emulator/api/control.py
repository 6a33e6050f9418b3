"""/_emulator: the controls. They need no key and answer loopback addresses only."""

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, RootModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from neev_emulator.address import is_loopback
from neev_emulator.api.json_response import JSONResponse
from neev_emulator.api.middleware import CONTROLS, TrafficControl
from neev_emulator.api.request_context import NO_CONTENT, parse_model
from neev_emulator.clock import format_time
from neev_emulator.errors import ApiError, conflict
from neev_emulator.faults.queue import Fault
from neev_emulator.settings import FrozenModel, Settings
from neev_emulator.state.backend import Backend
from neev_emulator.state.scheduler import run_due

_MAX_ADVANCE_SECONDS = 100 * 365 * 24 * 3600
_MAX_REJECT_SECONDS = 3600


class AdvanceBody(FrozenModel):
    """POST advance."""

    seconds: Annotated[float, Field(ge=0, le=_MAX_ADVANCE_SECONDS)]


class RejectConnectionsBody(FrozenModel):
    """POST reject-connections."""

    seconds: Annotated[float, Field(gt=0, le=_MAX_REJECT_SECONDS)]


class Controls:
    """The handlers of one emulator's controls."""

    def __init__(self, backend: Backend, traffic: TrafficControl) -> None:
        self._backend = backend
        self._traffic = traffic

    def routes(self) -> list[Route]:
        """Return the routes of all controls."""
        return [
            self._route("/settings", GET=self.settings, PUT=self.change_settings),
            self._route("/faults", GET=self.faults, POST=self.add_faults, DELETE=self.clear_faults),
            self._route("/advance", POST=self.advance),
            self._route("/log", GET=self.log, DELETE=self.clear_log),
            self._route("/counts", GET=self.counts),
            self._route("/state", GET=self.state),
            self._route("/reject-connections", POST=self.reject_connections),
            self._route("/reset", POST=self.reset),
        ]

    async def settings(self, _request: Request) -> Response:
        """Return the current settings."""
        return JSONResponse(self._backend.settings.model_dump(mode="json"))

    async def change_settings(self, request: Request) -> Response:
        """Change the settings that are sent; keep the others."""
        body = parse_model(RootModel[dict[str, Any]], await request.body() or b"{}").root
        merged = _merge(self._backend.settings.model_dump(mode="json"), body)
        self._backend.change_settings(parse_model(Settings, RootModel(merged).model_dump_json().encode()))
        self._traffic.apply_settings()
        return await self.settings(request)

    async def faults(self, _request: Request) -> Response:
        """Return the pending faults."""
        return JSONResponse(self._traffic.faults.pending())

    async def add_faults(self, request: Request) -> Response:
        """Add faults; return all pending ones."""
        raw = await request.body()
        is_list = raw.lstrip().startswith(b"[")
        self._traffic.faults.add(
            *(parse_model(RootModel[list[Fault]], raw).root if is_list else [parse_model(Fault, raw)])
        )
        return await self.faults(request)

    async def clear_faults(self, _request: Request) -> Response:
        """Remove all pending faults."""
        self._traffic.faults.clear()
        return Response(status_code=NO_CONTENT)

    async def reject_connections(self, request: Request) -> Response:
        """Reject new connections for some seconds of real time."""
        seconds = parse_model(RejectConnectionsBody, await request.body()).seconds
        if self._traffic.reject_connections is None:
            raise conflict("there is no listener: requests do not use connections")
        await self._traffic.reject_connections(seconds)
        return Response(status_code=NO_CONTENT)

    async def advance(self, request: Request) -> Response:
        """Advance the clock, handle what is due, and return the state."""
        seconds = parse_model(AdvanceBody, await request.body()).seconds
        self._backend.advance(seconds)
        return await self.state(request)

    async def log(self, request: Request) -> Response:
        """Return the served requests, the oldest first; `mutating=true` omits those that only read."""
        only_mutating = request.query_params.get("mutating") == "true"
        records = [record for record in self._traffic.log.records if record.mutating or not only_mutating]
        return JSONResponse([record._asdict() for record in records])

    async def clear_log(self, _request: Request) -> Response:
        """Clear the log and the counts."""
        self._traffic.log.clear()
        return Response(status_code=NO_CONTENT)

    async def counts(self, _request: Request) -> Response:
        """Return the number of requests per method and path."""
        return JSONResponse(dict(sorted(self._traffic.log.counts.items())))

    async def state(self, _request: Request) -> Response:
        """Return the number of objects, the phases and the current time."""
        await run_due(self._backend)
        now = self._backend.clock.now()
        phases = Counter(sandbox.phase(now) for sandbox in self._backend.sandboxes.all())
        summary = {
            "now": format_time(now),
            "sandboxes": len(self._backend.sandboxes),
            "snapshots": len(self._backend.snapshots),
            "agents": len(self._backend.agents),
            "phases": dict(sorted(phases.items())),
        }
        return JSONResponse(summary)

    async def reset(self, request: Request) -> Response:
        """Remove everything that was created, added or logged, and restore the first settings."""
        await self._backend.reset()
        self._traffic.apply_settings()
        self._traffic.faults.clear()
        self._traffic.log.clear()
        return await self.state(request)

    def _route(self, path: str, **handlers: Any) -> Route:
        async def endpoint(request: Request) -> Response:
            if request.client is None or not is_loopback(request.client.host):
                raise ApiError("forbidden", "the controls are available only on the machine of the emulator")
            if _is_from_web_page(request.headers):
                raise ApiError("forbidden", "the controls are not available to web pages")
            response: Response = await handlers["GET" if request.method == "HEAD" else request.method](request)
            return response

        return Route(CONTROLS + path, endpoint, methods=list(handlers))


def _is_from_web_page(headers: Mapping[str, str]) -> bool:
    """Return whether a web page sends this; previews serve pages from this machine, too."""
    return "origin" in headers or headers.get("sec-fetch-site", "none") != "none"


def _merge(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    merged = {
        key: _merge(base[key], value) if isinstance(value, dict) and isinstance(base.get(key), dict) else value
        for key, value in changes.items()
    }
    return {**base, **merged}
