"""Data functions for agents, in the state or not."""

from __future__ import annotations

from typing import Annotated

from typing_extensions import override

from neev_provider.client import Api
from neev_provider.client.agents import Agent
from neev_provider.client.models import convert_response
from neev_provider.core.errors import InputError
from neev_provider.core.function import Function
from neev_provider.core.markers import Secret
from neev_provider.core.model import Arguments, Outputs
from neev_provider.functions.arguments import IdOrNameArguments, find_by_id_or_name
from neev_provider.resources import egress
from neev_provider.resources.agent import AgentOutputs
from neev_provider.resources.egress import Egress
from neev_provider.resources.references import require_existing


class AgentInfo(AgentOutputs):
    """Current properties of an agent."""

    id: str
    """Id of the agent."""
    name: str
    """Name of the agent."""
    egress: Egress
    """Egress policy."""
    idle_timeout_seconds: int | None = None
    """Time without activity after which the agent is paused, in seconds. Absent if the account's setting applies."""


class GetAgentsResult(Outputs):
    """Agents of the project."""

    agents: list[AgentInfo]
    """Matching agents, in the order of the API."""


class AgentFilter(Arguments):
    """Filter of the listed agents."""

    name_contains: str | None = None
    """Substring of the name, case-insensitive. Defaults to no filter."""
    status: str | None = None
    """Status, such as `Ready` or `Paused`. Defaults to no filter."""


class AgentIdArguments(Arguments):
    """Agent to return the access to."""

    agent_id: str
    """Id or name of the agent."""


class AgentGateway(Outputs):
    """Access to the user interface of an agent."""

    gateway_token: Annotated[str, Secret(is_credential=True)]
    """Token for the agent's user interface. Secret."""
    web_ui_url: Annotated[str | None, Secret(is_credential=True)] = None
    """URL of the agent's user interface. Secret, because the URL grants access. Absent if the API reports none."""
    status: str
    """Status of the agent. The user interface responds while it is `Ready`."""
    sandbox_id: str
    """Id of the sandbox that the agent runs in."""


class GetAgent(Function[IdOrNameArguments, AgentInfo]):
    """Returns the agent with the given id or exact name. Fails if there is none."""

    name = "getAgent"
    looks_up = ("Agent",)
    arguments = IdOrNameArguments
    result = AgentInfo

    @override
    async def call(self, api: Api, arguments: IdOrNameArguments) -> AgentInfo:
        return _to_agent_info(await find_by_id_or_name(api.agents, arguments))


class GetAgents(Function[AgentFilter, GetAgentsResult]):
    """Returns the agents of the project. The provider applies the filter, because the API has none."""

    name = "getAgents"
    lists = ("Agent",)
    arguments = AgentFilter
    result = GetAgentsResult

    @override
    async def call(self, api: Api, arguments: AgentFilter) -> GetAgentsResult:
        substring = (arguments.name_contains or "").lower()
        agents = [
            _to_agent_info(agent)
            for agent in await api.agents.list()
            if substring in agent.name.lower() and arguments.status in (None, agent.status)
        ]
        return GetAgentsResult(agents=agents)


class GetAgentGateway(Function[AgentIdArguments, AgentGateway]):
    """Returns the URL of an agent's user interface and the token for it. Fails if the agent has no user interface.

    Do not use them as inputs of a resource, because its state would contain them.
    """

    name = "getAgentGateway"
    arguments = AgentIdArguments
    result = AgentGateway

    @override
    async def call(self, api: Api, arguments: AgentIdArguments) -> AgentGateway:
        id = arguments.agent_id
        agent = await require_existing(api.agents.get(id), api, id, path="agentId", kind="agent")
        if agent.gateway_token is None:
            raise InputError("agentId", f"the agent {agent.name} has no user interface, or not yet ({agent.status})")
        return convert_response(AgentGateway, agent.model_dump())


def _to_agent_info(agent: Agent) -> AgentInfo:
    values = {**agent.model_dump(), "effective_config": agent.config, "egress": egress.from_api(agent.egress)}
    return convert_response(AgentInfo, values)
