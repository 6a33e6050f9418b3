"""The application: all paths of the API, the runtime and the controls."""

from asyncio import CancelledError, create_task
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route, Router

from neev_emulator.api import agents, audit, metrics, ports, sandboxes, serializers, snapshots, templates
from neev_emulator.api.control import Controls
from neev_emulator.api.json_response import JSONResponse
from neev_emulator.api.middleware import RequestMiddleware, TrafficControl
from neev_emulator.api.openapi import build_openapi
from neev_emulator.api.operations import OperationRoute
from neev_emulator.api.preview import PREVIEW_METHODS, preview
from neev_emulator.api.request_checks import PREVIEW_PREFIX, RequestGuard
from neev_emulator.api.request_context import error_response
from neev_emulator.api.runtime import lookup
from neev_emulator.errors import ApiError
from neev_emulator.runtime import build_routes
from neev_emulator.state.backend import Backend
from neev_emulator.state.scheduler import run

_V1 = "/api/v1beta1"
_PROJECT = f"{_V1}/orgs/{{org}}/projects/{{project}}"
_CODES = {404: "not_found", 405: "method_not_allowed", 415: "unsupported_media_type"}


def create_app(backend: Backend, hosts: Iterable[str] = ()) -> Starlette:
    """Return an ASGI application for the backend, for uvicorn or `httpx.ASGITransport`.

    It accepts this machine's host names, the address that it was reached at, and these hosts.

    Under `ASGITransport` nothing runs between requests: the next request handles what is due.
    """
    traffic = TrafficControl(backend)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await backend.open()
        task = create_task(run(backend))
        yield
        task.cancel()
        with suppress(CancelledError):
            await task

    app = Starlette(
        routes=[
            Mount("/agent", Router(control_plane_routes(), redirect_slashes=False)),
            Mount("/sandboxes-runtime", Router(build_routes(lookup), redirect_slashes=False)),
            Route(f"{PREVIEW_PREFIX}{{slug}}/{{rest:path}}", preview, methods=PREVIEW_METHODS),
            Route("/openapi.json", _serve_openapi),
            *Controls(backend, traffic).routes(),
        ],
        middleware=[
            Middleware(RequestGuard, now=backend.clock.now, hosts=hosts),
            Middleware(RequestMiddleware, backend=backend, traffic=traffic),
        ],
        exception_handlers={ApiError: _handle_api_error, HTTPException: _handle_http_error},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state.backend = backend
    app.state.traffic = traffic
    return app


def control_plane_routes() -> list[OperationRoute]:
    """Return the paths of the API."""
    snapshot = f"{_PROJECT}/snapshots/{{snapshot}}"
    return [
        *_sandbox_routes(f"{_PROJECT}/sandboxes"),
        *_agent_routes(f"{_PROJECT}/agents"),
        OperationRoute(snapshot, GET=snapshots.get, DELETE=snapshots.delete),
        OperationRoute(f"{_V1}/sandbox-templates", GET=templates.list_sandbox_templates),
        OperationRoute(f"{_V1}/sandbox-templates/{{template}}", GET=templates.get_sandbox_template),
        OperationRoute(f"{_V1}/agent-templates", GET=templates.list_agent_templates),
        OperationRoute(f"{_V1}/agent-templates/{{template}}", GET=templates.get_agent_template),
    ]


def _sandbox_routes(path: str) -> list[OperationRoute]:
    one = f"{path}/{{sandbox}}"
    return [
        OperationRoute(path, GET=sandboxes.list_all, POST=sandboxes.create),
        OperationRoute(one, GET=sandboxes.get, PATCH=sandboxes.update, DELETE=sandboxes.delete),
        OperationRoute(f"{one}/pause", POST=sandboxes.pause),
        OperationRoute(f"{one}/resume", POST=sandboxes.resume),
        OperationRoute(f"{one}/keepalive", POST=sandboxes.keepalive),
        OperationRoute(f"{one}/timeout", PUT=sandboxes.set_timeout),
        OperationRoute(f"{one}/connect-token", POST=sandboxes.connect_token),
        OperationRoute(f"{one}/rollback", POST=sandboxes.rollback),
        OperationRoute(f"{one}/restore", POST=sandboxes.rollback),
        OperationRoute(f"{one}/fork", POST=sandboxes.fork),
        OperationRoute(f"{one}/metrics", GET=metrics.metrics),
        *_shared_routes(one),
    ]


def _agent_routes(path: str) -> list[OperationRoute]:
    one = f"{path}/{{agent}}"
    return [
        OperationRoute(path, GET=agents.list_all, POST=agents.create),
        OperationRoute(one, GET=agents.get, PATCH=agents.update, DELETE=agents.delete),
        OperationRoute(f"{one}/pause", POST=agents.pause),
        OperationRoute(f"{one}/resume", POST=agents.resume),
        OperationRoute(f"{one}/keepalive", POST=agents.keepalive),
        OperationRoute(f"{one}/rollback", POST=agents.rollback),
        OperationRoute(f"{one}/connect", POST=agents.connect),
        OperationRoute(f"{one}/fork", POST=agents.fork),
        *_shared_routes(one),
    ]


def _shared_routes(item_path: str) -> list[OperationRoute]:
    return [
        OperationRoute(f"{item_path}/ports", GET=ports.list_all, POST=ports.expose),
        OperationRoute(f"{item_path}/ports/{{port}}", DELETE=ports.revoke),
        OperationRoute(f"{item_path}/audit", GET=audit.audit),
        OperationRoute(f"{item_path}/snapshots", GET=snapshots.list_all, POST=snapshots.create),
    ]


async def _serve_openapi(_request: Request) -> Response:
    return JSONResponse(build_openapi(control_plane_routes()))


async def _handle_api_error(_request: Request, error: Exception) -> Response:
    if not isinstance(error, ApiError):
        raise error
    return error_response(error)


async def _handle_http_error(_request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    message = HTTPStatus(error.status_code).phrase
    return JSONResponse(
        serializers.error_body(_CODES.get(error.status_code, "bad_request"), message),
        error.status_code,
        headers=error.headers,
    )
