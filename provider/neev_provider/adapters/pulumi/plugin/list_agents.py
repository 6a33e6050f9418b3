"""The agents that are there already: for the plugin's lists, not a data function of programs."""

from __future__ import annotations

from typing_extensions import override

from neev_provider.client import Api
from neev_provider.core.function import Function
from neev_provider.core.model import Arguments, Outputs


class AgentFilter(Arguments):
    """Which agents."""

    name: str | None = None
    """Only those whose name contains this, upper and lower case alike."""
    status: str | None = None
    """Only those in this state, such as `Ready` or `Paused`."""


class AgentRef(Outputs):
    """An agent, told by its id and its name."""

    id: str
    """Its id."""
    name: str
    """Its name."""


class ListAgentsResult(Outputs):
    """Agents of the project."""

    agents: list[AgentRef]
    """In the API's order."""


class ListAgents(Function[AgentFilter, ListAgentsResult]):
    """The agents of the project, every page of them; the API has no filter."""

    name = "listAgents"
    arguments = AgentFilter
    result = ListAgentsResult

    @override
    async def call(self, api: Api, arguments: AgentFilter) -> ListAgentsResult:
        part = (arguments.name or "").lower()
        seen = [
            AgentRef(id=each.id, name=each.name)
            for each in await api.agents.list()
            if part in each.name.lower() and arguments.status in (None, each.status)
        ]
        return ListAgentsResult(agents=seen)
