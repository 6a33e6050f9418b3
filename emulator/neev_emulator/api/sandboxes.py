"""P/sandboxes and everything below it that changes or returns a sandbox."""

from starlette.responses import Response

from neev_emulator.api import schemas, serializers
from neev_emulator.api.json_response import JSONResponse
from neev_emulator.api.operations import CONFLICT, PAGE_QUERY, QueryParameter, operation, operation_with_body
from neev_emulator.api.request_context import NO_CONTENT, RequestContext
from neev_emulator.api.requests import CreateSandbox, Empty, ExpirationUpdate, Fork, Rollback, UpdateSandbox
from neev_emulator.errors import invalid
from neev_emulator.state import sandboxes
from neev_emulator.state.collection import is_uuid
from neev_emulator.state.records import SandboxRecord
from neev_emulator.state.tokens import LIFETIME_SECONDS, issue

_FILTERS = (
    QueryParameter("name", {"type": "string"}),
    QueryParameter("status", {"type": "string"}),
    QueryParameter("sandbox_id", {"type": "string", "format": "uuid"}),
    QueryParameter("label", {"type": "array", "items": {"type": "string", "pattern": "^[^=]+=.+$"}}),
)


@operation(schemas.SandboxPage, query=(*PAGE_QUERY, *_FILTERS))
async def list_all(request: RequestContext) -> Response:
    """Return a page of the project's sandboxes that match all filters, the newest first."""
    name, phase, key = request.query_param("name"), request.query_param("status"), request.query_param("sandbox_id")
    if key is not None and not is_uuid(key):
        raise invalid("sandbox_id", "must be a UUID")
    labels = _parse_labels(request)
    now = request.backend.clock.now()
    records = [
        record
        for record in request.backend.sandboxes.in_project(request.project_id)
        if (not name or name.lower() in record.name)
        and (not phase or record.phase(now) == phase)
        and (not key or record.id == key.lower())
        and labels <= record.labels.items()
    ]
    origin = request.origin
    return request.paginate(records, lambda record: serializers.serialize_sandbox(request.backend, record, origin))


@operation_with_body(CreateSandbox, schemas.Sandbox, 201)
async def create(request: RequestContext, body: CreateSandbox) -> Response:
    """Return 201 and the new sandbox, Pending."""
    return _sandbox_response(request, await sandboxes.create(request.backend, request.project_id, body), 201)


@operation(schemas.Sandbox)
async def get(request: RequestContext) -> Response:
    """Return the sandbox."""
    return _sandbox_response(request, request.find_sandbox())


@operation_with_body(UpdateSandbox, schemas.Sandbox)
async def update(request: RequestContext, body: UpdateSandbox) -> Response:
    """Return the updated sandbox."""
    return _sandbox_response(request, sandboxes.update(request.backend, request.find_sandbox(), body))


@operation(None, NO_CONTENT, error_statuses=(CONFLICT,))
async def delete(request: RequestContext) -> Response:
    """Return 204; the sandbox is deleted after `durations.delete`."""
    sandboxes.delete(request.backend, request.find_sandbox())
    return Response(status_code=NO_CONTENT)


@operation_with_body(Empty, schemas.Sandbox)
async def pause(request: RequestContext, _body: Empty) -> Response:
    """Return the sandbox, Pausing."""
    return _sandbox_response(request, await sandboxes.pause(request.backend, request.find_sandbox()))


@operation_with_body(Empty, schemas.Sandbox)
async def resume(request: RequestContext, _body: Empty) -> Response:
    """Return the sandbox, Resuming."""
    return _sandbox_response(request, await sandboxes.resume(request.backend, request.find_sandbox()))


@operation_with_body(Empty, schemas.Sandbox)
async def keepalive(request: RequestContext, _body: Empty) -> Response:
    """Return the sandbox with its idle timeout restarted."""
    return _sandbox_response(request, sandboxes.keepalive(request.backend, request.find_sandbox()))


@operation_with_body(ExpirationUpdate, schemas.Sandbox)
async def set_timeout(request: RequestContext, body: ExpirationUpdate) -> Response:
    """Return the sandbox with the new expiration policy."""
    return _sandbox_response(request, sandboxes.set_expiration(request.backend, request.find_sandbox(), body))


@operation_with_body(Rollback, schemas.Sandbox)
async def rollback(request: RequestContext, body: Rollback) -> Response:
    """Return the sandbox, NotReady until the snapshot is restored."""
    return _sandbox_response(
        request, await sandboxes.rollback(request.backend, request.find_sandbox(), str(body.snapshot_id))
    )


@operation_with_body(Fork, schemas.Sandbox, 201)
async def fork(request: RequestContext, body: Fork) -> Response:
    """Return 201 and the new sandbox, Pending."""
    return _sandbox_response(request, await sandboxes.fork(request.backend, request.find_sandbox(), body.name), 201)


@operation_with_body(Empty, schemas.ConnectToken, error_statuses=())
async def connect_token(request: RequestContext, _body: Empty) -> Response:
    """Return a token for the sandbox's runtime, valid for a limited time."""
    token = issue(request.backend, request.find_sandbox().id, request.backend.clock.now() + LIFETIME_SECONDS)
    return JSONResponse({"token": token, "expires_in": LIFETIME_SECONDS})


def _parse_labels(request: RequestContext) -> set[tuple[str, str]]:
    """Return the labels that a sandbox must have; none for an API without labels."""
    if request.backend.settings.api == "0.8":
        return set()
    labels = set()
    for text in request.http_request.query_params.getlist("label"):
        key, _, value = text.partition("=")
        if not (key and value):
            raise invalid("label", "must be key=value")
        labels.add((key, value))
    return labels


def _sandbox_response(request: RequestContext, record: SandboxRecord, status: int = 200) -> JSONResponse:
    return JSONResponse(serializers.serialize_sandbox(request.backend, record, request.origin), status)
