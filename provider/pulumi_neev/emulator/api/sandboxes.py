"""P/sandboxes and everything below it that changes or shows a sandbox."""

from starlette.responses import Response

from pulumi_neev.emulator import sandboxes
from pulumi_neev.emulator.api import answers
from pulumi_neev.emulator.api.http import NO_CONTENT, Call
from pulumi_neev.emulator.bodies import CreateSandbox, Empty, Fork, GivenWindows, Rollback, UpdateSandbox
from pulumi_neev.emulator.errors import invalid
from pulumi_neev.emulator.records import Sandbox
from pulumi_neev.emulator.shelf import is_uuid
from pulumi_neev.emulator.tokens import LIFETIME, issued
from pulumi_neev.emulator.wire import JSONResponse


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
    return call.page(found, lambda record: answers.sandbox(call.world, record, origin))


async def create(call: Call) -> Response:
    """201 and the new sandbox, Pending."""
    body = await call.body(CreateSandbox)
    return _shown(call, await sandboxes.create(call.world, call.project_id, body), 201)


async def get(call: Call) -> Response:
    """The sandbox."""
    return _shown(call, call.sandbox())


async def update(call: Call) -> Response:
    """The sandbox, changed in place."""
    body = await call.body(UpdateSandbox)
    return _shown(call, sandboxes.update(call.world, call.sandbox(), body))


async def delete(call: Call) -> Response:
    """204; the sandbox is gone a moment later."""
    sandboxes.delete(call.world, call.sandbox())
    return Response(status_code=NO_CONTENT)


async def pause(call: Call) -> Response:
    """The sandbox, Pausing."""
    await call.body(Empty)
    return _shown(call, await sandboxes.pause(call.world, call.sandbox()))


async def resume(call: Call) -> Response:
    """The sandbox, Resuming."""
    await call.body(Empty)
    return _shown(call, await sandboxes.resume(call.world, call.sandbox()))


async def keepalive(call: Call) -> Response:
    """The sandbox, with its idle window starting again."""
    await call.body(Empty)
    return _shown(call, sandboxes.keepalive(call.world, call.sandbox()))


async def set_timeout(call: Call) -> Response:
    """The sandbox, with the given windows."""
    body = await call.body(GivenWindows)
    return _shown(call, sandboxes.set_windows(call.world, call.sandbox(), body))


async def rollback(call: Call) -> Response:
    """The sandbox, NotReady until the snapshot's files are in place."""
    body = await call.body(Rollback)
    return _shown(call, await sandboxes.rollback(call.world, call.sandbox(), str(body.snapshot_id)))


async def fork(call: Call) -> Response:
    """201 and the new sandbox, Pending."""
    body = await call.body(Fork)
    return _shown(call, await sandboxes.fork(call.world, call.sandbox(), body.name), 201)


async def connect_token(call: Call) -> Response:
    """A token that opens the sandbox's runtime for a while."""
    await call.body(Empty)
    token = issued(call.world, call.sandbox().id, call.world.clock.now() + LIFETIME)
    return JSONResponse({"token": token, "expires_in": LIFETIME})


def _shown(call: Call, record: Sandbox, status: int = 200) -> JSONResponse:
    return JSONResponse(answers.sandbox(call.world, record, call.origin), status)
