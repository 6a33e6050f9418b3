"""An agent: a packaged program on a sandbox of its own."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import Field
from typing_extensions import override

from neev_provider.client import Api
from neev_provider.client.agents import Agent as Seen
from neev_provider.core.markers import AutoName, Computed, Kept, Replace, ResetsTo, Secret, Stable, Update
from neev_provider.core.model import Boolean, Integer, Number, Outputs
from neev_provider.core.names import Name
from neev_provider.core.resource import Observation, OperationContext, Resource
from neev_provider.core.wait import Done, Failed, InProgress, WaitStatus, wait_until
from neev_provider.resources import egress
from neev_provider.resources.egress import Egress, EgressInputs
from neev_provider.resources.formats import JsonObject
from neev_provider.resources.references import require_agent_template
from neev_provider.resources.sandbox.base import (
    PAUSED,
    PAUSING,
    READY,
    REFRESH_BATCH_DELAY,
    STABLE_PHASES,
    LastCrash,
    none_if_not_found,
    was_paused_when_idle,
)
from neev_provider.resources.sandbox.expiration import Seconds

PROVISIONING, FAILED = "Provisioning", "Failed"


class AgentInputs(EgressInputs):
    """What an agent is made from, and what can be changed in place."""

    name: Annotated[Name | None, Replace(), Computed(), AutoName()] = None
    """Unique among the project's agents: a DNS label of at most 63 characters. Unset: made from the resource's name."""
    agent_template: Annotated[str, Replace()]
    """Template of the catalogue, by its name, such as `claude-code`."""
    region: Annotated[str | None, Replace(), Kept()] = None
    """Where it runs. Unset: the provider's region, else the platform's."""
    config: Annotated[JsonObject | None, Replace()] = None
    """Settings of the agent, merged over those of its template, which says what there is in `configSchema`."""
    env: Annotated[dict[str, str] | None, Replace(), Secret()] = None
    """Environment variables of the agent. The API never answers them."""
    egress: Annotated[Egress | None, Update(), Computed(), ResetsTo(Egress(), only_on_removal=True)] = None
    """What the agent may reach. Unset: what its template says; taken out later: nothing."""
    cpu: Annotated[Number | None, Field(ge=0.5, le=8, multiple_of=0.5), Update()] = None
    """vCPUs, 0.5 to 8 in steps of 0.5. Changed in place, without a restart. Unset: what its template says."""
    memory_gb: Annotated[Integer | None, Field(ge=1, le=16), Update()] = None
    """Memory in GB, 1 to 16. Changed in place, without a restart. Unset: what its template says."""
    disk_gb: Annotated[Integer | None, Field(ge=10, le=100, multiple_of=10), Replace(), Kept()] = None
    """Disk in GB, 10 to 100 in steps of 10. Unset: what its template says."""
    idle_timeout_seconds: Annotated[Seconds | None, Update(), Computed()] = None
    """Seconds without activity after which it is paused; 0 is never. Unset: the account's default, or as it was."""
    paused: Annotated[Boolean | None, Update()] = None
    """Whether the agent is paused. Unset: it starts running and is then left alone.

    A change acts at once. A pause that the platform made because of the idle window is no drift.
    """
    resume_idle_paused: Annotated[Boolean | None, Update()] = None
    """Whether an update resumes an agent that the platform paused because it was idle, where `paused` is false."""


class AgentOutputs(Outputs):
    """What the platform says of an agent."""

    status: str
    """`Provisioning`, `Ready`, `Pausing`, `Paused`, `Failed` or `Deleting`."""
    sandbox_id: Annotated[str, Stable()]
    """The sandbox that it runs on."""
    agent_template_id: Annotated[str, Stable()]
    """The template it was made from, by id, such as `ag-claude-code`."""
    drive_mode: Annotated[str, Stable()]
    """How it is driven: `http`, `exec` or `pty`."""
    effective_config: Annotated[dict[str, Any] | None, Secret(), Stable()] = None
    """Its settings, those of the template included. A secret, since `config` may hold one."""
    web_ui_url: Annotated[str | None, Secret()] = None
    """Where its user interface is reached, where it has one. Whoever knows the URL gets in, so it is a secret."""
    metrics_url: Annotated[str, Stable()]
    """Where its sandbox's metrics are served; useless without an API key."""
    gateway_token: Annotated[str | None, Secret()] = None
    """The token that its user interface asks for, where it has one."""
    last_crash: LastCrash | None = None
    """Its last crash, where it had one."""
    org_id: Annotated[str, Stable()]
    """The organisation it belongs to."""
    project_id: Annotated[str, Stable()]
    """The project it belongs to."""
    created_at: Annotated[str, Stable()]
    """When it was made (RFC 3339)."""
    updated_at: str | None = None
    """When the platform last changed it (RFC 3339)."""


