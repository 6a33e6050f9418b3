"""Log lines and status texts for the engine during an operation."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Iterator
from typing import Any

import grpc.aio
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

from neev_provider.core.clock import Clock
from neev_provider.core.redaction import redact

STATUS_INTERVAL = 1.0
"""Seconds between two status texts of a resource; a shorter operation shows none."""
MAX_STATUS_PER_SECOND = 20
"""Maximum status texts a second of all resources together, since each is a call to the engine."""
SEND_TIMEOUT = 5.0
"""Seconds after which a status text is dropped: the next one replaces it."""
LOG_FLUSH_TIMEOUT = 60.0
"""Maximum seconds that the end of an operation waits until the engine has what was logged."""
NO_PROXY_OPTIONS = (("grpc.enable_http_proxy", 0),)
"""Options of a channel that ignores the proxies of the environment, which gRPC would use for this machine too."""


class EngineClient:
    """Client of the engine that receives logs, if there is one."""

    def __init__(self, log_flush_timeout: float = LOG_FLUSH_TIMEOUT) -> None:
        self._log_flush_timeout = log_flush_timeout
        self._channel: grpc.aio.Channel | None = None
        self._status_tasks: set[asyncio.Task[None]] = set()
        self._next_status_at = 0.0
        self._last_log_task: asyncio.Task[None] | None = None

    async def attach(self, address: str) -> None:
        """Send to the engine at this address from now on."""
        await self.close()
        self._channel = grpc.aio.insecure_channel(address, options=NO_PROXY_OPTIONS)

    def set_status(self, urn: str, text: str) -> None:
        """Show the text on the resource's row until the next one; it is not part of the log."""
        now = asyncio.get_running_loop().time()
        if self._channel is None or now < self._next_status_at:
            return
        self._next_status_at = now + 1 / MAX_STATUS_PER_SECOND
        request = engine_pb2.LogRequest(severity=engine_pb2.INFO, message=redact(text), urn=urn, ephemeral=True)
        task = asyncio.ensure_future(_send_log(self._channel, request, timeout=SEND_TIMEOUT))
        self._status_tasks.add(task)
        task.add_done_callback(self._status_tasks.discard)

    def log(self, urn: str, text: str) -> None:
        """Log the text under the resource, after what was logged before."""
        self._append(urn, text, engine_pb2.INFO)

    def warn(self, urn: str, text: str) -> None:
        """Log the text as a warning, likewise."""
        self._append(urn, text, engine_pb2.WARNING)

    def _append(self, urn: str, text: str, severity: engine_pb2.LogSeverity.ValueType) -> None:
        if self._channel is not None:
            request = engine_pb2.LogRequest(severity=severity, message=redact(text), urn=urn)
            self._last_log_task = asyncio.ensure_future(_send_log(self._channel, request, previous=self._last_log_task))

    @property
    def is_flushed(self) -> bool:
        """Return whether the engine has everything logged so far."""
        return self._last_log_task is None or self._last_log_task.done()

    async def flush(self) -> None:
        """Wait until the engine has everything logged so far, but at most `log_flush_timeout` seconds."""
        if self._last_log_task is not None:
            await asyncio.wait([self._last_log_task], timeout=self._log_flush_timeout)

    async def close(self) -> None:
        """Close the connection to the engine."""
        if self._channel is not None:
            await self._channel.close()
        self._channel = None


class StatusReporter:
    """Reports the status of one operation to the resource's row in the engine's display."""

    def __init__(self, engine_client: EngineClient, urn: str, clock: Clock) -> None:
        self._engine_client = engine_client
        self._urn = urn
        self._clock = clock
        self._status_set_at = clock.monotonic()
        self._last_status = ""

    def __call__(self, status: str) -> None:
        """Report the status if it is another one and the last report is old enough."""
        now = self._clock.monotonic()
        if status != self._last_status and now - self._status_set_at >= STATUS_INTERVAL:
            self._status_set_at = now
            self._engine_client.set_status(self._urn, status)
        self._last_status = status


@contextlib.contextmanager
def announce_create(resource_name: str, name: str | None) -> Iterator[None]:
    """Write which object a create is about, before and after it.

    If the process is killed in between, neither the engine nor the state has a record of the object. The engine shows
    the last lines of the process.
    """
    if name is None:
        yield
        return
    _write_to_stderr(f"{resource_name}: making {name}. Without another line on it, it may exist unknown to the state.")
    try:
        yield
    finally:
        _write_to_stderr(f"{resource_name}: the engine knows what became of {name}.")


def _write_to_stderr(line: str) -> None:
    # a killed engine reads nothing
    with contextlib.suppress(OSError):
        sys.stderr.write(f"{redact(line)}\n")


async def _send_log(
    channel: grpc.aio.Channel,
    request: engine_pb2.LogRequest,
    *,
    previous: asyncio.Task[None] | None = None,
    timeout: float | None = None,  # noqa: ASYNC109  of the call
) -> None:
    if previous is not None:
        await asyncio.wait([previous])
    with contextlib.suppress(grpc.RpcError, asyncio.CancelledError):
        stub: Any = engine_pb2_grpc.EngineStub(channel)  # typed for synchronous calls only
        await stub.Log(request, timeout=timeout, wait_for_ready=True)
