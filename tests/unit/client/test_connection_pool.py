"""Concurrent requests have a connection each, and later requests reuse them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from neev_provider.client.http.connection_pool import HttpClientPool
from neev_provider.client.settings import Settings


class KeepAliveServer:
    """A server that answers every request after a short delay and keeps its connections open."""

    def __init__(self) -> None:
        self.address = ""
        self.request_count: list[asyncio.Task[None]] = []
        self.peers = asyncio.Semaphore(0)

    @property
    def connection_count(self) -> int:
        return len(self.request_count)

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.request_count.append(asyncio.ensure_future(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                self.peers.release()
                await asyncio.sleep(0.02)
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@asynccontextmanager
async def start_connected() -> AsyncIterator[tuple[KeepAliveServer, HttpClientPool]]:
    server = KeepAliveServer()
    listening = await asyncio.start_server(server.accept, "127.0.0.1", 0)
    server.address = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    connections = HttpClientPool(Settings(server.address, "key", "o", "p"), None)
    try:
        yield server, connections
    finally:
        await connections.aclose()
        await asyncio.gather(*server.request_count)
        listening.close()
        await listening.wait_closed()


async def test_concurrent_requests_open_connections_that_later_requests_reuse() -> None:
    async with start_connected() as (server, connections):
        request = connections.build_request("GET", server.address)
        answers = await asyncio.gather(*(connections.send(request) for _ in range(5)))
        assert [answer.text for answer in answers] == ["ok"] * 5
        assert server.connection_count == 5
        for _ in range(10):
            await connections.send(request)
        await asyncio.gather(*(connections.send(request) for _ in range(5)))
        assert server.connection_count == 5


async def test_sequential_requests_use_one_connection() -> None:
    async with start_connected() as (server, connections):
        for _ in range(5):
            await connections.send(connections.build_request("GET", server.address))
        assert server.connection_count == 1


async def test_a_cancelled_request_releases_its_connection() -> None:
    async with start_connected() as (server, connections):
        request = connections.build_request("GET", server.address)
        cancelled = asyncio.ensure_future(connections.send(request))
        await asyncio.sleep(0)
        cancelled.cancel()
        await asyncio.gather(cancelled, return_exceptions=True)
        assert (await connections.send(request)).text == "ok"


async def test_close_ends_connections_that_are_in_use() -> None:
    async with start_connected() as (server, connections):
        request = connections.build_request("GET", server.address)
        in_progress = [asyncio.ensure_future(connections.send(request)) for _ in range(2)]
        for _ in in_progress:
            await server.peers.acquire()
        await connections.aclose()
        await asyncio.wait_for(asyncio.gather(*server.request_count), timeout=5)
        await asyncio.gather(*in_progress, return_exceptions=True)


async def test_a_failed_tls_handshake_through_a_proxy_does_not_block_the_next_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def open_tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await reader.read(1)
        writer.write(b"no TLS")
        writer.close()

    proxy = await asyncio.start_server(open_tunnel, "127.0.0.1", 0)
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}")
    monkeypatch.setenv("NO_PROXY", "")
    pool = HttpClientPool(Settings("https://api.test", "key", "o", "p", timeout=5), None)
    for _ in range(2):
        with pytest.raises(httpx.ConnectError):
            await pool.send(pool.build_request("GET", "https://api.test"))
    await pool.aclose()
    proxy.close()
    await proxy.wait_closed()
