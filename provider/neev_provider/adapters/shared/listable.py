"""The resources whose existing objects an engine can list, and the functions that list them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from typing_extensions import override

from neev_provider.client import Api
from neev_provider.core.function import Function
from neev_provider.core.model import Arguments, Outputs
from neev_provider.functions.sandboxes import GetSandboxes, GetSnapshots


class AgentFilter(Arguments):
    """Filter of the listed agents."""

    name_contains: str | None = None
    """Substring of the name, case-insensitive. Defaults to no filter."""
    status: str | None = None
    """Status, such as `Ready` or `Paused`. Defaults to no filter."""


class AgentRef(Outputs):
    """Id and name of an agent."""

    id: str
    """Id of the agent."""
    name: str
    """Name of the agent."""


class ListAgentsResult(Outputs):
    """Agents of the project."""

    agents: list[AgentRef]
    """Matching agents, in the order of the API."""


class ListAgents(Function[AgentFilter, ListAgentsResult]):
    """Lists the agents of the project. The provider applies the filter, because the API has none."""

    name = "listAgents"
    arguments = AgentFilter
    result = ListAgentsResult

    @override
    async def call(self, api: Api, arguments: AgentFilter) -> ListAgentsResult:
        substring = (arguments.name_contains or "").lower()
        agents = [
            AgentRef(id=agent.id, name=agent.name)
            for agent in await api.agents.list()
            if substring in agent.name.lower() and arguments.status in (None, agent.status)
        ]
        return ListAgentsResult(agents=agents)


LISTABLE: Mapping[str, tuple[Function[Any, Any], str]] = {
    "Sandbox": (GetSandboxes(), "sandboxes"),
    "SandboxFork": (GetSandboxes(), "sandboxes"),
    "Snapshot": (GetSnapshots(), "snapshots"),
    "Agent": (ListAgents(), "agents"),
}
"""For each resource type, the function that lists its objects and the property of the result that holds them."""