class AgentResource(Resource[Api, AgentInputs, AgentOutputs]):
    """A packaged agent of the catalogue, running on a sandbox of its own.

    Once created it is `Ready`, or paused if asked. Deleting it deletes its sandbox.
    """

    name = "Agent"
    inputs = AgentInputs
    outputs = AgentOutputs
    references = MappingProxyType({"agent_template": require_agent_template})
    failed_status = ("status", FAILED)

    @override
    async def create(self, inputs: AgentInputs, context: OperationContext) -> Observation[AgentOutputs]:
        seen = await self.api.agents.create(_create_body(self.api, inputs))
        return self.observe_created(seen.id, lambda: _from_api(seen))

    @override
    async def reconcile(self, id: str, inputs: AgentInputs, context: OperationContext) -> Observation[AgentOutputs]:
        return await _to_observation(
            self.api, await _apply(self.api, await _wait_for_phase(self.api, id, context), inputs, context), inputs
        )

    @override
    async def read(self, id: str, inputs: AgentInputs | None) -> Observation[AgentOutputs] | None:
        if inputs is not None:
            observed = await self.api.agents.observe(id, REFRESH_BATCH_DELAY)
            return None if observed is None else await _to_observation(self.api, observed, inputs)
        # an import may give the name, which only the path of one agent understands
        seen = await none_if_not_found(self.api.agents.get(id))
        return None if seen is None else await _observe_import(self.api, seen)

    @override
    async def find_created(self, inputs: AgentInputs) -> Observation[AgentOutputs] | None:
        seen = await self.api.agents.find_created(_create_body(self.api, inputs))
        return None if seen is None else await _to_observation(self.api, seen, inputs)

    @override
    async def update(
        self, id: str, old_inputs: AgentInputs, new_inputs: AgentInputs, context: OperationContext
    ) -> Observation[AgentOutputs]:
        return await _to_observation(
            self.api,
            await _apply(
                self.api, await _wait_for_phase(self.api, id, context), new_inputs, context, old_inputs=old_inputs
            ),
            new_inputs,
        )

    @override
    async def find_id_by_name(self, name: str) -> str | None:
        seen = await self.api.agents.find(name)
        return seen.id if seen else None

    @override
    async def delete(self, id: str, context: OperationContext) -> None:
        await self.api.agents.delete(id)
        await wait_until(
            lambda within: self.api.agents.observe_gone(id, within),
            lambda gone: Done() if gone else InProgress("Deleting"),
            deadline=context.deadline,
            action="waiting until it is gone",
        )


def _create_body(api: Api, inputs: AgentInputs) -> dict[str, Any]:
    body: dict[str, Any] = {
        "name": inputs.name,
        "agent_template": inputs.agent_template,
        "region": inputs.region or api.settings.region,
        "config": inputs.config,
        "env": [{"name": key, "value": value} for key, value in (inputs.env or {}).items()],
        "resources": inputs.model_dump(include={"cpu", "memory_gb", "disk_gb"}, exclude_none=True, mode="json"),
        "egress": egress.to_api(inputs.egress) if inputs.egress else None,
        "idle_timeout_seconds": inputs.idle_timeout_seconds,
    }
    return {key: value for key, value in body.items() if value not in (None, {}, [])}


def _from_api(agent: Seen) -> Observation[AgentOutputs]:
    """The agent as the API answers it."""
    answered: dict[str, Any] = {
        "name": agent.name,
        "egress": egress.from_api(agent.egress),
        "idleTimeoutSeconds": agent.idle_timeout_seconds,
    }
    outputs = AgentOutputs.model_validate({**agent.model_dump(), "effective_config": agent.config})
    return Observation(agent.id, answered, outputs, _problem(agent))


