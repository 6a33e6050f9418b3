"""The proxy passes requests on, records them, keeps the budget, and is the only one with the key."""

from __future__ import annotations

import io
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from tests.unit.tools.acceptance.conftest import PREFIX
from tools.acceptance.ledger import Created, Ledger, LedgerEntries, read_ledger
from tools.acceptance.proxy import Proxy
from tools.acceptance.recording import Recording
from tools.acceptance.routes import Route

from neev_emulator import Emulator
from neev_provider.client import Api, Settings, connect
from neev_provider.client.runtime import ExecRequest, SandboxSession
from neev_provider.client.sandboxes import Sandbox
from neev_provider.core.errors import NeevError

BOX, FORK, THIRD = (f"{PREFIX}-{name}" for name in ("box", "fork", "third"))


@pytest.fixture
def recording() -> Recording:
    return Recording()


@pytest.fixture
def proxy(target: Settings, recording: Recording, ledger: Ledger) -> Iterator[Proxy]:
    with Proxy(target, recording, ledger) as proxy:
        yield proxy


@pytest.fixture
async def through(proxy: Proxy) -> AsyncIterator[Api]:
    """Yield a client of the proxy."""
    async with connect(proxy.settings) as api:
        yield api


@asynccontextmanager
async def open_session(api: Api, emulator: Emulator, name: str) -> AsyncIterator[SandboxSession]:
    """Yield a session in a new sandbox."""
    created = await api.sandboxes.create({"name": name})
    emulator.advance(10)
    yield api.runtime.session(await api.sandboxes.get(created.id))


async def create_ready(api: Api, emulator: Emulator, name: str) -> Sandbox:
    created = await api.sandboxes.create({"name": name})
    emulator.advance(10)
    return await api.sandboxes.get(created.id)


async def test_answers_are_passed_on_and_recorded(
    through: Api, api: Api, emulator: Emulator, recording: Recording
) -> None:
    box = await create_ready(through, emulator, BOX)
    assert (await api.sandboxes.get(box.id)).name == BOX
    assert await through.sandboxes.list(name="nothing") == ()
    assert recording.routes[Route("POST", "/sandboxes")].statuses == {"201": 1}
    assert recording.routes[Route("GET", "/sandboxes")].statuses == {"200": 1}
    assert recording.requests == 3


async def test_commands_and_files_go_through_the_proxy(through: Api, emulator: Emulator, recording: Recording) -> None:
    output: list[str] = []
    async with open_session(through, emulator, BOX) as session:
        await session.write("note.txt", io.BytesIO(b"content"))
        request = ExecRequest(["cat", "note.txt"])
        assert await session.exec(request, lambda _, text: output.append(text), read_timeout=30) == 0
    assert output == ["content"]
    assert set(recording.shape_of("/v1/exec").fields) >= {"type", "data", "exit_code"}
    assert recording.routes[Route("PATCH", "/v1/files/uploads/{id}")].statuses == {"204": 1}


async def test_a_create_beyond_the_budget_does_not_reach_the_service(
    through: Api, emulator: Emulator, ledger: Ledger
) -> None:
    box = await create_ready(through, emulator, BOX)
    await through.sandboxes.fork(box.id, FORK)
    with pytest.raises(NeevError, match="--max-sandboxes"):
        await through.agents.create({"name": THIRD, "agent_template": "claude-code"})
    assert "POST /agents" not in emulator.counts()
    assert len(ledger.refusals) == 1
    await through.sandboxes.delete(box.id)
    await through.agents.create({"name": THIRD, "agent_template": "claude-code"})


async def test_a_create_without_the_prefix_does_not_reach_the_service(through: Api, emulator: Emulator) -> None:
    for body in ({"name": "box"}, {}):
        with pytest.raises(NeevError, match=PREFIX):
            await through.sandboxes.create(body)
    assert emulator.mutating_requests == []


async def test_what_was_created_is_in_the_ledger(
    through: Api, emulator: Emulator, ledger: Ledger, tmp_path: Path
) -> None:
    box = await create_ready(through, emulator, BOX)
    snapshot = await through.snapshots.create(box.id, name=f"{PREFIX}-snap")
    expected = (Created("sandboxes", box.id, BOX), Created("snapshots", snapshot.id, f"{PREFIX}-snap"))
    assert read_ledger(tmp_path / "ledger.jsonl").created == expected
    assert tuple(ledger.created) == expected


async def test_a_create_that_the_service_refuses_does_not_count(through: Api, tmp_path: Path) -> None:
    with pytest.raises(NeevError):
        await through.sandboxes.create({"name": BOX, "sandbox_template_id": "sb-unknown"})
    assert read_ledger(tmp_path / "ledger.jsonl") == LedgerEntries((), frozenset())


async def test_a_create_whose_answer_is_lost_is_found_by_its_name(
    through: Api, emulator: Emulator, ledger: Ledger, recording: Recording
) -> None:
    emulator.inject("reset_after", method="POST", path="/sandboxes")
    box = await through.sandboxes.create({"name": BOX})
    assert ledger.created == [Created("sandboxes", box.id, BOX)]
    assert recording.routes[Route("POST", "/sandboxes")].statuses == {"no answer": 1}


async def test_revoking_a_port_does_not_count_as_a_delete_of_its_sandbox(
    through: Api, emulator: Emulator, ledger: Ledger
) -> None:
    box = await create_ready(through, emulator, BOX)
    await through.ports.expose(box.id, 8080)
    await through.ports.revoke(box.id, 8080)
    assert ledger.start_create(FORK) is None
    assert ledger.start_create(THIRD) is not None


async def test_only_its_own_key_is_accepted_and_the_real_one_is_not_known_to_clients(
    proxy: Proxy, target: Settings
) -> None:
    assert target.api_key not in str(proxy.settings.api_key)
    for path in ("/agent/api/v1beta1/sandbox-templates", "/runtime/0/v1/exec"):
        url = proxy.settings.base_url.removesuffix("/agent") + path
        async with httpx.AsyncClient(headers={"Authorization": f"Bearer {target.api_key}"}) as client:
            assert (await client.get(url)).status_code == 401


async def test_a_target_that_does_not_answer_is_reported_as_such(ledger: Ledger, recording: Recording) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    target = Settings(f"http://127.0.0.1:{port}/agent", "key", "org", "project")
    with Proxy(target, recording, ledger) as proxy:
        url = f"{proxy.settings.base_url}/api/v1beta1/sandbox-templates"
        async with httpx.AsyncClient(headers={"Authorization": f"Bearer {proxy.settings.api_key}"}) as client:
            assert (await client.get(url)).status_code == 502
    assert recording.routes[Route("GET", "/sandbox-templates")].statuses == {"no answer": 1}
