"""The HTTP proxy of an isolated sandbox, its only way to other hosts: it connects to what the egress policy allows."""

import asyncio
import socket
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import urlsplit

_MAX_HEAD_BYTES = 1 << 16
_CHUNK_BYTES = 1 << 16
_CONNECT_TIMEOUT = 30.0
_HTTP_PORT = 80
_HOP_HEADERS = {"connection", "host", "keep-alive", "proxy-authorization", "proxy-connection"}

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class EgressPolicy(Protocol):
    """What the proxy needs of a policy."""

    def can_resolve(self, host: str, port: int) -> bool:
        """Return whether some address of the host may be allowed."""

    def select_allowed(self, host: str, port: int, addresses: Sequence[str]) -> list[str]:
        """Return the addresses of the host that are allowed."""


class Network:
    """The machine's network."""

    async def resolve(self, host: str, port: int) -> list[str]:
        """Return the addresses of the host."""
        answers = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return list(dict.fromkeys(str(answer[4][0]) for answer in answers))

    async def connect(self, address: str, port: int) -> Streams:
        """Return a connection to the address."""
        return await asyncio.open_connection(address, port)


class EgressProxy:
    """Serves CONNECT and plain HTTP requests; it reads the policy for each connection."""

    def __init__(self, get_policy: Callable[[], EgressPolicy], network: Network) -> None:
        self._get_policy = get_policy
        self._network = network
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, listener: socket.socket) -> None:
        """Accept connections on this socket, which does not block, until `close`."""
        self._add_task(self._accept(listener))

    def close(self) -> None:
        """Close the socket and all connections."""
        for task in self._tasks:
            task.cancel()

    def _add_task(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        with listener:
            while True:
                connection, _ = await loop.sock_accept(listener)
                self._add_task(self._serve(connection))

    async def _serve(self, connection: socket.socket) -> None:
        reader, writer = await asyncio.open_connection(sock=connection, limit=_MAX_HEAD_BYTES)
        try:
            with suppress(asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
                request = _Request(await reader.readuntil(b"\r\n\r\n"))
                await self._forward(request, (reader, writer))
        except _RefusedError as refusal:
            writer.write(refusal.response())
        finally:
            writer.close()

    async def _forward(self, request: "_Request", client: Streams) -> None:
        server = await self._connect(request.host, request.port)
        try:
            if request.head:
                server[1].write(request.head)
            else:
                client[1].write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            async with asyncio.TaskGroup() as group:
                group.create_task(_copy(client[0], server[1]))
                group.create_task(_copy(server[0], client[1]))
        except* OSError:
            client[1].transport.abort()
        finally:
            server[1].close()

    async def _connect(self, host: str, port: int) -> Streams:
        policy = self._get_policy()
        if not policy.can_resolve(host, port):
            raise _denied(host, port)
        try:
            addresses = await self._network.resolve(host, port)
        except OSError as error:
            raise _RefusedError(502, f"{host} cannot be resolved: {error.strerror}") from error
        except UnicodeError as error:  # for example a label of more than 63 characters
            raise _RefusedError(502, f"{host} cannot be resolved: it is not a valid name") from error
        reason: OSError | None = None
        for address in policy.select_allowed(host, port, addresses):
            try:
                async with asyncio.timeout(_CONNECT_TIMEOUT):
                    return await self._network.connect(address, port)
            except OSError as error:
                reason = error
        if reason is None:
            raise _denied(host, port)
        raise _RefusedError(502, f"{host}:{port} cannot be reached: {reason.strerror or 'it does not respond'}")


class _RefusedError(Exception):
    """The proxy does not forward the request."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self._status = HTTPStatus(status)

    def response(self) -> bytes:
        body = f"neev-emulator: {self}\n".encode()
        head = f"HTTP/1.1 {self._status.value} {self._status.phrase}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        return f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body


class _Request:
    """The destination of a request, and the head to forward; a tunnel has none."""

    def __init__(self, head: bytes) -> None:
        line, *headers = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
        try:
            method, target, version = line.split(" ")
            is_tunnel = method == "CONNECT"
            url = urlsplit(f"http://{target}" if is_tunnel else target)
            port = url.port or (None if is_tunnel else _HTTP_PORT)
        except ValueError:
            raise _RefusedError(400, "the request is malformed") from None
        if url.scheme != "http" or not url.hostname or port is None:
            raise _RefusedError(400, "only CONNECT host:port and http:// URLs are served")
        self.host, self.port = url.hostname, port
        kept = [header for header in headers if header.partition(":")[0].strip().lower() not in _HOP_HEADERS]
        path = url._replace(scheme="", netloc="", fragment="").geturl() or "/"
        lines = [f"{method} {path} {version}", f"Host: {url.netloc.rpartition('@')[2]}", *kept, "Connection: close"]
        self.head = b"" if is_tunnel else "\r\n".join([*lines, "", ""]).encode("latin-1")


def _denied(host: str, port: int) -> _RefusedError:
    return _RefusedError(403, f"the egress policy of the sandbox does not allow {host}:{port}")


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_CHUNK_BYTES):
        writer.write(data)
        await writer.drain()
    writer.write_eof()
