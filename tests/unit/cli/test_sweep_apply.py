"""Deletion of orphans, which are read again before it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.fakes.clock import ScaledClock

from neev_emulator import Emulator
from neev_provider.cli.sweep.apply import load_orphans, sweep_one
from neev_provider.cli.sweep.orphans import AGENT, SANDBOX, SNAPSHOT, Orphan, SweepFilter
from neev_provider.cli.sweep.references import StateReferences, state_references
from neev_provider.client import Api, Settings, connect
from neev_provider.core.errors import Unavailable

SWEEP_FILTER = SweepFilter("pr-", 3600)


@pytest.fixture
async def api(neev_emulator: Emulator) -> AsyncIterator[Api]:
    """Yield a client of the emulator with a short timeout."""
    settings = Settings(
        neev_emulator.base_url, neev_emulator.api_key, neev_emulator.org_id, neev_emulator.project_id, timeout=2
    )
    async with connect(settings, clock=ScaledClock()) as api:
        yield api


def read_no_references() -> StateReferences:
    return state_references([])


async def create_sandboxes(api: Api, neev_emulator: Emulator, *names: str) -> None:
    for name in names:
        await api.sandboxes.create({"name": name})
    neev_emulator.advance(5)


async def load_orphan(api: Api, neev_emulator: Emulator, kind: str = SANDBOX) -> Orphan:
    neev_emulator.advance(2 * 3600)
    await api.sandboxes.list()  # the client reads the current time from the response
    (found,) = [
        orphan
        for orphan in (await load_orphans(api, read_no_references, SWEEP_FILTER)).orphans
        if orphan.remote_object.kind == kind
    ]
    return found


async def test_sweep_deletes_an_orphan(api: Api, neev_emulator: Emulator) -> None:
    await create_sandboxes(api, neev_emulator, "pr-1", "dev-1")
    found = await load_orphan(api, neev_emulator)
    assert await sweep_one(api, found, SWEEP_FILTER, pause=False) == "deleted"
    neev_emulator.advance(5)
    assert [item.name for item in await api.sandboxes.list()] == ["dev-1"]
    assert await sweep_one(api, found, SWEEP_FILTER, pause=False) == "already deleted"


async def test_sweep_pauses_an_orphan_if_requested(api: Api, neev_emulator: Emulator) -> None:
    await create_sandboxes(api, neev_emulator, "pr-1")
    assert await sweep_one(api, await load_orphan(api, neev_emulator), SWEEP_FILTER, pause=True) == "paused"
    neev_emulator.advance(5)
    assert [item.phase for item in await api.sandboxes.list()] == ["Paused"]


async def test_sweep_deletes_an_orphaned_snapshot_without_its_sandbox(api: Api, neev_emulator: Emulator) -> None:
    await create_sandboxes(api, neev_emulator, "dev-1")
    (box,) = await api.sandboxes.list()
    await api.snapshots.create(box.id, name="pr-shot")
    assert await sweep_one(api, await load_orphan(api, neev_emulator, SNAPSHOT), SWEEP_FILTER, pause=False) == "deleted"
    assert await api.snapshots.list(box.id) == ()
    assert len(await api.sandboxes.list()) == 1


async def test_sweep_pauses_or_deletes_an_agent_with_its_sandbox(api: Api, neev_emulator: Emulator) -> None:
    await api.agents.create({"name": "pr-agent", "agent_template": "claude-code"})
    found = await load_orphan(api, neev_emulator, AGENT)
    assert await sweep_one(api, found, SWEEP_FILTER, pause=True) == "paused"
    neev_emulator.advance(5)
    assert [item.status for item in await api.agents.list()] == ["Paused"]
    assert await sweep_one(api, found, SWEEP_FILTER, pause=False) == "deleted"
    neev_emulator.advance(5)
    assert (await api.agents.list(), await api.sandboxes.list()) == ((), ())


async def test_an_agent_is_skipped_if_its_sandbox_has_a_new_snapshot(api: Api, neev_emulator: Emulator) -> None:
    agent = await api.agents.create({"name": "pr-agent", "agent_template": "claude-code"})
    found = await load_orphan(api, neev_emulator, AGENT)
    await api.snapshots.create(agent.sandbox_id or "", name="kept")
    assert await sweep_one(api, found, SWEEP_FILTER, pause=False) == "skipped: it has a new snapshot"
    assert (
        await load_orphan(api, neev_emulator, AGENT)
    ).blocked_by == "its snapshot kept would be deleted with it, and is not an orphan"


async def test_an_orphan_is_skipped_if_it_changed_after_it_was_listed(api: Api, neev_emulator: Emulator) -> None:
    await create_sandboxes(api, neev_emulator, "pr-1")
    found = await load_orphan(api, neev_emulator)
    await api.snapshots.create(found.remote_object.id, name="pr-shot")
    assert await sweep_one(api, found, SWEEP_FILTER, pause=False) == "skipped: it has a new snapshot"
    again = Orphan(
        found.remote_object,
        found.age_seconds,
        frozenset(item.id for item in await api.snapshots.list(found.remote_object.id)),
    )
    assert await sweep_one(api, again, SweepFilter("dev-"), pause=False) == "skipped: it has changed"
    assert (
        await sweep_one(api, again, SweepFilter("pr-", phases={"Paused"}), pause=False) == "skipped: its phase is Ready"
    )
    assert len(await api.sandboxes.list()) == 1


async def test_a_failed_delete_is_returned_as_the_outcome(api: Api, neev_emulator: Emulator) -> None:
    await create_sandboxes(api, neev_emulator, "pr-1")
    found = await load_orphan(api, neev_emulator)
    neev_emulator.inject("status", method="DELETE", path="/sandboxes/{id}", status=409)
    assert (await sweep_one(api, found, SWEEP_FILTER, pause=False)).startswith("failed: DELETE /sandboxes/")


async def test_loading_orphans_fails_if_a_list_request_fails(api: Api, neev_emulator: Emulator) -> None:
    neev_emulator.inject("status", method="GET", path="/agents", status=500, times=100)
    with pytest.raises(Unavailable):
        await load_orphans(api, read_no_references, SWEEP_FILTER)
