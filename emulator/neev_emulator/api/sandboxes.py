"""P/sandboxes and everything below it that changes or shows a sandbox."""

from starlette.responses import Response

from neev_emulator.api import schemas, serializers
from neev_emulator.api.json_response import JSONResponse
from neev_emulator.api.operations import CONFLICT, PAGED, Query, accepting, answering
from neev_emulator.api.request_context import NO_CONTENT, Call
from neev_emulator.api.requests import CreateSandbox, Empty, Fork, GivenWindows, Rollback, UpdateSandbox
from neev_emulator.errors import invalid
from neev_emulator.state import sandboxes
from neev_emulator.state.collection import is_uuid
from neev_emulator.state.records import Sandbox
from neev_emulator.state.tokens import LIFETIME, issued

_FILTERS = (
    Query("name", {"type": "string"}),
    Query("status", {"type": "string"}),
    Query("sandbox_id", {"type": "string", "format": "uuid"}),
)


@answering(schemas.SandboxPage, query=(*PAGED, *_FILTERS))
async def list_all(call: Call) -> Response:
    """A page of the project's sandboxes, the newest first; the filters all have to hold."""
    name, phase, key = call.query("name"), call.query("status"), call.query("sandbox_id")
    if key is not None and not is_uuid(key):
        raise invalid("sandbox_id", "must be a UUID")
    now = call.world.clock.now()
    found = [
        record
        for record in call.world.sandboxes.of(call.project_id)
        if (not name or name.lower() in record.name)
        and (not phase or record.phase(now) == phase)
        and (not key or record.id == key.lower())
    ]
    origin = call.origin
    return call.page(found, lambda record: serializers.sandbox(call.world, record, origin))


@accepting(CreateSandbox, schemas.Sandbox, 201)
async def create(call: Call, body: CreateSandbox) -> Response:
    """201 and the new sandbox, Pending."""
    return _shown(call, await sandboxes.create(call.world, call.project_id, body), 201)


@answering(schemas.Sandbox)
async def get(call: Call) -> Response:
    """The sandbox."""
    return _shown(call, call.sandbox())


@accepting(UpdateSandbox, schemas.Sandbox)
async def update(call: Call, body: UpdateSandbox) -> Response:
    """The sandbox, changed in place."""
    return _shown(call, sandboxes.update(call.world, call.sandbox(), body))


@answering(None, NO_CONTENT, refusals=(CONFLICT,))
async def delete(call: Call) -> Response:
    """204; the sandbox is gone a moment later."""
    sandboxes.delete(call.world, call.sandbox())
    return Response(status_code=NO_CONTENT)


@accepting(Empty, schemas.Sandbox)
async def pause(call: Call, _body: Empty) -> Response:
    """The sandbox, Pausing."""
    return _shown(call, await sandboxes.pause(call.world, call.sandbox()))


@accepting(Empty, schemas.Sandbox)
async def resume(call: Call, _body: Empty) -> Response:
    """The sandbox, Resuming."""
    return _shown(call, await sandboxes.resume(call.world, call.sandbox()))


@accepting(Empty, schemas.Sandbox)
async def keepalive(call: Call, _body: Empty) -> Response:
    """The sandbox, with its idle window starting again."""
    return _shown(call, sandboxes.keepalive(call.world, call.sandbox()))


@accepting(GivenWindows, schemas.Sandbox)
async def set_timeout(call: Call, body: GivenWindows) -> Response:
    """The sandbox, with the given windows."""
    return _shown(call, sandboxes.set_windows(call.world, call.sandbox(), body))


@accepting(Rollback, schemas.Sandbox)
async def rollback(call: Call, body: Rollback) -> Response:
    """The sandbox, NotReady until the snapshot's files are in place."""
    return _shown(call, await sandboxes.rollback(call.world, call.sandbox(), str(body.snapshot_id)))


@accepting(Fork, schemas.Sandbox, 201)
async def fork(call: Call, body: Fork) -> Response:
    """201 and the new sandbox, Pending."""
    return _shown(call, await sandboxes.fork(call.world, call.sandbox(), body.name), 201)


@accepting(Empty, schemas.ConnectToken, refusals=())
async def connect_token(call: Call, _body: Empty) -> Response:
    """A token that opens the sandbox's runtime for a while."""
    token = issued(call.world, call.sandbox().id, call.world.clock.now() + LIFETIME)
    return JSONResponse({"token": token, "expires_in": LIFETIME})


def _shown(call: Call, record: Sandbox, status: int = 200) -> JSONResponse:
    return JSONResponse(serializers.sandbox(call.world, record, call.origin), status)
