"""An agent: a packaged program on a sandbox of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import Field
from typing_extensions import override

from neev_provider.client import Api
from neev_provider.client.agents import Agent, Agents
from neev_provider.client.models import convert_response
from neev_provider.core.labels import Owner
from neev_provider.core.markers import AutoName, Computed, Replace, ResetsTo, Secret, Stable, Update
from neev_provider.core.model import Boolean, Integer, Number, Outputs
from neev_provider.core.names import Name
from neev_provider.core.reference_errors import ReferenceCheck
from neev_provider.core.resource import Observation, OperationContext
from neev_provider.core.wait import Done, Failed, InProgress, WaitStatus
from neev_provider.resources import egress
from neev_provider.resources.agent_config import ConfigCheck, known_config
from neev_provider.resources.egress import DENY_ALL, Egress
from neev_provider.resources.formats import JsonObject
from neev_provider.resources.lookups import REFRESH_BATCH_DELAY, none_if_not_found
from neev_provider.resources.pausable import (
    PAUSED,
    PAUSING,
    POWER_INPUTS,
    PausableInputs,
    PausableResource,
    RollbackInputs,
)
from neev_provider.resources.references import require_agent_template
from neev_provider.resources.sandbox.base import LastCrash, was_paused_when_idle
from neev_provider.resources.sandbox.expiration import Seconds

PROVISIONING, FAILED = "Provisioning", "Failed"


class AgentInputs(PausableInputs, RollbackInputs):
    """Inputs of an agent."""

    name: Annotated[Name | None, Replace(), Computed(), AutoName()] = None
    """Name of the agent, unique in the project: a DNS label of at most 63 characters.

    Defaults to a generated name.
    """
    agent_template: Annotated[str, Replace()]
    """Name of the agent template, such as `claude-code`."""
    region: Annotated[str | None, Replace(if_configured=True)] = None
    """Region of the agent. Defaults to the provider's region, then to the API's default region."""
    config: Annotated[JsonObject | None, Replace()] = None
    """Settings of the agent, merged over those of its template. The template's `configSchema` describes them.

    A plan that looks templates up validates them against the schema: see `checkOnPreview` of the provider.
    """
    env: Annotated[dict[str, str] | None, Replace(), Secret()] = None
    """Environment variables of the agent. The API never returns them. Secret."""
    egress: Annotated[Egress | None, Update(), Computed(), ResetsTo(DENY_ALL, only_on_removal=True)] = None
    """Egress policy. Conflicts with `EgressRule` resources of the agent's sandbox.

    Defaults to the template's policy. Removing the policy denies all outbound traffic.
    """
    cpu: Annotated[Number | None, Field(ge=0.5, le=8, multiple_of=0.5), Update()] = None
    """Number of vCPUs, changed without a restart. Allowed: `0.5` to `8` in steps of `0.5`.

    Defaults to the template's value.
    """
    memory_gb: Annotated[Integer | None, Field(ge=1, le=16), Update()] = None
    """Memory in GB, changed without a restart. Allowed: `1` to `16`. Defaults to the template's value."""
    disk_gb: Annotated[Integer | None, Field(ge=10, le=100, multiple_of=10), Replace(if_configured=True)] = None
    """Disk size in GB. Allowed: `10` to `100` in steps of `10`. Defaults to the template's value."""
    idle_timeout_seconds: Annotated[Seconds | None, Update(), Computed()] = None
    """Time without activity after which the agent is paused, in seconds. `0` disables the timeout.

    Defaults to the account's setting. If the input is removed, the current value stays.
    """
    paused: Annotated[Boolean | None, Update()] = None
    """Whether the agent is paused. If unset, the agent starts running and the provider does not change its power state.

    If the agent is paused by its idle timeout, this is not drift.
    """
    resume_idle_paused: Annotated[Boolean | None, Update()] = None
    """Whether an update resumes an agent that was paused by its idle timeout.

    Has an effect only if `paused` is `false`.
    """


