"""Handlers with their description: request body, response type and error statuses."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from neev_emulator.api.request_context import MAX_PAGE_SIZE, RequestContext, authorize
from neev_emulator.state.backend import Backend
from neev_emulator.state.scheduler import run_due

ModelT = TypeVar("ModelT", bound=BaseModel)
Handler = Callable[[RequestContext], Awaitable[Response]]

BAD_REQUEST = 400
CONFLICT = 409
TOO_EARLY = 425
_TIME_SCHEMA = {"type": "string", "format": "date-time"}


class QueryParameter(NamedTuple):
    """An optional query parameter."""

    name: str
    schema: dict[str, Any]


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    handle: Handler
    summary: str
    status: int
    response_type: type | None = None
    body: type[BaseModel] | None = None
    query: tuple[QueryParameter, ...] = ()
    error_statuses: tuple[int, ...] = ()
    """Statuses beside those that follow from the path, the query and the body."""


PAGE_QUERY = (
    QueryParameter("page", {"type": "integer", "minimum": 1}),
    QueryParameter("limit", {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE}),
)
TIME_RANGE_QUERY = (QueryParameter("from", _TIME_SCHEMA), QueryParameter("to", _TIME_SCHEMA))


def operation(
    response_type: type | None = None,
    status: int = 200,
    *,
    query: tuple[QueryParameter, ...] = (),
    error_statuses: tuple[int, ...] = (),
) -> Callable[[Handler], Operation]:
    """Return a decorator for the handler of an operation without a body."""

    def operation(handler: Handler) -> Operation:
        return Operation(
            handler, _read_summary(handler), status, response_type, query=query, error_statuses=error_statuses
        )

    return operation


def operation_with_body(
    body: type[ModelT], response_type: type, status: int = 200, *, error_statuses: tuple[int, ...] = (CONFLICT,)
) -> Callable[[Callable[[RequestContext, ModelT], Awaitable[Response]]], Operation]:
    """Return a decorator for the handler of an operation with this body, which is validated first."""

    def operation(handler: Callable[[RequestContext, ModelT], Awaitable[Response]]) -> Operation:
        async def handle(context: RequestContext) -> Response:
            return await handler(context, await context.parse_body(body))

        return Operation(handle, _read_summary(handler), status, response_type, body, error_statuses=error_statuses)

    return operation


def _read_summary(handler: Callable[..., Awaitable[Response]]) -> str:
    return (handler.__doc__ or "").partition("\n")[0]


class OperationRoute(Route):
    """A path of the API with one operation per method; requests need the key."""

    def __init__(self, path: str, **operations: Operation) -> None:
        self.operations = operations
        super().__init__(path, self._serve, methods=list(operations))

    async def _serve(self, request: Request) -> Response:
        backend: Backend = request.app.state.backend
        await run_due(backend)
        context = RequestContext(backend, request, authorize(backend, request))
        return await self.operations["GET" if request.method == "HEAD" else request.method].handle(context)
