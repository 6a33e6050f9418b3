"""P/agents and everything below it that differs from sandboxes."""

from starlette.responses import Response

from neev_emulator.api import schemas, serializers
from neev_emulator.api.json_response import JSONResponse
from neev_emulator.api.operations import CONFLICT, PAGE_QUERY, TOO_EARLY, operation, operation_with_body
from neev_emulator.api.request_context import NO_CONTENT, RequestContext
from neev_emulator.api.requests import CreateAgent, Empty, Fork, Rollback, UpdateAgent
from neev_emulator.clock import format_time
from neev_emulator.errors import ApiError, conflict
from neev_emulator.state import agents, sandboxes
from neev_emulator.state.records import AgentRecord
from neev_emulator.state.tokens import LIFETIME_SECONDS, issue


@operation(schemas.AgentPage, query=PAGE_QUERY)
async def list_all(request: RequestContext) -> Response:
    """Return a page of the project's agents, the newest first."""
    records = request.backend.agents.in_project(request.project_id)
    return request.paginate(
        records, lambda record: serializers.serialize_agent(request.backend, record, request.origin)
    )


@operation_with_body(CreateAgent, schemas.Agent, 201)
async def create(request: RequestContext, body: CreateAgent) -> Response:
    """Return 201 and the new agent, Provisioning."""
    return _agent_response(request, await agents.create(request.backend, request.project_id, body), 201)


@operation(schemas.Agent)
async def get(request: RequestContext) -> Response:
    """Return the agent."""
    return _agent_response(request, request.find_agent())


@operation_with_body(UpdateAgent, schemas.Agent)
async def update(request: RequestContext, body: UpdateAgent) -> Response:
    """Return the updated agent."""
    return _agent_response(request, agents.update(request.backend, request.find_agent(), body))


@operation(None, NO_CONTENT)
async def delete(request: RequestContext) -> Response:
    """Return 204; the agent and its sandbox are deleted after `durations.delete`."""
    agents.delete(request.backend, request.find_agent())
    return Response(status_code=NO_CONTENT)


@operation_with_body(Empty, schemas.Agent)
async def pause(request: RequestContext, _body: Empty) -> Response:
    """Return the agent, Pausing."""
    await sandboxes.pause(request.backend, request.target_sandbox())
    return _agent_response(request, request.find_agent())


@operation_with_body(Empty, schemas.Agent)
async def resume(request: RequestContext, _body: Empty) -> Response:
    """Return the agent, resuming."""
    await sandboxes.resume(request.backend, request.target_sandbox())
    return _agent_response(request, request.find_agent())


@operation_with_body(Empty, schemas.Agent)
async def keepalive(request: RequestContext, _body: Empty) -> Response:
    """Return the agent with its idle timeout restarted."""
    sandboxes.keepalive(request.backend, request.target_sandbox())
    return _agent_response(request, request.find_agent())


@operation_with_body(Rollback, schemas.Agent)
async def rollback(request: RequestContext, body: Rollback) -> Response:
    """Return the agent, Provisioning until the snapshot is restored."""
    await sandboxes.rollback(request.backend, request.target_sandbox(), str(body.snapshot_id))
    return _agent_response(request, request.find_agent())


@operation_with_body(Fork, schemas.Sandbox, 201)
async def fork(request: RequestContext, body: Fork) -> Response:
    """Return 201 and a new sandbox, Pending: a fork of the agent's sandbox, not an agent."""
    record = await sandboxes.fork(request.backend, request.target_sandbox(), body.name)
    return JSONResponse(serializers.serialize_sandbox(request.backend, record, request.origin), 201)


@operation_with_body(Empty, schemas.AgentConnection, error_statuses=(CONFLICT, TOO_EARLY))
async def connect(request: RequestContext, _body: Empty) -> Response:
    """Return the agent's URL and a token for it; 425 while it is provisioning, 409 while it is stopped."""
    agent, sandbox = request.find_agent(), request.target_sandbox()
    status = serializers.get_agent_status(request.backend, sandbox)
    if status == "Provisioning":
        raise ApiError("too_early", f"agent {agent.name!r} is provisioning")
    if status != "Ready":
        raise conflict(f"agent {agent.name!r} is {status}")
    expires_at = request.backend.clock.now() + LIFETIME_SECONDS
    token = issue(request.backend, sandbox.id, expires_at)
    return JSONResponse(
        {"connect_url": f"{request.origin}/sandboxes-runtime", "token": token, "expires_at": format_time(expires_at)}
    )


def _agent_response(request: RequestContext, record: AgentRecord, status: int = 200) -> JSONResponse:
    return JSONResponse(serializers.serialize_agent(request.backend, record, request.origin), status)
