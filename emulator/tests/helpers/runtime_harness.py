"""What the tests of the runtime stand on: a clock, and its endpoints as an application."""

import asyncio
import json
from base64 import b64decode
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request

from neev_emulator.runtime import SandboxHost, build_routes

Message = MutableMapping[str, Any]


class ManualClock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.seconds = 1_700_000_000.0

    def __call__(self) -> float:
        return self.seconds


def create_application(host: SandboxHost) -> Starlette:
    async def lookup(_: Request) -> SandboxHost:
        return host

    return Starlette(routes=build_routes(lookup))


class AsgiCaller:
    """A caller of one endpoint over a connection that it can leave, hearing the parts of the answer as they come."""

    def __init__(self, host: SandboxHost, method: str, path: str, *, query: str = "") -> None:
        self._application = create_application(host)
        self._scope = {"type": "http", "method": method, "path": path, "query_string": query.encode()}
        self._messages: asyncio.Queue[Message] = asyncio.Queue()
        self.received: asyncio.Queue[bytes] = asyncio.Queue()
        self.started = asyncio.Event()

    def send(self, body: bytes, *, more: bool = False) -> None:
        """A part of the request's body."""
        self._messages.put_nowait({"type": "http.request", "body": body, "more_body": more})

    def disconnect(self) -> None:
        """The connection is gone."""
        self._messages.put_nowait({"type": "http.disconnect"})

    async def serve(self, headers: dict[str, str]) -> None:
        """The application is done with the request."""
        raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        await self._application({**self._scope, "headers": raw}, self._messages.get, self._receive)

    def start_serving(self) -> asyncio.Task[None]:
        """The request being served meanwhile."""
        return asyncio.create_task(self.serve({}))

    async def _receive(self, message: Message) -> None:
        self.started.set()
        if message.get("body"):
            self.received.put_nowait(message["body"])


async def wait_until(condition: Callable[[], object]) -> None:
    """It is true, now or within half a minute, which a machine with much else to do may need."""
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - of another process, which sets no event
            await asyncio.sleep(0.005)


def count_open_descriptors() -> int:
    """How many descriptors this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


def read_state(pid: int) -> str:
    """The state of a process as ps has it; nothing where it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def is_gone(pid: int) -> bool:
    """Whether the process runs no more."""
    return read_state(pid) in {"", "Z"}


def parse_frames(response: httpx.Response) -> list[dict[str, Any]]:
    """The frames of an answer, the data of each as bytes."""
    told = [json.loads(line) for line in response.text.splitlines()]
    return [{**frame, "data": b64decode(frame["data"])} if "data" in frame else frame for frame in told]
