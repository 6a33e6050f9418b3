"""The proxy forwards requests, records them, enforces the budget, and hides the real key."""

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
    """Return an empty recording."""
    return Recording()


@pytest.fixture
def proxy(target: Settings, recording: Recording, ledger: Ledger) -> Iterator[Proxy]:
    """Yield a proxy of the emulator."""
    with Proxy(target, recording, ledger) as proxy:
        yield proxy


@pytest.fixture
async def proxy_api(proxy: Proxy) -> AsyncIterator[Api]:
    """Yield a client of the proxy."""
    async with connect(proxy.settings) as api:
        yield api


@asynccontextmanager
async def open_session(api: Api, emulator: Emulator, name: str) -> AsyncIterator[SandboxSession]:
    """Yield a session in a new sandbox."""
    created = await api.sandboxes.create({"name": name})
    emulator.advance(10)
    yield api.runtime.session(await api.sandboxes.get(created.id))


async def create_ready_sandbox(api: Api, emulator: Emulator, name: str) -> Sandbox:
    created = await api.sandboxes.create({"name": name})
    emulator.advance(10)
    return await api.sandboxes.get(created.id)


async def test_responses_are_forwarded_and_recorded(
    proxy_api: Api, api: Api, emulator: Emulator, recording: Recording
) -> None:
    box = await create_ready_sandbox(proxy_api, emulator, BOX)
    assert (await api.sandboxes.get(box.id)).name == BOX
    assert await proxy_api.sandboxes.list(name="nothing") == ()
    assert recording.routes[Route("POST", "/sandboxes")].statuses == {"201": 1}
    assert recording.routes[Route("GET", "/sandboxes")].statuses == {"200": 1}
    assert recording.requests == 3


async def test_commands_and_files_are_forwarded_and_recorded(
    proxy_api: Api, emulator: Emulator, recording: Recording
) -> None:
    output: list[str] = []
    async with open_session(proxy_api, emulator, BOX) as session:
        await session.write("note.txt", io.BytesIO(b"content"))
        request = ExecRequest(["cat", "note.txt"])
        assert await session.exec(request, lambda _, text: output.append(text), read_timeout=30) == 0
    assert output == ["content"]
    assert set(recording.shape_of("/v1/exec").fields) >= {"type", "data", "exit_code"}
    assert recording.routes[Route("PATCH", "/v1/files/uploads/{id}")].statuses == {"204": 1}


async def test_a_create_beyond_the_budget_is_not_forwarded(proxy_api: Api, emulator: Emulator, ledger: Ledger) -> None:
    box = await create_ready_sandbox(proxy_api, emulator, BOX)
    await proxy_api.sandboxes.fork(box.id, FORK)
    with pytest.raises(NeevError, match="--max-sandboxes"):
        await proxy_api.agents.create({"name": THIRD, "agent_template": "claude-code"})
    assert "POST /agents" not in emulator.counts()
    assert len(ledger.refusals) == 1
    await proxy_api.sandboxes.delete(box.id)
    await proxy_api.agents.create({"name": THIRD, "agent_template": "claude-code"})


async def test_a_create_without_the_prefix_is_not_forwarded(proxy_api: Api, emulator: Emulator) -> None:
    for body in ({"name": "box"}, {}):
        with pytest.raises(NeevError, match=PREFIX):
            await proxy_api.sandboxes.create(body)
    assert emulator.mutating_requests == []


async def test_created_objects_are_in_the_ledger(
    proxy_api: Api, emulator: Emulator, ledger: Ledger, tmp_path: Path
) -> None:
    box = await create_ready_sandbox(proxy_api, emulator, BOX)
    snapshot = await proxy_api.snapshots.create(box.id, name=f"{PREFIX}-snap")
    expected = (Created("sandboxes", box.id, BOX), Created("snapshots", snapshot.id, f"{PREFIX}-snap"))
    assert read_ledger(tmp_path / "ledger.jsonl").created == expected
    assert tuple(ledger.created) == expected


async def test_a_create_that_the_service_rejects_is_not_in_the_ledger(proxy_api: Api, tmp_path: Path) -> None:
    with pytest.raises(NeevError):
        await proxy_api.sandboxes.create({"name": BOX, "sandbox_template_id": "sb-unknown"})
    assert read_ledger(tmp_path / "ledger.jsonl") == LedgerEntries((), frozenset())


async def test_a_create_with_a_lost_response_is_found_by_its_name(
    proxy_api: Api, emulator: Emulator, ledger: Ledger, recording: Recording
) -> None:
    emulator.inject("reset_after", method="POST", path="/sandboxes")
    box = await proxy_api.sandboxes.create({"name": BOX})
    assert ledger.created == [Created("sandboxes", box.id, BOX)]
    assert recording.routes[Route("POST", "/sandboxes")].statuses == {"no answer": 1}


async def test_revoking_a_port_does_not_count_as_a_delete_of_its_sandbox(
    proxy_api: Api, emulator: Emulator, ledger: Ledger
) -> None:
    box = await create_ready_sandbox(proxy_api, emulator, BOX)
    await proxy_api.ports.expose(box.id, 8080)
    await proxy_api.ports.revoke(box.id, 8080)
    assert ledger.start_create(FORK) is None
    assert ledger.start_create(THIRD) is not None


async def test_the_proxy_accepts_only_its_own_key_and_hides_the_real_one(proxy: Proxy, target: Settings) -> None:
    assert target.api_key not in str(proxy.settings.api_key)
    for path in ("/agent/api/v1beta1/sandbox-templates", "/runtime/0/v1/exec"):
        url = proxy.settings.base_url.removesuffix("/agent") + path
        async with httpx.AsyncClient(headers={"Authorization": f"Bearer {target.api_key}"}) as client:
            assert (await client.get(url)).status_code == 401


async def test_an_unreachable_target_is_answered_with_502_and_recorded(ledger: Ledger, recording: Recording) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    target = Settings(f"http://127.0.0.1:{port}/agent", "key", "org", "project")
    with Proxy(target, recording, ledger) as proxy:
        url = f"{proxy.settings.base_url}/api/v1beta1/sandbox-templates"
        async with httpx.AsyncClient(headers={"Authorization": f"Bearer {proxy.settings.api_key}"}) as client:
            assert (await client.get(url)).status_code == 502
    assert recording.routes[Route("GET", "/sandbox-templates")].statuses == {"no answer": 1}
