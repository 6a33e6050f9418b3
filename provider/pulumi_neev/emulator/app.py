"""The application: every path of the Agent Service, the runtime, and the controls."""

from asyncio import CancelledError, create_task
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from pulumi_neev.emulator.api import answers, sandboxes
from pulumi_neev.emulator.api.control import Controls
from pulumi_neev.emulator.api.gate import Gate, Traffic
from pulumi_neev.emulator.api.http import refused, route
from pulumi_neev.emulator.errors import Refusal
from pulumi_neev.emulator.scheduler import run
from pulumi_neev.emulator.world import World

_PROJECT = "/api/v1beta1/orgs/{org}/projects/{project}"
_CODES = {404: "not_found", 405: "method_not_allowed", 415: "unsupported_media_type", 500: "internal_server_error"}


def create_app(world: World) -> Starlette:
    """The emulator of this world as an ASGI application, for uvicorn or for `httpx.ASGITransport`.

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
        routes=[Mount("/agent", routes=control_plane()), *Controls(world, traffic).routes()],
        middleware=[Middleware(Gate, world=world, traffic=traffic)],
        exception_handlers={Refusal: _refused, HTTPException: _failed, Exception: _broken},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state.world = world
    app.state.traffic = traffic
    return app


def control_plane() -> list[Route]:
    """The paths of the Agent Service."""
    box = f"{_PROJECT}/sandboxes/{{sandbox}}"
    return [
        route(f"{_PROJECT}/sandboxes", GET=sandboxes.list_all, POST=sandboxes.create),
        route(box, GET=sandboxes.get, PATCH=sandboxes.update, DELETE=sandboxes.delete),
        route(f"{box}/pause", POST=sandboxes.pause),
        route(f"{box}/resume", POST=sandboxes.resume),
        route(f"{box}/keepalive", POST=sandboxes.keepalive),
        route(f"{box}/timeout", PUT=sandboxes.set_timeout),
        route(f"{box}/rollback", POST=sandboxes.rollback),
        route(f"{box}/restore", POST=sandboxes.rollback),
        route(f"{box}/fork", POST=sandboxes.fork),
        route(f"{box}/connect-token", POST=sandboxes.connect_token),
    ]


async def _refused(_request: Request, error: Exception) -> Response:
    if not isinstance(error, Refusal):
        raise error
    return refused(error)


async def _failed(_request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    message = HTTPStatus(error.status_code).phrase
    return JSONResponse(
        answers.failure(_CODES.get(error.status_code, "bad_request"), message), error.status_code, headers=error.headers
    )


async def _broken(_request: Request, _error: Exception) -> Response:
    return JSONResponse(answers.failure("internal_server_error", "the emulator itself failed"), 500)