async def _to_observation(api: Api, agent: Seen, inputs: AgentInputs) -> Observation[AgentOutputs]:
    """The agent as a program with these inputs sees it."""
    live = _from_api(agent)
    if inputs.paused is None:
        return live
    left_alone = _is_paused(agent) and not inputs.paused and await _leave_idle_paused(api, agent, inputs)
    return replace(live, inputs={**live.inputs, "paused": _is_paused(agent) and not left_alone})


def _problem(agent: Seen) -> str | None:
    if agent.status == FAILED:
        return _failure_reason(agent)
    return "it is being provisioned; the next `pulumi up` waits for it" if agent.status == PROVISIONING else None


async def _observe_import(api: Api, agent: Seen) -> Observation[AgentOutputs]:
    """The agent with the name of its template; of one that is no longer offered, only the id is known."""
    live = _from_api(agent)
    template = await none_if_not_found(api.agent_templates.get(agent.agent_template_id or ""))
    return live if template is None else replace(live, inputs={**live.inputs, "agentTemplate": template.name})


async def _wait_for_phase(
    api: Api, id: str, context: OperationContext, *, target_phases: tuple[str, ...] = STABLE_PHASES
) -> Seen:
    """The agent is in one of the wanted states."""
    seen = await wait_until(
        lambda within: api.agents.observe(id, within),
        lambda each: _classify_phase(each, target_phases),
        deadline=context.deadline,
        action=f"waiting until it is {' or '.join(target_phases)}",
    )
    if seen is None:
        raise AssertionError("an agent that is gone is not steady")
    return seen


def _classify_phase(agent: Seen | None, target_phases: tuple[str, ...]) -> WaitStatus:
    if agent is None:
        return Failed("it is gone: it was deleted elsewhere, or its sandbox was; run `pulumi up --refresh`")
    if agent.status == FAILED:
        return Failed(_failure_reason(agent))
    return Done() if agent.status in target_phases else InProgress(agent.status)


def _failure_reason(agent: Seen) -> str:
    if agent.last_crash is None:
        return "the agent failed and the platform gave no reason"
    return f"the agent failed: {agent.last_crash.reason}"


async def _apply(
    api: Api, agent: Seen, inputs: AgentInputs, context: OperationContext, old_inputs: AgentInputs | None = None
) -> Seen:
    """The agent is sized, guarded, timed and paused as the inputs say."""
    body: dict[str, Any] = {}
    size = inputs.model_dump(include={"cpu", "memory_gb"}, exclude_none=True)
    if size and old_inputs is not None:
        # the API does not say the size, so an update says it each time; a create has just said it
        body["resources"] = size
    if policy := egress.policy_to_apply(agent.egress, inputs, old_inputs):
        body["egress"] = egress.to_api(policy)
    if inputs.idle_timeout_seconds not in (None, agent.idle_timeout_seconds):
        body["idle_timeout_seconds"] = inputs.idle_timeout_seconds
    if body:
        agent = await api.agents.patch(agent.id, body)
    return await _apply_power(api, agent, inputs, context, old_inputs)


async def _apply_power(
    api: Api, agent: Seen, inputs: AgentInputs, context: OperationContext, old_inputs: AgentInputs | None
) -> Seen:
    if inputs.paused is None or _is_paused(agent) == inputs.paused:
        return agent
    if inputs.paused:
        await api.agents.pause(agent.id)
        return await _wait_for_phase(api, agent.id, context, target_phases=(PAUSED,))
    asked_now = old_inputs is None or old_inputs.paused is not inputs.paused
    if not asked_now and await _leave_idle_paused(api, agent, inputs):
        return agent
    await api.agents.resume(agent.id)
    return await _wait_for_phase(api, agent.id, context, target_phases=(READY,))


def _is_paused(agent: Seen) -> bool:
    return agent.status in (PAUSED, PAUSING)


async def _leave_idle_paused(api: Api, agent: Seen, inputs: AgentInputs) -> bool:
    """Whether it was the platform that paused the agent, and the program leaves it at that.

    Only the agent's sandbox tells who did; where that is not shown, an agent without a window cannot have been idle.
    """
    if inputs.resume_idle_paused:
        return False
    sandbox = await none_if_not_found(api.sandboxes.get(agent.sandbox_id or ""))
    return bool(agent.idle_timeout_seconds) if sandbox is None else was_paused_when_idle(sandbox)
