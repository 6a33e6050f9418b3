"""P/snapshots, and the snapshots of a sandbox or an agent."""

from starlette.responses import Response

from neev_emulator.api import schemas, serializers
from neev_emulator.api.json_response import JSONResponse
from neev_emulator.api.operations import PAGE_QUERY, operation, operation_with_body
from neev_emulator.api.request_context import NO_CONTENT, RequestContext
from neev_emulator.api.requests import CreateSnapshot
from neev_emulator.state import snapshots


@operation(schemas.SnapshotPage, query=PAGE_QUERY)
async def list_all(request: RequestContext) -> Response:
    """Return a page of the sandbox's snapshots, the newest first."""
    records = request.backend.find_snapshots(request.target_sandbox().id)
    return request.paginate(records, lambda record: serializers.serialize_snapshot(request.backend, record))


@operation_with_body(CreateSnapshot, schemas.Snapshot, 202)
async def create(request: RequestContext, body: CreateSnapshot) -> Response:
    """Return 202 and the new snapshot, Pending."""
    record = await snapshots.create(request.backend, request.target_sandbox(), body)
    return JSONResponse(serializers.serialize_snapshot(request.backend, record), 202)


@operation(schemas.Snapshot)
async def get(request: RequestContext) -> Response:
    """Return the snapshot."""
    record = request.backend.snapshots.find(request.project_id, request.path_param("snapshot"))
    return JSONResponse(serializers.serialize_snapshot(request.backend, record))


@operation(None, NO_CONTENT)
async def delete(request: RequestContext) -> Response:
    """Return 204; the snapshot is deleted, even if it is not Ready yet."""
    request.backend.delete(request.backend.snapshots.find(request.project_id, request.path_param("snapshot")))
    return Response(status_code=NO_CONTENT)
