"""Look-ups of agents: getAgent, getAgents and getAgentGateway."""

from typing import Any

import pytest

from neev_emulator import Emulator
from neev_provider.client import Api
from neev_provider.core.errors import InputError
from neev_provider.functions.agents import AgentFilter, AgentIdArguments, GetAgent, GetAgentGateway, GetAgents
from neev_provider.functions.arguments import IdOrNameArguments


async def create_agent(api: Api, emulator: Emulator, name: str, **body: Any) -> str:
    """Create an agent, wait until it is ready, and return its id."""
    agent = await api.agents.create({"name": name, "agent_template": "code-server", **body})
    emulator.advance(5)
    return agent.id


async def test_an_agent_is_found_by_id_or_by_exact_name(api: Api, emulator: Emulator) -> None:
    id = await create_agent(api, emulator, "coder", idle_timeout_seconds=60)
    for arguments in ({"id": id}, {"name": "coder"}):
        found = await GetAgent().call(api, IdOrNameArguments(**arguments))
        assert (found.id, found.name, found.status, found.idle_timeout_seconds) == (id, "coder", "Ready", 60)
        assert (found.agent_template_id, found.effective_config) == ("ag-code-server", {"theme": "dark"})
        assert found.egress.mode == "deny_all"
        assert found.gateway_token
        assert found.gateway_token not in repr(found)
        assert await api.sandboxes.get(found.sandbox_id)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"id": "none"}, "id: no agent of the project has the id 'none'"),
        ({"name": "code"}, "name: no agent of the project has the name 'code'; did you mean `coder`"),
    ],
)
async def test_a_missing_agent_is_an_error(
    api: Api, emulator: Emulator, arguments: dict[str, str], message: str
) -> None:
    await create_agent(api, emulator, "coder")
    with pytest.raises(InputError, match=message):
        await GetAgent().call(api, IdOrNameArguments(**arguments))


async def test_agents_are_filtered_by_name_and_status(api: Api, emulator: Emulator) -> None:
    for name in ("coder", "decoder", "other"):
        id = await create_agent(api, emulator, name)
    await api.agents.pause(id)
    emulator.advance(5)
    named = await GetAgents().call(api, AgentFilter(name_contains="CODE"))
    assert {agent.name for agent in named.agents} == {"coder", "decoder"}
    paused = await GetAgents().call(api, AgentFilter(status="Paused"))
    assert [agent.name for agent in paused.agents] == ["other"]


async def test_the_gateway_of_an_agent_has_a_redacted_url_and_token(api: Api, emulator: Emulator) -> None:
    id = await create_agent(api, emulator, "coder")
    for agent_id in (id, "coder"):
        found = await GetAgentGateway().call(api, AgentIdArguments(agent_id=agent_id))
        agent = await api.agents.get(id)
        assert (found.gateway_token, found.web_ui_url) == (agent.gateway_token, agent.web_ui_url)
        assert (found.status, found.sandbox_id) == ("Ready", agent.sandbox_id)
        assert not {found.gateway_token, found.web_ui_url} & set(repr(found).split("'"))


async def test_an_agent_without_a_user_interface_has_no_gateway(api: Api, emulator: Emulator) -> None:
    await api.agents.create({"name": "terminal", "agent_template": "claude-code"})
    emulator.advance(5)
    with pytest.raises(InputError, match=r"agentId: the agent terminal has no user interface, or not yet \(Ready\)"):
        await GetAgentGateway().call(api, AgentIdArguments(agent_id="terminal"))
    with pytest.raises(InputError, match="agentId: there is no agent 'none' in the project project-emulator"):
        await GetAgentGateway().call(api, AgentIdArguments(agent_id="none"))
