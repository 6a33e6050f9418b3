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

from neev_emulator.runtime import Computer, routes

Message = MutableMapping[str, Any]


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.seconds = 1_700_000_000.0

    def __call__(self) -> float:
        return self.seconds


def application(computer: Computer) -> Starlette:
    async def lookup(_: Request) -> Computer:
        return computer

    return Starlette(routes=routes(lookup))


class Caller:
    """A caller of one endpoint over a connection that it can leave, hearing the parts of the answer as they come."""

    def __init__(self, computer: Computer, method: str, path: str, *, query: str = "") -> None:
        self._application = application(computer)
        self._scope = {"type": "http", "method": method, "path": path, "query_string": query.encode()}
        self._said: asyncio.Queue[Message] = asyncio.Queue()
        self.heard: asyncio.Queue[bytes] = asyncio.Queue()
        self.begun = asyncio.Event()

    def say(self, body: bytes, *, more: bool = False) -> None:
        """A part of the request's body."""
        self._said.put_nowait({"type": "http.request", "body": body, "more_body": more})

    def leave(self) -> None:
        """The connection is gone."""
        self._said.put_nowait({"type": "http.disconnect"})

    async def served(self, headers: dict[str, str]) -> None:
        """The application is done with the request."""
        raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        await self._application({**self._scope, "headers": raw}, self._said.get, self._hear)

    def serving(self) -> asyncio.Task[None]:
        """The request being served meanwhile."""
        return asyncio.create_task(self.served({}))

    async def _hear(self, message: Message) -> None:
        self.begun.set()
        if message.get("body"):
            self.heard.put_nowait(message["body"])


async def eventually(true: Callable[[], object]) -> None:
    """It is true, now or within half a minute, which a machine with much else to do may need."""
    async with asyncio.timeout(30):
        while not true():  # noqa: ASYNC110 - of another process, which sets no event
            await asyncio.sleep(0.005)


def open_descriptors() -> int:
    """How many descriptors this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


def state(pid: int) -> str:
    """The state of a process as ps has it; nothing where it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def gone(pid: int) -> bool:
    """Whether the process runs no more."""
    return state(pid) in {"", "Z"}


def frames(response: httpx.Response) -> list[dict[str, Any]]:
    """The frames of an answer, the data of each as bytes."""
    told = [json.loads(line) for line in response.text.splitlines()]
    return [{**frame, "data": b64decode(frame["data"])} if "data" in frame else frame for frame in told]
