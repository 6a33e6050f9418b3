"""ASGI middleware: assigns request ids, logs requests, applies the rate limit and injects faults."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from uuid import uuid4

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from neev_emulator.api.json_response import JSONResponse
from neev_emulator.api.request_context import error_response
from neev_emulator.api.serializers import error_body
from neev_emulator.clock import Clock, format_time
from neev_emulator.errors import ApiError
from neev_emulator.faults.injection import ConnectionDropped, FaultInjector
from neev_emulator.faults.queue import Fault, FaultQueue, RandomFaultSource
from neev_emulator.faults.rate_limit import TokenBucket
from neev_emulator.faults.request_log import RequestLog, RequestRecord, is_mutating, relative_path, route_template
from neev_emulator.faults.targets import find_target_names
from neev_emulator.state.backend import Backend

CONTROLS = "/_emulator"
_CONTROL_PLANE = "/agent/"
_log = logging.getLogger(__name__)


class TrafficControl:
    """The request log, the faults and the rate limit of one emulator."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self.log = RequestLog()
        self.faults = FaultQueue()
        self.closing = asyncio.Event()
        self.reject_connections: Callable[[float], Awaitable[None]] | None = None
        """Rejects new connections for some seconds; None without a listener, as under `httpx.ASGITransport`."""
        self.apply_settings()

    def apply_settings(self) -> None:
        """Start the rate limit and the random faults of the current settings."""
        self._token_bucket = TokenBucket(self._backend.clock, self._backend.settings.rate_limit)
        self._random_faults = RandomFaultSource(self._backend.settings.random_faults)

    def acquire(self) -> int:
        """Return 0 if the next request may pass, else the seconds to wait."""
        return self._token_bucket.acquire()

    def take_fault(self, method: str, path: str, target_names: set[str], *, control_plane: bool) -> Fault | None:
        """Return the fault of this request, if there is one."""
        return self.faults.take(method, path, target_names) or (self._random_faults.draw() if control_plane else None)


class RequestMiddleware:
    """ASGI middleware around the whole application; it passes the controls through."""

    def __init__(self, app: ASGIApp, *, backend: Backend, traffic: TrafficControl) -> None:
        self._app = app
        self._backend = backend
        self._traffic = traffic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve and log the request, or inject a fault."""
        if scope["type"] != "http" or scope["path"].startswith(CONTROLS):
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        recorder = ResponseRecorder(
            send,
            self._backend.clock,
            lambda recorder: self._log_request(scope, recorder, time.perf_counter() - started),
        )
        try:
            await self._serve(scope, receive, recorder)
        except ApiError as error:  # raised while a fault reads the body
            await error_response(error)(scope, receive, recorder)
        except ClientDisconnect:
            _log.debug("the caller of %s disconnected", scope["path"])
        except Exception as error:
            if recorder.status is not None or isinstance(error, ConnectionDropped):
                raise
            _log.exception("%s %s failed", scope["method"], scope["path"])
            response = JSONResponse(error_body("internal_server_error", "the emulator itself failed"), 500)
            await response(scope, receive, recorder)
        finally:
            recorder.log_request()

    async def _serve(self, scope: Scope, receive: Receive, recorder: "ResponseRecorder") -> None:
        method, path = scope["method"], scope["path"]
        control_plane = path.startswith(_CONTROL_PLANE)
        if control_plane and (wait := self._traffic.acquire()):
            recorder.fault = "rate_limit"
            response = JSONResponse(error_body(None, "too many requests"), 429, headers={"retry-after": str(wait)})
            await response(scope, receive, recorder)
            return
        target_names: set[str] = set()
        if self._traffic.faults.has_named:
            target_names, receive = await find_target_names(self._backend, scope, receive)
        fault = self._traffic.take_fault(method, relative_path(path), target_names, control_plane=control_plane)
        if fault is None:
            await self._app(scope, receive, recorder)
            return
        recorder.fault = fault.kind
        injector = FaultInjector(self._app, self._backend, self._traffic.closing, fault, recorder.log_request)
        await injector.inject(scope, receive, recorder)

    def _log_request(self, scope: Scope, recorder: "ResponseRecorder", seconds: float) -> None:
        template = route_template(relative_path(scope["path"]))
        record = RequestRecord(
            time=format_time(self._backend.clock.now()),
            method=scope["method"],
            path=scope["path"],
            template=template,
            status=recorder.status,
            request_id=recorder.request_id,
            mutating=is_mutating(scope["method"]),
            fault=recorder.fault,
            milliseconds=round(seconds * 1000, 3),
        )
        self._traffic.log.add(record)


class ResponseRecorder:
    """Records the status of one response; adds its request id and the emulator's time.

    The request is logged before the first byte is sent or the connection is closed. A caller that continues finds its
    requests in the log, in order, even if it does not read the body.
    """

    def __init__(self, send: Send, clock: Clock, on_response: Callable[["ResponseRecorder"], None]) -> None:
        self._send = send
        self._clock = clock
        self._on_response: Callable[[ResponseRecorder], None] | None = on_response
        self.request_id = uuid4().hex
        self.status: int | None = None
        self.fault: str | None = None

    async def __call__(self, message: Message) -> None:
        """Send the message; log the request when the response starts."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["x-request-id"] = self.request_id
            headers["date"] = formatdate(self._clock.now(), usegmt=True)
            self.log_request()
        await self._send(message)

    def log_request(self) -> None:
        """Log the request, once."""
        write, self._on_response = self._on_response, None
        if write is not None:
            write(self)