class AgentOutputs(Outputs):
    """Outputs of an agent."""

    status: str
    """Status: `Provisioning`, `Ready`, `Pausing`, `Paused`, `Failed` or `Deleting`."""
    sandbox_id: Annotated[str, Stable()]
    """Id of the sandbox that the agent runs in."""
    agent_template_id: Annotated[str, Stable()]
    """Id of the agent template, such as `ag-claude-code`."""
    drive_mode: Annotated[str, Stable()]
    """Interface of the agent: `http`, `exec` or `pty`."""
    effective_config: Annotated[dict[str, Any] | None, Secret(), Stable()] = None
    """Settings of the agent, merged with those of its template. Secret, because `config` can contain secrets."""
    web_ui_url: Annotated[str | None, Secret(is_credential=True)] = None
    """URL of the agent's user interface. Absent if it has none. Secret, because the URL grants access."""
    metrics_url: Annotated[str, Stable()]
    """URL of the sandbox's metrics. Access requires an API key."""
    gateway_token: Annotated[str | None, Secret(is_credential=True)] = None
    """Token for the agent's user interface. Absent if it has none. Secret."""
    last_crash: Annotated[LastCrash | None, Stable(unless=POWER_INPUTS)] = None
    """Last crash of the agent's sandbox. Absent if it never crashed."""
    org_id: Annotated[str, Stable()]
    """Id of the organization."""
    project_id: Annotated[str, Stable()]
    """Id of the project."""
    created_at: Annotated[str, Stable()]
    """Time of creation (RFC 3339)."""
    updated_at: str | None = None
    """Time of the last update (RFC 3339)."""


