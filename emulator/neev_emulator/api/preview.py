"""Preview URLs: HTTP access to a port of a sandbox for anyone who has the slug.

Without isolation, sandboxes share this machine's network: a port is that of 127.0.0.1, whichever sandbox listens on it.
"""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import quote

import h11
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse

from neev_emulator.api.json_response import JSONResponse
from neev_emulator.api.request_checks import VIA
from neev_emulator.api.serializers import error_body
from neev_emulator.errors import not_found
from neev_emulator.state.backend import Backend
from neev_emulator.state.records import SandboxRecord
from neev_emulator.state.scheduler import run_due

PREVIEW_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_HOST = "127.0.0.1"
_CHUNK_BYTES = 64 * 1024
_HOP_HEADERS = {b"host", b"connection", b"content-length", b"transfer-encoding", b"keep-alive", b"upgrade", b"expect"}


async def preview(request: Request) -> Response:
    """Forward the request to the port; 404 for an unknown slug, 502 if nothing listens."""
    backend: Backend = request.app.state.backend
    await run_due(backend)
    sandbox, port = _find_port(backend, request.path_params["slug"])
    try:
        reader, writer = await backend.storage.host(sandbox).connect(port)
    except OSError:
        return _bad_gateway(f"nothing listens on port {port}")
    upstream = Upstream(reader, writer)
    try:
        head = await upstream.send_request(request, port)
    except (h11.ProtocolError, OSError):
        writer.close()
        return _bad_gateway(f"port {port} does not speak HTTP")
    except ClientDisconnect:
        writer.close()
        raise
    response = StreamingResponse(upstream.stream_body(), head.status_code)
    response.raw_headers = [(bytes(name), bytes(value)) for name, value in head.headers if name not in _HOP_HEADERS]
    return response


class Upstream:
    """A connection to a process in a sandbox, for one request."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._connection = h11.Connection(h11.CLIENT)

    async def send_request(self, request: Request, port: int) -> h11.Response:
        """Send the request; return the head of the response."""
        query = f"?{request.url.query}" if request.url.query else ""
        headers = [(name, value) for name, value in request.headers.raw if name not in _HOP_HEADERS]
        headers += [(b"host", f"{_HOST}:{port}".encode()), (b"connection", b"close")]
        headers += [(b"via", f"1.1 {VIA}".encode()), _framing_header(request)]
        target = f"/{quote(request.path_params['rest'])}{query}"
        self._send(h11.Request(method=request.method, target=target, headers=headers))
        async for part in request.stream():
            self._send(h11.Data(data=part))
            await self._writer.drain()
        self._send(h11.EndOfMessage())
        while not isinstance(event := await self._next_event(), h11.Response):
            if not isinstance(event, h11.InformationalResponse):
                raise h11.RemoteProtocolError("no response")
        return event

    async def stream_body(self) -> AsyncIterator[bytes]:
        """Yield the body of the response, then close the connection."""
        try:
            while isinstance(event := await self._next_event(), h11.Data):
                yield bytes(event.data)
        finally:
            self._writer.close()

    def _send(self, event: h11.Request | h11.Data | h11.EndOfMessage) -> None:
        self._writer.write(self._connection.send(event) or b"")

    async def _next_event(self) -> object:
        while (event := self._connection.next_event()) is h11.NEED_DATA:
            self._connection.receive_data(await self._reader.read(_CHUNK_BYTES))
        return event


def _framing_header(request: Request) -> tuple[bytes, bytes]:
    """Return the header that frames the body, which is streamed."""
    if "transfer-encoding" in request.headers:
        return b"transfer-encoding", b"chunked"
    return b"content-length", request.headers.get("content-length", "0").encode()


def _find_port(backend: Backend, slug: str) -> tuple[SandboxRecord, int]:
    for sandbox in backend.sandboxes.all():
        for port, known in sandbox.ports.items():
            if known == slug and sandbox.gone_at is None and sandbox.phase(backend.clock.now()) == "Ready":
                return sandbox, port
    raise not_found("Preview", slug)


def _bad_gateway(message: str) -> JSONResponse:
    return JSONResponse(error_body(None, message), 502)
