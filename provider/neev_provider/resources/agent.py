"""An agent: a packaged program on a sandbox of its own."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import Field
from typing_extensions import override

from neev_provider.client import Api
from neev_provider.client.agents import Agent as Seen
from neev_provider.core.markers import AutoName, Kept, Replace, Secret, Stable, ResetsTo, Update, Computed
from neev_provider.core.model import Boolean, Integer, Number, Outputs
from neev_provider.core.names import Name
from neev_provider.core.resource import OperationContext, Observation, Resource
from neev_provider.core.wait import Done, Failed, InProgress, WaitStatus, wait_until
from neev_provider.resources import egress
from neev_provider.resources.egress import Egress, Guarded
from neev_provider.resources.formats import JsonObject
from neev_provider.resources.references import require_agent_template
from neev_provider.resources.sandbox.base import PAUSED, PAUSING, READY, SETTLED, SOON, LastCrash, found, idle_paused
from neev_provider.resources.sandbox.expiration import Seconds

PROVISIONING, FAILED = "Provisioning", "Failed"


class AgentInputs(Guarded):
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


class Agent(Resource[AgentInputs, AgentOutputs]):
    """A packaged agent of the catalogue, running on a sandbox of its own.

    Once created it is `Ready`, or paused if asked. Deleting it deletes its sandbox.
    """

    name = "Agent"
    inputs = AgentInputs
    outputs = AgentOutputs
    references = MappingProxyType({"agent_template": require_agent_template})
    failed_status = ("status", FAILED)

    @override
    async def create(self, api: Api, inputs: AgentInputs, call: OperationContext) -> Observation[AgentOutputs]:
        seen = await api.agents.create(_body(api, inputs))
        return self.observe_created(seen.id, lambda: _answer(seen))

    @override
    async def reconcile(
        self, api: Api, id: str, inputs: AgentInputs, call: OperationContext
    ) -> Observation[AgentOutputs]:
        return await _live(api, await _match(api, await _steady(api, id, call), inputs, call), inputs)

    @override
    async def read(self, api: Api, id: str, inputs: AgentInputs | None) -> Observation[AgentOutputs] | None:
        if inputs is not None:
            observed = await api.agents.observe(id, SOON)
            return None if observed is None else await _live(api, observed, inputs)
        # an import may give the name, which only the path of one agent understands
        seen = await found(api.agents.get(id))
        return None if seen is None else await _imported(api, seen)

    @override
    async def find_created(self, api: Api, inputs: AgentInputs) -> Observation[AgentOutputs] | None:
        seen = await api.agents.find_created(_body(api, inputs))
        return None if seen is None else await _live(api, seen, inputs)

    @override
    async def update(
        self, api: Api, id: str, old: AgentInputs, new: AgentInputs, call: OperationContext
    ) -> Observation[AgentOutputs]:
        return await _live(api, await _match(api, await _steady(api, id, call), new, call, was=old), new)

    @override
    async def find_id_by_name(self, api: Api, name: str) -> str | None:
        seen = await api.agents.find(name)
        return seen.id if seen else None

    @override
    async def delete(self, api: Api, id: str, call: OperationContext) -> None:
        await api.agents.delete(id)
        await wait_until(
            lambda within: api.agents.observe_gone(id, within),
            lambda gone: Done() if gone else InProgress("Deleting"),
            deadline=call.deadline,
            action="waiting until it is gone",
        )


def _body(api: Api, inputs: AgentInputs) -> dict[str, Any]:
    body: dict[str, Any] = {
        "name": inputs.name,
        "agent_template": inputs.agent_template,
        "region": inputs.region or api.settings.region,
        "config": inputs.config,
        "env": [{"name": key, "value": value} for key, value in (inputs.env or {}).items()],
        "resources": inputs.model_dump(include={"cpu", "memory_gb", "disk_gb"}, exclude_none=True, mode="json"),
        "egress": egress.body(inputs.egress) if inputs.egress else None,
        "idle_timeout_seconds": inputs.idle_timeout_seconds,
    }
    return {key: value for key, value in body.items() if value not in (None, {}, [])}


def _answer(seen: Seen) -> Observation[AgentOutputs]:
    """The agent as the API answers it."""
    answered: dict[str, Any] = {
        "name": seen.name,
        "egress": egress.answered(seen.egress),
        "idleTimeoutSeconds": seen.idle_timeout_seconds,
    }
    outputs = AgentOutputs.model_validate({**seen.model_dump(), "effective_config": seen.config})
    return Observation(seen.id, answered, outputs, _trouble(seen))


async def _live(api: Api, seen: Seen, inputs: AgentInputs) -> Observation[AgentOutputs]:
    """The agent as a program with these inputs sees it."""
    live = _answer(seen)
    if inputs.paused is None:
        return live
    left_alone = _is_paused(seen) and not inputs.paused and await _may_stay_paused(api, seen, inputs)
    return replace(live, inputs={**live.inputs, "paused": _is_paused(seen) and not left_alone})


def _trouble(seen: Seen) -> str | None:
    if seen.status == FAILED:
        return _reason(seen)
    return "it is being provisioned; the next `pulumi up` waits for it" if seen.status == PROVISIONING else None


async def _imported(api: Api, seen: Seen) -> Observation[AgentOutputs]:
    """The agent with the name of its template; of one that is no longer offered, only the id is known."""
    live = _answer(seen)
    template = await found(api.agent_templates.get(seen.agent_template_id or ""))
    return live if template is None else replace(live, inputs={**live.inputs, "agentTemplate": template.name})


async def _steady(api: Api, id: str, call: OperationContext, *, wanted: tuple[str, ...] = SETTLED) -> Seen:
    """The agent is in one of the wanted states."""
    seen = await wait_until(
        lambda within: api.agents.observe(id, within),
        lambda each: _verdict(each, wanted),
        deadline=call.deadline,
        action=f"waiting until it is {' or '.join(wanted)}",
    )
    if seen is None:
        raise AssertionError("an agent that is gone is not steady")
    return seen


def _verdict(seen: Seen | None, wanted: tuple[str, ...]) -> WaitStatus:
    if seen is None:
        return Failed("it is gone: it was deleted elsewhere, or its sandbox was; run `pulumi up --refresh`")
    if seen.status == FAILED:
        return Failed(_reason(seen))
    return Done() if seen.status in wanted else InProgress(seen.status)


def _reason(seen: Seen) -> str:
    if seen.last_crash is None:
        return "the agent failed and the platform gave no reason"
    return f"the agent failed: {seen.last_crash.reason}"


async def _match(
    api: Api, seen: Seen, inputs: AgentInputs, call: OperationContext, was: AgentInputs | None = None
) -> Seen:
    """The agent is sized, guarded, timed and paused as the inputs say."""
    body: dict[str, Any] = {}
    size = inputs.model_dump(include={"cpu", "memory_gb"}, exclude_none=True)
    if size and was is not None:
        # the API does not say the size, so an update says it each time; a create has just said it
        body["resources"] = size
    if policy := egress.differing(seen.egress, inputs, was):
        body["egress"] = egress.body(policy)
    if inputs.idle_timeout_seconds not in (None, seen.idle_timeout_seconds):
        body["idle_timeout_seconds"] = inputs.idle_timeout_seconds
    if body:
        seen = await api.agents.patch(seen.id, body)
    return await _match_power(api, seen, inputs, call, was)


async def _match_power(
    api: Api, seen: Seen, inputs: AgentInputs, call: OperationContext, was: AgentInputs | None
) -> Seen:
    if inputs.paused is None or _is_paused(seen) == inputs.paused:
        return seen
    if inputs.paused:
        await api.agents.pause(seen.id)
        return await _steady(api, seen.id, call, wanted=(PAUSED,))
    asked_now = was is None or was.paused is not inputs.paused
    if not asked_now and await _may_stay_paused(api, seen, inputs):
        return seen
    await api.agents.resume(seen.id)
    return await _steady(api, seen.id, call, wanted=(READY,))


def _is_paused(seen: Seen) -> bool:
    return seen.status in (PAUSED, PAUSING)


async def _may_stay_paused(api: Api, seen: Seen, inputs: AgentInputs) -> bool:
    """Whether it was the platform that paused the agent, and the program leaves it at that.

    Only the agent's sandbox tells who did; where that is not shown, an agent without a window cannot have been idle.
    """
    if inputs.resume_idle_paused:
        return False
    sandbox = await found(api.sandboxes.get(seen.sandbox_id or ""))
    return bool(seen.idle_timeout_seconds) if sandbox is None else idle_paused(sandbox)
