"""The calls for agents, against the emulator."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.fakes.clock import EPOCH, FakeClock
from tests.fakes.scripted_transport import ScriptedTransport, json_response

from neev_emulator import Emulator
from neev_provider.client import Api, Settings, connect
from neev_provider.client.agents import Agent
from neev_provider.core import errors
from neev_provider.core.clock import SYSTEM_CLOCK
from neev_provider.core.wait import Deadline, Done, InProgress, wait_until

BODY: dict[str, Any] = {"name": "coder", "agent_template": "code-server", "config": {"theme": "light"}}
POST = "POST /agents"
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"


async def create_ready(api: Api, name: str = "coder") -> Agent:
    """Create an agent and return it once it is running."""
    created = await api.agents.create({**BODY, "name": name})
    return await wait_for_state(api, created.id, "Ready")


async def wait_for_state(api: Api, id: str, status: str) -> Agent:
    """Return the agent once it is in the state."""
    observed = await wait_until(
        lambda within: api.agents.observe(id, within),
        lambda item: Done() if item and item.status == status else InProgress(item.status if item else "gone"),
        deadline=Deadline(timeout=20, clock=SYSTEM_CLOCK, cancelled=asyncio.Event()),
        action=f"waiting for {status}",
    )
    assert observed is not None
    return observed


async def test_an_agent_is_created_found_listed_and_deleted(api: Api, emulator: Emulator) -> None:
    created = await create_ready(api)
    assert (created.name, created.agent_template_id, created.drive_mode) == ("coder", "ag-code-server", "http")
    assert (await api.agents.get("coder")).id == created.id
    assert await api.agents.find(created.id) is None
    assert await api.agents.find("code") is None
    assert [item.id for item in await api.agents.list()] == [created.id]
    await api.agents.delete(created.id)
    emulator.advance(5)
    assert await api.agents.observe_gone(created.id, 0)
    assert await api.agents.observe(created.id, 0) is None
    await api.agents.delete(created.id)


async def test_size_egress_and_idle_timeout_are_updated_in_place(api: Api) -> None:
    id = (await create_ready(api)).id
    body = {"resources": {"cpu": 4}, "egress": {"mode": "deny_all"}, "idle_timeout_seconds": 60}
    changed = await api.agents.patch(id, body)
    assert changed.idle_timeout_seconds == 60
    assert changed.egress is not None
    assert changed.egress["mode"] == "deny_all"


@pytest.mark.parametrize("fault", [None, "reset_after"])
async def test_an_agent_is_paused_and_resumed_even_if_the_response_is_lost(
    api: Api, emulator: Emulator, fault: str | None
) -> None:
    id = (await create_ready(api)).id
    for verb, status in (("pause", "Paused"), ("resume", "Ready")):
        if fault:
            emulator.inject(fault, method="POST", path=f"/agents/{{id}}/{verb}")
        await (api.agents.pause(id) if verb == "pause" else api.agents.resume(id))
        await wait_for_state(api, id, status)
        assert emulator.counts()[f"POST /agents/{{id}}/{verb}"] == 1


async def test_a_lost_pause_request_raises_outcome_unknown(api: Api, emulator: Emulator) -> None:
    id = (await create_ready(api)).id
    emulator.inject("reset_before", method="POST", path="/agents/{id}/pause")
    with pytest.raises(errors.OutcomeUnknown, match="the connection was lost"):
        await api.agents.pause(id)


@pytest.mark.parametrize("kind", ["reset_after", "truncate_body", "malformed_body", "wrong_content_type"])
async def test_a_create_whose_response_was_lost_creates_one_agent_and_returns_it(
    api: Api, emulator: Emulator, kind: str
) -> None:
    emulator.inject(kind, method="POST", path="/agents")
    created = await api.agents.create(BODY)
    assert [item.id for item in await api.agents.list()] == [created.id]
    assert emulator.counts()[POST] == 1


async def test_create_raises_outcome_unknown_if_the_agent_does_not_appear(api: Api, emulator: Emulator) -> None:
    emulator.inject("reset_before", method="POST", path="/agents")
    with pytest.raises(errors.OutcomeUnknown, match="The agent coder has not appeared since"):
        await api.agents.create(BODY)


@pytest.mark.parametrize(
    ("shown", "refused"),
    [
        ({"config": {"theme": "light", "font": 12}, "idle_timeout_seconds": 60}, None),
        ({"config": {"theme": "dark"}, "idle_timeout_seconds": 60}, "exists, but is not what this request asked for"),
        ({"config": {"theme": "light"}, "idle_timeout_seconds": 90}, "exists, but is not what this request asked for"),
        ({"name": "another", "config": {"theme": "light"}, "idle_timeout_seconds": 60}, "has not appeared since"),
    ],
)
async def test_only_an_agent_that_matches_the_request_is_adopted(
    settings: Settings, shown: dict[str, Any], refused: str | None
) -> None:
    created = datetime.fromtimestamp(EPOCH + 1, UTC).isoformat()
    agent = {"id": "a", "name": "coder", "status": "Provisioning", "created_at": created, **shown}
    script = ScriptedTransport(json_response(504), json_response(json=agent))
    async with connect(settings, clock=FakeClock(), transport=script) as api:
        if refused is None:
            assert (await api.agents.create({**BODY, "idle_timeout_seconds": 60})).id == "a"
        else:
            with pytest.raises(errors.OutcomeUnknown, match=refused):
                await api.agents.create({**BODY, "idle_timeout_seconds": 60})


async def test_many_agents_are_observed_with_one_list_request(api: Api, emulator: Emulator) -> None:
    created = [await api.agents.create({**BODY, "name": f"coder-{number}"}) for number in range(4)]
    emulator.clear_log()
    observed = await asyncio.gather(*(api.agents.observe(item.id, 0.01) for item in created))
    assert [item and item.name for item in observed] == [item.name for item in created]
    assert emulator.counts() == {"GET /agents": 1}


async def test_repr_of_an_agent_hides_its_token_and_url(api: Api) -> None:
    agent = await create_ready(api)
    assert agent.gateway_token
    assert agent.web_ui_url
    assert agent.gateway_token not in repr(agent)
    assert agent.web_ui_url not in repr(agent)


async def test_close_cancels_pending_observations(api: Api) -> None:
    observing = asyncio.create_task(api.agents.observe(UNKNOWN_ID, 3600))
    await asyncio.sleep(0)
    await api.agents.aclose()
    with pytest.raises(errors.Cancelled):
        await observing
