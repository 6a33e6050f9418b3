"""A reverse proxy on this machine between the engines and the service. It records, and keeps the budget.

The engines have a key that only the proxy accepts. The key of the service is in no process of theirs.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import socket
import threading
import time
from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route as HttpRoute

from neev_provider.client.http.connection_pool import new_http_client
from neev_provider.client.settings import Settings
from tools.acceptance.ledger import Ledger
from tools.acceptance.phases import Times
from tools.acceptance.recording import Exchange, Recording
from tools.acceptance.routes import (
    API_PREFIX,
    OBJECT_KINDS,
    creates_sandbox,
    operation_of,
    parts_of,
    route_of,
    target_of,
)

HOST = "127.0.0.1"
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
STOP_SECONDS = 2
"""Seconds for requests in progress at the end: an engine that was killed may keep its connection."""
RUNTIME = "/runtime"
API_TIMEOUT = httpx.Timeout(60.0, connect=10.0)
RUNTIME_TIMEOUT = httpx.Timeout(600.0, connect=10.0)
MAX_RECORDED_BYTES = 256 * 1024
DROPPED_HEADERS = frozenset(
    {
        *("host", "authorization", "x-api-key", "content-length", "transfer-encoding", "connection", "keep-alive"),
        *("accept-encoding", "content-encoding", "proxy-authorization", "te", "trailer", "upgrade"),
    }
)
"""Headers of one connection, those of the key, and those that depend on how the content is encoded."""
PAGING = frozenset({"page", "limit"})
LINES, JSON = "application/x-ndjson", "application/json"


class Proxy:
    """The proxy of one target, served while the block runs."""

    def __init__(self, target: Settings, recording: Recording, ledger: Ledger) -> None:
        self._target = target
        self._recording = recording
        self._ledger = ledger
        self._key = f"acceptance-{secrets.token_urlsafe(24)}"
        self._runtimes: list[str] = []
        self._client = new_http_client(target, None)
        application = Starlette(
            routes=[
                HttpRoute(f"{API_PREFIX}{{path:path}}", self._serve_api, methods=METHODS),
                HttpRoute(f"{RUNTIME}/{{number:int}}{{path:path}}", self._serve_runtime, methods=METHODS),
            ]
        )
        config = uvicorn.Config(
            application,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=STOP_SECONDS,
        )
        self._server = uvicorn.Server(config)
        self._listener = socket.create_server((HOST, 0))
        self._origin = f"http://{HOST}:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="acceptance-proxy", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join()

    @property
    def settings(self) -> Settings:
        """Return the settings of a client of the proxy."""
        target = self._target
        return Settings(self._origin + API_PREFIX, self._key, target.org_id, target.project_id, target.region)

    async def _serve(self) -> None:
        async with self._client:
            await self._server.serve(sockets=[self._listener])
        self._listener.close()

    async def _serve_api(self, request: Request) -> Response:
        if not self._has_key(request):
            return _error(HTTPStatus.UNAUTHORIZED, "unauthorized", "the proxy accepts only the engines of its run")
        path, content = request.path_params["path"], await request.body()
        name = _name_in(content) if creates_sandbox(route_of(request.method, path)) else None
        if name is not None and (reason := self._ledger.start_create(name)):
            return _error(HTTPStatus.FORBIDDEN, "forbidden", reason)
        sent = time.monotonic()
        is_filtered = not PAGING.issuperset(request.query_params)
        try:
            response = await self._client.send(
                self._forward(request, self._target.base_url + path, content, API_TIMEOUT)
            )
        except httpx.RequestError as error:
            self._recording.add(Exchange(request.method, path, None, None, Times(sent, time.monotonic()), is_filtered))
            return _error(HTTPStatus.BAD_GATEWAY, "bad_gateway", f"no answer: {type(error).__name__}")
        body = _parse(response.headers, response.content)
        # what was created is on disk before anybody is told
        self._note(request.method, path, response.status_code, body, name)
        self._recording.add(
            Exchange(request.method, path, response.status_code, body, Times(sent, time.monotonic()), is_filtered)
        )
        content = response.content if body is None else json.dumps(self._rewrite(body)).encode()
        return Response(content, response.status_code, headers=_end_to_end(response.headers))

    async def _serve_runtime(self, request: Request) -> Response:
        number, path = request.path_params["number"], request.path_params["path"]
        if not self._has_key(request) or number >= len(self._runtimes):
            return JSONResponse({"reason_code": "permission_denied"}, HTTPStatus.UNAUTHORIZED)
        forwarded = self._forward(request, self._runtimes[number] + path, await request.body(), RUNTIME_TIMEOUT)
        sent = time.monotonic()
        try:
            response = await self._client.send(forwarded, stream=True)
        except httpx.RequestError:
            self._recording.add(Exchange(request.method, path, None, None, Times(sent, time.monotonic())))
            return JSONResponse({"reason_code": "unavailable"}, HTTPStatus.BAD_GATEWAY)
        received, recorded = time.monotonic(), bytearray()

        async def stream() -> AsyncIterator[bytes]:
            try:
                async for piece in response.aiter_bytes():
                    recorded.extend(piece[: max(0, MAX_RECORDED_BYTES - len(recorded))])
                    yield piece
            finally:
                await response.aclose()
                body = _parse(response.headers, bytes(recorded))
                self._recording.add(Exchange(request.method, path, response.status_code, body, Times(sent, received)))

        return StreamingResponse(stream(), response.status_code, _end_to_end(response.headers))

    def _has_key(self, request: Request) -> bool:
        return secrets.compare_digest(request.headers.get("authorization", ""), f"Bearer {self._key}")

    def _forward(self, request: Request, url: str, content: bytes, timeout: httpx.Timeout) -> httpx.Request:
        query = f"?{request.url.query}" if request.url.query else ""
        headers = _end_to_end(request.headers)
        return self._client.build_request(
            request.method, url + query, headers=headers, content=content, timeout=timeout
        )

    def _note(self, method: str, path: str, status: int, body: Any, name: object) -> None:
        """Write to the ledger what the answer says about objects of this run."""
        route = route_of(method, path)
        for kind, item in parts_of(route, status, body):
            if kind in OBJECT_KINDS:
                self._ledger.note_object(kind, item)
        if name is not None and HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
            self._ledger.fail_create(name)
        target = target_of(path)
        is_gone = status < HTTPStatus.BAD_REQUEST or status == HTTPStatus.NOT_FOUND
        if operation_of(route) == "delete" and target and is_gone:
            self._ledger.note_deleted(target)

    def _rewrite(self, body: Any) -> Any:
        """Return the body with the addresses of runtimes replaced by those of the proxy."""
        if isinstance(body, list):
            return [self._rewrite(item) for item in body]
        if not isinstance(body, dict):
            return body
        return {
            key: self._runtime_url(item) if key == "connect_url" and isinstance(item, str) else self._rewrite(item)
            for key, item in body.items()
        }

    def _runtime_url(self, url: str) -> str:
        if url not in self._runtimes:
            self._runtimes.append(url)
        return f"{self._origin}{RUNTIME}/{self._runtimes.index(url)}"


def _error(status: HTTPStatus, code: str, message: str) -> Response:
    return JSONResponse({"error": message, "message": message, "code": code}, status)


def _end_to_end(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in DROPPED_HEADERS}


def _name_in(content: bytes) -> object:
    """Return the name in the body of a create; an empty text if there is none."""
    try:
        return json.loads(content)["name"]
    except (ValueError, LookupError, TypeError):
        return ""


def _parse(headers: Mapping[str, str], content: bytes) -> Any:
    """Return the JSON of an answer, a list for a stream of lines, or ``None`` if it is neither."""
    media_type = headers.get("content-type", "").partition(";")[0].strip()
    try:
        if media_type == LINES:
            return [json.loads(line) for line in content.splitlines() if line.strip()]
        return json.loads(content) if media_type == JSON else None
    except ValueError:
        return None
