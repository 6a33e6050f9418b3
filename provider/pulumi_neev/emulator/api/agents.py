"""P/agents and everything below it that is not the same as for sandboxes."""

from starlette.responses import Response

from pulumi_neev.emulator import agents, sandboxes
from pulumi_neev.emulator.api import answers, shapes
from pulumi_neev.emulator.api.http import NO_CONTENT, Call
from pulumi_neev.emulator.api.operations import CONFLICT, PAGED, TOO_EARLY, accepting, answering
from pulumi_neev.emulator.bodies import CreateAgent, Empty, Fork, Rollback, UpdateAgent
from pulumi_neev.emulator.clock import stamp
from pulumi_neev.emulator.errors import Refusal, conflict
from pulumi_neev.emulator.records import Agent
from pulumi_neev.emulator.tokens import LIFETIME, issued
from pulumi_neev.emulator.wire import JSONResponse


@answering(shapes.AgentPage, query=PAGED)
async def list_all(call: Call) -> Response:
    """A page of the project's agents, the newest first."""
    found = call.world.agents.of(call.project_id)
    return call.page(found, lambda record: answers.agent(call.world, record, call.origin))


@accepting(CreateAgent, shapes.Agent, 201)
async def create(call: Call, body: CreateAgent) -> Response:
    """201 and the new agent, Provisioning."""
    return _shown(call, await agents.create(call.world, call.project_id, body), 201)


@answering(shapes.Agent)
async def get(call: Call) -> Response:
    """The agent."""
    return _shown(call, call.agent())


@accepting(UpdateAgent, shapes.Agent)
async def update(call: Call, body: UpdateAgent) -> Response:
    """The agent, changed in place."""
    return _shown(call, agents.update(call.world, call.agent(), body))


@answering(None, NO_CONTENT)
async def delete(call: Call) -> Response:
    """204; the agent and its sandbox are gone a moment later."""
    agents.delete(call.world, call.agent())
    return Response(status_code=NO_CONTENT)


@accepting(Empty, shapes.Agent)
async def pause(call: Call, _body: Empty) -> Response:
    """The agent, Pausing."""
    await sandboxes.pause(call.world, call.backing())
    return _shown(call, call.agent())


@accepting(Empty, shapes.Agent)
async def resume(call: Call, _body: Empty) -> Response:
    """The agent, on its way back to Ready."""
    await sandboxes.resume(call.world, call.backing())
    return _shown(call, call.agent())


@accepting(Empty, shapes.Agent)
async def keepalive(call: Call, _body: Empty) -> Response:
    """The agent, with its idle window starting again."""
    sandboxes.keepalive(call.world, call.backing())
    return _shown(call, call.agent())


@accepting(Rollback, shapes.Agent)
async def rollback(call: Call, body: Rollback) -> Response:
    """The agent, Provisioning until the snapshot's files are in place."""
    await sandboxes.rollback(call.world, call.backing(), str(body.snapshot_id))
    return _shown(call, call.agent())


@accepting(Fork, shapes.Sandbox, 201)
async def fork(call: Call, body: Fork) -> Response:
    """201 and the new sandbox, Pending: a fork of the agent's sandbox, and no agent."""
    record = await sandboxes.fork(call.world, call.backing(), body.name)
    return JSONResponse(answers.sandbox(call.world, record, call.origin), 201)


@accepting(Empty, shapes.AgentConnection, refusals=(CONFLICT, TOO_EARLY))
async def connect(call: Call, _body: Empty) -> Response:
    """Where the agent is reached and a token that opens it; 425 while it is provisioning, 409 while it is stopped."""
    agent, backing = call.agent(), call.backing()
    status = answers.agent_status(call.world, backing)
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
    return JSONResponse(answers.agent(call.world, record, call.origin), status)
