"""P/snapshots, and the snapshots of a sandbox or of an agent."""

from starlette.responses import Response

from neev_emulator.api import schemas, serializers
from neev_emulator.api.json_response import JSONResponse
from neev_emulator.api.operations import PAGED, accepting, answering
from neev_emulator.api.request_context import NO_CONTENT, Call
from neev_emulator.api.requests import CreateSnapshot
from neev_emulator.state import snapshots


@answering(schemas.SnapshotPage, query=PAGED)
async def list_all(call: Call) -> Response:
    """A page of the sandbox's snapshots, the newest first."""
    found = call.world.snapshots_of(call.backing().id)
    return call.page(found, lambda record: serializers.snapshot(call.world, record))


@accepting(CreateSnapshot, schemas.Snapshot, 202)
async def create(call: Call, body: CreateSnapshot) -> Response:
    """202 and the new snapshot, Pending."""
    record = await snapshots.create(call.world, call.backing(), body)
    return JSONResponse(serializers.snapshot(call.world, record), 202)


@answering(schemas.Snapshot)
async def get(call: Call) -> Response:
    """The snapshot."""
    record = call.world.snapshots.find(call.project_id, call.part("snapshot"))
    return JSONResponse(serializers.snapshot(call.world, record))


@answering(None, NO_CONTENT)
async def delete(call: Call) -> Response:
    """204; the snapshot is gone, also if it was still being taken."""
    call.world.forget(call.world.snapshots.find(call.project_id, call.part("snapshot")))
    return Response(status_code=NO_CONTENT)