class AgentResource(PausableResource[Agent, AgentInputs, AgentOutputs]):
    """A packaged agent from the catalog, running in its own sandbox.

    After creation the agent is `Ready`, or `Paused` if `paused` is `true`. Deleting the agent deletes its sandbox.
    """

    name = "Agent"
    inputs = AgentInputs
    outputs = AgentOutputs
    references = MappingProxyType({"agent_template": require_agent_template})
    failed_status = ("status", FAILED)

    @property
    @override
    def collection(self) -> Agents:
        return self.api.agents

    @override
    @classmethod
    def iter_changed_references(
        cls, new_inputs: Mapping[str, Any], old_inputs: Mapping[str, Any]
    ) -> Iterator[tuple[ReferenceCheck, str, str]]:
        yield from super().iter_changed_references(new_inputs, old_inputs)
        template, config = new_inputs.get("agentTemplate"), new_inputs.get("config")
        is_changed = (template, config) != (old_inputs.get("agentTemplate"), old_inputs.get("config"))
        if is_changed and isinstance(template, str) and isinstance(config, Mapping):
            yield ConfigCheck(template), "config", known_config(config)

    @override
    def note_inputs(self, id: str, raw_inputs: Mapping[str, Any], state: Mapping[str, Any]) -> None:
        egress.note_policy(str(state.get("sandboxId")), raw_inputs)

    @override
    def is_paused(self, item: Agent) -> bool:
        return item.status in (PAUSED, PAUSING)

    @override
    def classify_phase(self, item: Agent, target_phases: tuple[str, ...]) -> WaitStatus:
        if item.status == FAILED:
            return Failed(_failure_reason(item))
        return Done() if item.status in target_phases else InProgress(item.status)

    @override
    async def is_left_paused(self, item: Agent, inputs: AgentInputs) -> bool:
        if inputs.resume_idle_paused:
            return False
        # only the sandbox shows whether the idle timeout paused the agent; without a timeout, the user paused it
        sandbox = await none_if_not_found(self.api.sandboxes.get(item.sandbox_id or ""))
        return bool(item.idle_timeout_seconds) if sandbox is None else was_paused_when_idle(sandbox)

    @override
    async def create(self, inputs: AgentInputs, context: OperationContext) -> Observation[AgentOutputs]:
        agent = await self.api.agents.create(_create_body(self.api, inputs))
        with contextlib.suppress(Exception):  # whatever is wrong with the response, the agent exists
            return _from_api(agent)
        return self.observe_id(agent.id)

    @override
    async def reconcile(self, id: str, inputs: AgentInputs, context: OperationContext) -> Observation[AgentOutputs]:
        return await self._apply(id, inputs, context)

    @override
    async def update(
        self, id: str, old_inputs: AgentInputs, new_inputs: AgentInputs, context: OperationContext
    ) -> Observation[AgentOutputs]:
        await self.apply_rollback(id, new_inputs, old_inputs)
        return await self._apply(id, new_inputs, context, old_inputs)

    @override
    async def read(self, id: str, inputs: AgentInputs | None) -> Observation[AgentOutputs] | None:
        if inputs is not None:
            observed = await self.api.agents.observe_recent(id, REFRESH_BATCH_DELAY)
            return None if observed is None else await self._to_observation(observed, inputs)
        # an import may pass the name; only the request for a single agent accepts names
        agent = await none_if_not_found(self.api.agents.get(id))
        return None if agent is None else await _observe_import(self.api, agent)

    @override
    async def find_created(self, inputs: AgentInputs, owner: Owner | None = None) -> Observation[AgentOutputs] | None:
        agent = await self.api.agents.find_created(_create_body(self.api, inputs))
        return None if agent is None else await self._to_observation(agent, inputs)

    async def _apply(
        self, id: str, inputs: AgentInputs, context: OperationContext, old_inputs: AgentInputs | None = None
    ) -> Observation[AgentOutputs]:
        """Apply size, egress, idle timeout and `paused`. Send only values that differ."""
        agent = await self.wait_for_phase(id, context)
        body: dict[str, Any] = {}
        size = inputs.model_dump(include={"cpu", "memory_gb"}, exclude_none=True)
        if size and old_inputs is not None:
            # the API does not report the size, so each update sends it; the create request already contains it
            body["resources"] = size
        if policy := egress.policy_to_apply(agent.egress, inputs, old_inputs):
            body["egress"] = egress.to_api(policy)
        if inputs.idle_timeout_seconds not in (None, agent.idle_timeout_seconds):
            body["idle_timeout_seconds"] = inputs.idle_timeout_seconds
        if body:
            agent = await self.api.agents.patch(agent.id, body)
        return await self._to_observation(await self.apply_power(agent, inputs, context, old_inputs), inputs)

    async def _to_observation(self, agent: Agent, inputs: AgentInputs) -> Observation[AgentOutputs]:
        """Convert the agent to an observation for a program with these inputs."""
        observation = _from_api(agent)
        if inputs.paused is None:
            return observation
        is_paused = self.is_paused(agent)
        is_accepted = is_paused and not inputs.paused and await self.is_left_paused(agent, inputs)
        return replace(observation, inputs={**observation.inputs, "paused": is_paused and not is_accepted})


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


def _from_api(agent: Agent) -> Observation[AgentOutputs]:
    """Convert the agent that the API returned to an observation."""
    answered: dict[str, Any] = {
        "name": agent.name,
        "egress": egress.from_api(agent.egress),
        "idleTimeoutSeconds": agent.idle_timeout_seconds,
    }
    outputs = convert_response(AgentOutputs, {**agent.model_dump(), "effective_config": agent.config})
    return Observation(agent.id, answered, outputs, _problem(agent))


def _problem(agent: Agent) -> str | None:
    if agent.status == FAILED:
        return _failure_reason(agent)
    return "it is being provisioned; the next update waits for it" if agent.status == PROVISIONING else None


async def _observe_import(api: Api, agent: Agent) -> Observation[AgentOutputs]:
    """Return the agent with its template's name. Omit the name if the catalog no longer offers the template."""
    live = _from_api(agent)
    template = await none_if_not_found(api.agent_templates.get(agent.agent_template_id or ""))
    return live if template is None else replace(live, inputs={**live.inputs, "agentTemplate": template.name})


def _failure_reason(agent: Agent) -> str:
    if agent.last_crash is None:
        return "the agent failed; the API gave no reason"
    return f"the agent failed: {agent.last_crash.reason}"
