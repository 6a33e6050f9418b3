"""The application: every path of the Agent Service, the runtime, and the controls."""

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

from neev_emulator.api import agents, metrics, ports, sandboxes, serializers, snapshots, templates
from neev_emulator.api.control import Controls
from neev_emulator.api.json_response import JSONResponse
from neev_emulator.api.middleware import Gate, Traffic
from neev_emulator.api.openapi import description
from neev_emulator.api.operations import OperationRoute
from neev_emulator.api.preview import PREVIEW_METHODS, preview
from neev_emulator.api.request_checks import PREVIEWS, Door
from neev_emulator.api.request_context import refused
from neev_emulator.api.runtime import lookup
from neev_emulator.errors import Refusal
from neev_emulator.runtime import routes
from neev_emulator.state.backend import World
from neev_emulator.state.scheduler import run

_V1 = "/api/v1beta1"
_PROJECT = f"{_V1}/orgs/{{org}}/projects/{{project}}"
_CODES = {404: "not_found", 405: "method_not_allowed", 415: "unsupported_media_type"}


def create_app(world: World, hosts: Iterable[str] = ()) -> Starlette:
    """The emulator of this world as an ASGI application, for uvicorn or for `httpx.ASGITransport`.

    It answers to the names of the machine itself, to the address that it was reached at, and to these hosts.

    Under `ASGITransport` nothing runs between requests: what is due happens when the next one comes.
    """
    traffic = Traffic(world)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await world.open()
        task = create_task(run(world))
        yield
        task.cancel()
        with suppress(CancelledError):
            await task

    app = Starlette(
        routes=[
            Mount("/agent", Router(control_plane(), redirect_slashes=False)),
            Mount("/sandboxes-runtime", Router(routes(lookup), redirect_slashes=False)),
            Route(f"{PREVIEWS}{{slug}}/{{rest:path}}", preview, methods=PREVIEW_METHODS),
            Route("/openapi.json", _described),
            *Controls(world, traffic).routes(),
        ],
        middleware=[
            Middleware(Door, now=world.clock.now, hosts=hosts),
            Middleware(Gate, world=world, traffic=traffic),
        ],
        exception_handlers={Refusal: _refused, HTTPException: _failed},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state.world = world
    app.state.traffic = traffic
    return app


def control_plane() -> list[OperationRoute]:
    """The paths of the Agent Service."""
    snapshot = f"{_PROJECT}/snapshots/{{snapshot}}"
    return [
        *_sandboxes(f"{_PROJECT}/sandboxes"),
        *_agents(f"{_PROJECT}/agents"),
        OperationRoute(snapshot, GET=snapshots.get, DELETE=snapshots.delete),
        OperationRoute(f"{_V1}/sandbox-templates", GET=templates.list_sandbox_templates),
        OperationRoute(f"{_V1}/sandbox-templates/{{template}}", GET=templates.get_sandbox_template),
        OperationRoute(f"{_V1}/agent-templates", GET=templates.list_agent_templates),
        OperationRoute(f"{_V1}/agent-templates/{{template}}", GET=templates.get_agent_template),
    ]


def _sandboxes(path: str) -> list[OperationRoute]:
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
        *_shared(one),
    ]


def _agents(path: str) -> list[OperationRoute]:
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
        *_shared(one),
    ]


def _shared(one: str) -> list[OperationRoute]:
    return [
        OperationRoute(f"{one}/ports", GET=ports.list_all, POST=ports.expose),
        OperationRoute(f"{one}/ports/{{port}}", DELETE=ports.revoke),
        OperationRoute(f"{one}/audit", GET=metrics.audit),
        OperationRoute(f"{one}/snapshots", GET=snapshots.list_all, POST=snapshots.create),
    ]


async def _described(_request: Request) -> Response:
    return JSONResponse(description(control_plane()))


async def _refused(_request: Request, error: Exception) -> Response:
    if not isinstance(error, Refusal):
        raise error
    return refused(error)


async def _failed(_request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    message = HTTPStatus(error.status_code).phrase
    return JSONResponse(
        serializers.failure(_CODES.get(error.status_code, "bad_request"), message),
        error.status_code,
        headers=error.headers,
    )
