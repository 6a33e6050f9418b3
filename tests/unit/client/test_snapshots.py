"""The calls for snapshots, against the emulator."""

import asyncio
from datetime import UTC, datetime

import pytest
from tests.fakes.clock import EPOCH, FakeClock
from tests.fakes.scripted_transport import ScriptedTransport, json_response, page_response
from tests.unit.client.test_sandboxes import create_ready

from neev_emulator import Emulator
from neev_provider.client import Api, Settings, connect
from neev_provider.client.snapshots import Snapshot
from neev_provider.core import errors
from neev_provider.core.clock import SYSTEM_CLOCK
from neev_provider.core.wait import Deadline, Done, Failed, InProgress, wait_until


async def wait_until_ready(api: Api, snapshot: Snapshot) -> Snapshot:
    """Return the snapshot once it is Ready."""
    observed = await wait_until(
        lambda within: api.snapshots.observe(snapshot.id, snapshot.sandbox_id, within),
        lambda item: (
            Failed(item.error_message or "")
            if item and item.status == "Failed"
            else Done()
            if item and item.status == "Ready"
            else InProgress("Pending")
        ),
        deadline=Deadline(timeout=20, clock=SYSTEM_CLOCK, cancelled=asyncio.Event()),
        action="waiting for the snapshot",
    )
    assert observed is not None
    return observed


async def test_a_snapshot_is_created_read_listed_and_deleted(api: Api) -> None:
    sandbox = await create_ready(api)
    created = await api.snapshots.create(sandbox.id, name="one", retain_for="720h")
    assert (created.name, created.sandbox_id) == ("one", sandbox.id)
    assert (await wait_until_ready(api, created)).size_bytes is not None
    assert (await api.snapshots.get(created.id)).expires_at is not None
    assert [item.id for item in await api.snapshots.list(sandbox.id)] == [created.id]
    await api.snapshots.delete(created.id)
    await api.snapshots.delete(created.id)
    assert await api.snapshots.observe(created.id, sandbox.id, 0) is None
    assert await api.snapshots.list(sandbox.id) == ()


async def test_many_snapshots_of_a_sandbox_are_observed_with_one_list_request(api: Api, emulator: Emulator) -> None:
    sandbox = await create_ready(api)
    created = [await api.snapshots.create(sandbox.id, name=f"s{number}") for number in range(5)]
    before = emulator.counts()
    observed = await asyncio.gather(*(api.snapshots.observe(item.id, sandbox.id, 0.01) for item in created))
    assert [item and item.name for item in observed] == [f"s{number}" for number in range(5)]
    after = emulator.counts()
    assert after["GET /sandboxes/{id}/snapshots"] == 1
    assert sum(after.values()) == sum(before.values()) + 1
    assert api.snapshots._pollers == {}


async def test_snapshots_are_observed_on_every_page_of_the_list(settings: Settings) -> None:
    shown = [{"id": id, "sandbox_id": "s", "status": "Ready"} for id in "abcd"]
    script = ScriptedTransport(page_response(shown[:2], total=4, limit=2), page_response(shown[2:], total=4, limit=2))
    async with connect(settings, clock=FakeClock(), transport=script) as api:
        observed = await asyncio.gather(*(api.snapshots.observe(id, "s", 0) for id in "abcd"))
    assert [item and item.id for item in observed] == ["a", "b", "c", "d"]
    assert [request.url.params["page"] for request in script.sent] == ["1", "2"]


async def test_a_snapshot_is_gone_after_its_sandbox_is_deleted(api: Api, emulator: Emulator) -> None:
    sandbox = await create_ready(api)
    created = [
        await wait_until_ready(api, await api.snapshots.create(sandbox.id, name=f"s{number}")) for number in range(2)
    ]
    await api.sandboxes.delete(sandbox.id)
    emulator.advance(1)
    observed = await asyncio.gather(*(api.snapshots.observe(item.id, sandbox.id, 0) for item in created))
    assert list(observed) == [None, None]


async def test_the_error_for_a_failed_snapshot_contains_its_reason(api: Api, emulator: Emulator) -> None:
    sandbox = await create_ready(api)
    emulator.inject("failed_phase", method="POST", path="/sandboxes/{id}/snapshots", reason="disk full")
    with pytest.raises(errors.OperationFailed, match="disk full"):
        await wait_until_ready(api, await api.snapshots.create(sandbox.id, name="one"))


@pytest.mark.parametrize("kind", ["reset_after", "truncate_body", "malformed_body", "wrong_content_type"])
async def test_a_create_whose_response_was_lost_creates_one_snapshot_and_returns_it(
    api: Api, emulator: Emulator, kind: str
) -> None:
    sandbox = await create_ready(api)
    emulator.inject(kind, method="POST", path="/sandboxes/{id}/snapshots")
    created = await api.snapshots.create(sandbox.id, name="one")
    assert created.name == "one"
    assert [item.id for item in await api.snapshots.list(sandbox.id)] == [created.id]


async def test_a_snapshot_with_another_name_is_not_adopted(settings: Settings) -> None:
    created = datetime.fromtimestamp(EPOCH + 1, UTC).isoformat()
    listed = [
        {"id": name, "sandbox_id": "s", "status": "Ready", "name": name, "created_at": created}
        for name in ("one", "two")
    ]
    async with connect(
        settings, clock=FakeClock(), transport=ScriptedTransport(json_response(504), page_response(listed))
    ) as api:
        assert (await api.snapshots.create("s", name="two")).id == "two"


async def test_create_raises_outcome_unknown_if_the_snapshot_does_not_appear(api: Api, emulator: Emulator) -> None:
    sandbox = await create_ready(api)
    emulator.inject("reset_before", method="POST", path="/sandboxes/{id}/snapshots")
    with pytest.raises(errors.OutcomeUnknown, match="The snapshot one has not appeared since"):
        await api.snapshots.create(sandbox.id, name="one")


async def test_a_create_without_a_name_is_not_looked_up_after_a_lost_response(api: Api, emulator: Emulator) -> None:
    sandbox = await create_ready(api)
    emulator.inject("reset_after", method="POST", path="/sandboxes/{id}/snapshots")
    with pytest.raises(errors.OutcomeUnknown, match="the connection was lost"):
        await api.snapshots.create(sandbox.id)


async def test_close_cancels_pending_observations(api: Api) -> None:
    sandbox = await create_ready(api)
    observing = asyncio.create_task(api.snapshots.observe("s", sandbox.id, 3600))
    await asyncio.sleep(0)
    await api.snapshots.aclose()
    with pytest.raises(errors.Cancelled):
        await observing
