"""The HTTP server of one backend: it starts, stops and rejects connections for a time."""

import asyncio
import socket
import threading
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import uvicorn
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from neev_emulator.address import bind
from neev_emulator.app import create_app
from neev_emulator.state.backend import Backend

_STOP_TIMEOUT = 5
_KEEP_ALIVE_TIMEOUT = 120
_TICK_INTERVAL = 1.0
_BIND_RETRY_INTERVAL = 0.05


class Server(uvicorn.Server):
    """uvicorn for one backend; it reports when it is ready, and ends all processes before it stops."""

    def __init__(self, backend: Backend, hosts: Iterable[str] = ()) -> None:
        self._backend = backend
        self._application = create_app(backend, hosts)
        self._traffic = self._application.state.traffic
        self._reopen_task: asyncio.Task[None] | None = None
        self.ready = threading.Event()
        super().__init__(
            uvicorn.Config(
                self._application,
                http=_Protocol,
                log_config=None,
                log_level="error",
                access_log=False,
                server_header=False,
                date_header=False,  # the middleware sends the emulator's own time
                proxy_headers=False,
                timeout_keep_alive=_KEEP_ALIVE_TIMEOUT,
                lifespan="on",
                timeout_graceful_shutdown=_STOP_TIMEOUT,
            )
        )

    def run_on(self, listener: socket.socket) -> None:
        """Serve on this socket until stopped."""
        self._address = listener.getsockname()[:2]
        try:
            with asyncio.Runner(loop_factory=self.config.get_loop_factory()) as runner:
                runner.run(self.serve(sockets=[listener]))
        finally:
            self.ready.set()

    def stop(self) -> None:
        """Stop the server; may be called from any thread."""
        self.should_exit = True
        with suppress(RuntimeError):  # it has already ended
            self._loop.call_soon_threadsafe(self._stopping.set)

    async def reject_connections(self, seconds: float) -> None:
        """Reject new connections for this long and close idle ones; requests in progress are served."""
        self._cancel_reopening()
        for server in self.servers:
            server.close()
        self.servers = []
        connections = self.server_state.connections
        for connection in list(connections):
            connection.shutdown()
        closing = {connection for connection in connections if connection.transport.is_closing()}
        while closing & connections:  # noqa: ASYNC110 - the loop closes them without an event
            await asyncio.sleep(0)
        self._reopen_task = self._loop.create_task(self._reopen_after(seconds))

    def reopen(self) -> None:
        """Accept connections again; may be called from any thread. Return when they are accepted."""
        asyncio.run_coroutine_threadsafe(self._reopen_now(), self._loop).result()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen; set `ready`."""
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        await super().startup(sockets)
        self._traffic.reject_connections = self.reject_connections
        self.ready.set()

    async def main_loop(self) -> None:
        """Run until stopped."""
        # uvicorn's own loop checks ten times a second whether to stop, and stops that much later.
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), _TICK_INTERVAL)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop the server and every process of every sandbox."""
        self._cancel_reopening()
        self._traffic.closing.set()
        await self._backend.storage.stop()
        await super().shutdown(sockets)
        await self._backend.close()

    async def _reopen_after(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        while (listener := _try_bind(*self._address)) is None:  # noqa: ASYNC110 - of another process
            await asyncio.sleep(_BIND_RETRY_INTERVAL)
        self.servers = [
            await self._loop.create_server(self._create_protocol, sock=listener, backlog=self.config.backlog)
        ]

    async def _reopen_now(self) -> None:
        self._cancel_reopening()
        if not self.servers:
            await self._reopen_after(0)

    def _cancel_reopening(self) -> None:
        if self._reopen_task is not None:
            self._reopen_task.cancel()

    def _create_protocol(self) -> asyncio.Protocol:
        return _Protocol(self.config, self.server_state, self.lifespan.state, self._loop)


class _Protocol(AutoHTTPProtocol):  # type: ignore[misc,valid-type]
    """The HTTP protocol; it passes its transport to the request, so that a fault can close the connection."""

    app_state: dict[str, Any]

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


def _try_bind(host: str, port: int) -> socket.socket | None:
    try:
        return bind(host, port)
    except OSError:  # another process uses it at the moment
        return None
