"""The way in: every request gets an id, is counted, may be limited, and may be struck by a fault."""

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
from neev_emulator.api.request_context import refused
from neev_emulator.api.serializers import failure
from neev_emulator.clock import Clock, stamp
from neev_emulator.errors import Refusal
from neev_emulator.faults.injection import Dropped, Strike
from neev_emulator.faults.queue import Dice, Entry, Fault, Faults, Limiter, Log, mutating, shortened, templated
from neev_emulator.faults.targets import named
from neev_emulator.state.backend import World

CONTROLS = "/_emulator"
_CONTROL_PLANE = "/agent/"
_log = logging.getLogger(__name__)


class Traffic:
    """The log, the faults and the limits of one emulator."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.log = Log()
        self.faults = Faults()
        self.closing = asyncio.Event()
        self.refuse: Callable[[float], Awaitable[None]] | None = None
        """Lets nobody connect for some seconds; null where nobody listens, as under `httpx.ASGITransport`."""
        self.adopt_settings()

    def adopt_settings(self) -> None:
        """The rate limit and the random faults are those of the world's settings, from their beginning."""
        self._limiter = Limiter(self._world.clock, self._world.settings.rate_limit)
        self._dice = Dice(self._world.settings.random_faults)

    def wait(self) -> int:
        """Seconds for which the next call is turned away; 0 lets it in."""
        return self._limiter.wait()

    def fault(self, method: str, path: str, names: set[str], *, control_plane: bool) -> Fault | None:
        """What goes wrong with this call."""
        return self.faults.take(method, path, names) or (self._dice.throw() if control_plane else None)


class Gate:
    """ASGI middleware around the whole application; the controls themselves pass untouched."""

    def __init__(self, app: ASGIApp, *, world: World, traffic: Traffic) -> None:
        self._app = app
        self._world = world
        self._traffic = traffic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The request is served, or struck, and logged."""
        if scope["type"] != "http" or scope["path"].startswith(CONTROLS):
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        passage = Passage(send, self._world.clock, lambda way: self._note(scope, way, time.perf_counter() - started))
        try:
            await self._serve(scope, receive, passage)
        except Refusal as refusal:  # of a body that a fault was reading
            await refused(refusal)(scope, receive, passage)
        except ClientDisconnect:
            _log.debug("the caller of %s left", scope["path"])
        except Exception as error:
            if passage.status is not None or isinstance(error, Dropped):
                raise
            _log.exception("%s %s failed", scope["method"], scope["path"])
            broken = JSONResponse(failure("internal_server_error", "the emulator itself failed"), 500)
            await broken(scope, receive, passage)
        finally:
            passage.note()

    async def _serve(self, scope: Scope, receive: Receive, passage: "Passage") -> None:
        method, path = scope["method"], scope["path"]
        control_plane = path.startswith(_CONTROL_PLANE)
        if control_plane and (wait := self._traffic.wait()):
            passage.fault = "rate_limit"
            turned_away = JSONResponse(failure(None, "too many requests"), 429, headers={"retry-after": str(wait)})
            await turned_away(scope, receive, passage)
            return
        names: set[str] = set()
        if self._traffic.faults.some_by_name:
            names, receive = await named(self._world, scope, receive)
        fault = self._traffic.fault(method, shortened(path), names, control_plane=control_plane)
        if fault is None:
            await self._app(scope, receive, passage)
            return
        passage.fault = fault.kind
        strike = Strike(self._app, self._world, self._traffic.closing, fault, passage.note)
        await strike.fall(scope, receive, passage)

    def _note(self, scope: Scope, passage: "Passage", seconds: float) -> None:
        template = templated(shortened(scope["path"]))
        entry = Entry(
            time=stamp(self._world.clock.now()),
            method=scope["method"],
            path=scope["path"],
            template=template,
            status=passage.status,
            request_id=passage.request_id,
            mutating=mutating(scope["method"]),
            fault=passage.fault,
            milliseconds=round(seconds * 1000, 3),
        )
        self._traffic.log.add(entry)


class Passage:
    """The way out of one request: marks the answer with its id and the emulator's time, and remembers the status.

    It is noted before the first of the answer is sent, or before the caller can notice that none comes: who goes on
    finds the request in the log, in the order in which the caller heard. Nobody has to read an answer to its end.
    """

    def __init__(self, send: Send, clock: Clock, write: Callable[["Passage"], None]) -> None:
        self._send = send
        self._clock = clock
        self._write: Callable[[Passage], None] | None = write
        self.request_id = uuid4().hex
        self.status: int | None = None
        self.fault: str | None = None

    async def __call__(self, message: Message) -> None:
        """The message is on its way to the caller."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["x-request-id"] = self.request_id
            headers["date"] = formatdate(self._clock.now(), usegmt=True)
            self.note()
        await self._send(message)

    def note(self) -> None:
        """The request is in the log, once."""
        write, self._write = self._write, None
        if write is not None:
            write(self)
