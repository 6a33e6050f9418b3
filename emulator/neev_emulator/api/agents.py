"""P/agents and everything below it that is not the same as for sandboxes."""

from starlette.responses import Response

from neev_emulator.api import schemas, serializers
from neev_emulator.api.json_response import JSONResponse
from neev_emulator.api.operations import CONFLICT, PAGED, TOO_EARLY, accepting, answering
from neev_emulator.api.request_context import NO_CONTENT, Call
from neev_emulator.api.requests import CreateAgent, Empty, Fork, Rollback, UpdateAgent
from neev_emulator.clock import stamp
from neev_emulator.errors import Refusal, conflict
from neev_emulator.state import agents, sandboxes
from neev_emulator.state.records import Agent
from neev_emulator.state.tokens import LIFETIME, issued


@answering(schemas.AgentPage, query=PAGED)
async def list_all(call: Call) -> Response:
    """A page of the project's agents, the newest first."""
    found = call.world.agents.of(call.project_id)
    return call.page(found, lambda record: serializers.agent(call.world, record, call.origin))


@accepting(CreateAgent, schemas.Agent, 201)
async def create(call: Call, body: CreateAgent) -> Response:
    """201 and the new agent, Provisioning."""
    return _shown(call, await agents.create(call.world, call.project_id, body), 201)


@answering(schemas.Agent)
async def get(call: Call) -> Response:
    """The agent."""
    return _shown(call, call.agent())


@accepting(UpdateAgent, schemas.Agent)
async def update(call: Call, body: UpdateAgent) -> Response:
    """The agent, changed in place."""
    return _shown(call, agents.update(call.world, call.agent(), body))


@answering(None, NO_CONTENT)
async def delete(call: Call) -> Response:
    """204; the agent and its sandbox are gone a moment later."""
    agents.delete(call.world, call.agent())
    return Response(status_code=NO_CONTENT)


@accepting(Empty, schemas.Agent)
async def pause(call: Call, _body: Empty) -> Response:
    """The agent, Pausing."""
    await sandboxes.pause(call.world, call.backing())
    return _shown(call, call.agent())


@accepting(Empty, schemas.Agent)
async def resume(call: Call, _body: Empty) -> Response:
    """The agent, on its way back to Ready."""
    await sandboxes.resume(call.world, call.backing())
    return _shown(call, call.agent())


@accepting(Empty, schemas.Agent)
async def keepalive(call: Call, _body: Empty) -> Response:
    """The agent, with its idle window starting again."""
    sandboxes.keepalive(call.world, call.backing())
    return _shown(call, call.agent())


@accepting(Rollback, schemas.Agent)
async def rollback(call: Call, body: Rollback) -> Response:
    """The agent, Provisioning until the snapshot's files are in place."""
    await sandboxes.rollback(call.world, call.backing(), str(body.snapshot_id))
    return _shown(call, call.agent())


@accepting(Fork, schemas.Sandbox, 201)
async def fork(call: Call, body: Fork) -> Response:
    """201 and the new sandbox, Pending: a fork of the agent's sandbox, and no agent."""
    record = await sandboxes.fork(call.world, call.backing(), body.name)
    return JSONResponse(serializers.sandbox(call.world, record, call.origin), 201)


@accepting(Empty, schemas.AgentConnection, refusals=(CONFLICT, TOO_EARLY))
async def connect(call: Call, _body: Empty) -> Response:
    """Where the agent is reached and a token that opens it; 425 while it is provisioning, 409 while it is stopped."""
    agent, backing = call.agent(), call.backing()
    status = serializers.agent_status(call.world, backing)
    if status == "Provisioning":
        raise Refusal("too_early", f"agent {agent.name!r} is provisioning")
    if status != "Ready":
        raise conflict(f"agent {agent.name!r} is {status}")
    expires_at = call.world.clock.now() + LIFETIME
    token = issued(call.world, backing.id, expires_at)
    return JSONResponse(
        {"connect_url": f"{call.origin}/sandboxes-runtime", "token": token, "expires_at": stamp(expires_at)}
    )


def _shown(call: Call, record: Agent, status: int = 200) -> JSONResponse:
    return JSONResponse(serializers.agent(call.world, record, call.origin), status)
