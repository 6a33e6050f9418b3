"""Helpers of the runtime's tests: a clock, and the endpoints as an application."""

import asyncio
import json
from base64 import b64decode
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request

from neev_emulator.runtime import SandboxHost, build_routes
from neev_emulator.runtime.errors import RuntimeApiError

Message = MutableMapping[str, Any]


class ManualClock:
    """A clock that moves only when it is set."""

    def __init__(self) -> None:
        self.seconds = 1_700_000_000.0

    def __call__(self) -> float:
        return self.seconds


def spawn_unrunnable(host: SandboxHost, program: str, cwd: str | None) -> str:
    """Start a program that cannot be executed; return the reason code of the error."""
    host.files.write("file", b"")
    host.files.write("text", b"\x01\x02")
    (host.workspace / "text").chmod(0o755)
    with pytest.raises(RuntimeApiError) as caught:
        host.spawn(program, [], cwd=cwd, env={})
    return caught.value.reason_code


def create_application(host: SandboxHost) -> Starlette:
    async def lookup(_: Request) -> SandboxHost:
        return host

    return Starlette(routes=build_routes(lookup))


class AsgiCaller:
    """Calls one endpoint, receives the response in parts, and can disconnect."""

    def __init__(self, host: SandboxHost, method: str, path: str, *, query: str = "") -> None:
        self._application = create_application(host)
        self._scope = {"type": "http", "method": method, "path": path, "query_string": query.encode()}
        self._messages: asyncio.Queue[Message] = asyncio.Queue()
        self.received: asyncio.Queue[bytes] = asyncio.Queue()
        self.started = asyncio.Event()

    def send(self, body: bytes, *, more: bool = False) -> None:
        """Send a part of the request's body."""
        self._messages.put_nowait({"type": "http.request", "body": body, "more_body": more})

    def disconnect(self) -> None:
        """Close the connection."""
        self._messages.put_nowait({"type": "http.disconnect"})

    async def serve(self, headers: dict[str, str]) -> None:
        """Serve the request until its response is complete."""
        raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        await self._application({**self._scope, "headers": raw}, self._messages.get, self._receive)

    def start_serving(self) -> asyncio.Task[None]:
        """Start to serve the request."""
        return asyncio.create_task(self.serve({}))

    async def _receive(self, message: Message) -> None:
        self.started.set()
        if message.get("body"):
            self.received.put_nowait(message["body"])


async def wait_until(condition: Callable[[], object]) -> None:
    """Wait until the condition is true, at most 30 seconds."""
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - of another process, which sets no event
            await asyncio.sleep(0.005)


def count_open_descriptors() -> int:
    """Return the number of open descriptors of this process."""
    return len(list(Path("/proc/self/fd").iterdir()))


def read_state(pid: int) -> str:
    """Return the state of a process as in `ps`; an empty string if it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def is_gone(pid: int) -> bool:
    """Return whether the process has ended."""
    return read_state(pid) in {"", "Z"}


def parse_frames(response: httpx.Response) -> list[dict[str, Any]]:
    """Return the frames of a response, with their data as bytes."""
    frames = [json.loads(line) for line in response.text.splitlines()]
    return [{**frame, "data": b64decode(frame["data"])} if "data" in frame else frame for frame in frames]
