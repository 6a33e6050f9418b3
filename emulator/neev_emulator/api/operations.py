"""Handlers with what `openapi` says about them: what they take, what they answer, and which refusals are theirs."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from neev_emulator.api.request_context import LARGEST_PAGE, Call, let_in
from neev_emulator.state.backend import World
from neev_emulator.state.scheduler import settle

M = TypeVar("M", bound=BaseModel)
Handler = Callable[[Call], Awaitable[Response]]

BAD_REQUEST = 400
CONFLICT = 409
TOO_EARLY = 425
_MOMENT = {"type": "string", "format": "date-time"}


class Query(NamedTuple):
    """A parameter of the query; all of them may be left out."""

    name: str
    schema: dict[str, Any]


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    handle: Handler
    summary: str
    status: int
    answer: type | None = None
    body: type[BaseModel] | None = None
    query: tuple[Query, ...] = ()
    refusals: tuple[int, ...] = ()
    """Statuses of its own, beside those that follow from its path, its query and its body."""


PAGED = (
    Query("page", {"type": "integer", "minimum": 1}),
    Query("limit", {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE}),
)
WINDOW = (Query("from", _MOMENT), Query("to", _MOMENT))


def answering(
    answer: type | None = None, status: int = 200, *, query: tuple[Query, ...] = (), refusals: tuple[int, ...] = ()
) -> Callable[[Handler], Operation]:
    """The handler as an operation without a body."""

    def operation(handler: Handler) -> Operation:
        return Operation(handler, _summary(handler), status, answer, query=query, refusals=refusals)

    return operation


def accepting(
    body: type[M], answer: type, status: int = 200, *, refusals: tuple[int, ...] = (CONFLICT,)
) -> Callable[[Callable[[Call, M], Awaitable[Response]]], Operation]:
    """The handler as an operation with this body, which it is handed once it is known to be acceptable."""

    def operation(handler: Callable[[Call, M], Awaitable[Response]]) -> Operation:
        async def handle(call: Call) -> Response:
            return await handler(call, await call.body(body))

        return Operation(handle, _summary(handler), status, answer, body, refusals=refusals)

    return operation


def _summary(handler: Callable[..., Awaitable[Response]]) -> str:
    return (handler.__doc__ or "").partition("\n")[0]


class OperationRoute(Route):
    """A path of the API with one operation for each method; only callers with the key come in."""

    def __init__(self, path: str, **operations: Operation) -> None:
        self.operations = operations
        super().__init__(path, self._serve, methods=list(operations))

    async def _serve(self, request: Request) -> Response:
        world: World = request.app.state.world
        await settle(world)
        call = Call(world, request, let_in(world, request))
        return await self.operations["GET" if request.method == "HEAD" else request.method].handle(call)
