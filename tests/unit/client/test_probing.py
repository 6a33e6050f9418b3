"""Many subscribers of items that started together: which one is probed, and when all are polled."""

import asyncio
from collections.abc import Callable

import pytest
from tests.fakes.scripted_reader import ScriptedReader, new_poller
from tests.fakes.virtual_time import in_virtual_time

from neev_provider.client.models import ApiObject
from neev_provider.client.polling.shared_poller import SharedPoller


async def run_subscribers(
    poller: SharedPoller[ApiObject], reader: ScriptedReader, reads: Callable[[int], int], number: int
) -> None:
    """Run subscribers that start one after another, each for its own item, until it was read so often."""

    async def wait(index: int) -> None:
        await reader.clock.sleep(index / 1000)
        for _ in range(reads(index)):
            await poller.observe(str(index), 1)

    await asyncio.gather(*(wait(index) for index in range(number)))


@in_virtual_time
async def test_pending_items_are_polled_sooner_while_others_complete() -> None:
    reader = ScriptedReader()
    await run_subscribers(new_poller(reader), reader, lambda index: 2 if index < 50 else 3, 100)
    first, second, third = reader.read_times
    assert second - first > 0.9
    assert third - second == pytest.approx(0.1)


@in_virtual_time
async def test_all_items_are_polled_once_the_probed_item_completes() -> None:
    reader = ScriptedReader()
    await run_subscribers(new_poller(reader), reader, lambda _: 2, 200)
    reads = [(time, sorted(ids) if len(ids) < 200 else "all") for time, ids, _ in reader.reads]
    assert reads == [(1.0, "all"), (2.0, ["0"]), (2.0, sorted(map(str, range(1, 200))))]


@in_virtual_time
async def test_each_probe_reads_another_item_and_probes_cost_no_more_than_polls() -> None:
    reader = ScriptedReader()
    poller = new_poller(reader)

    async def wait(id: str) -> None:
        while reader.clock.monotonic() < 30:
            await poller.observe(id, 0.5)

    await asyncio.gather(*(wait(str(index)) for index in range(500)))
    reads = [ids for time, ids, _ in reader.reads if time < 30]
    probed = [min(ids) for ids in reads if len(ids) == 1]
    assert len(set(probed[:10])) == 10
    assert [len(ids) for ids in reads[:11]] == [500, 1, 1, 1, 1, 500, 1, 1, 1, 1, 500]


@in_virtual_time
async def test_an_item_that_never_completes_does_not_delay_the_others() -> None:
    reader = ScriptedReader()
    completed_at: dict[int, float] = {}

    async def wait(index: int) -> None:
        while reader.clock.monotonic() < (60 if index == 0 else 5):
            await poller.observe(str(index), 0.5)
        completed_at[index] = reader.clock.monotonic()

    poller = new_poller(reader)
    await asyncio.gather(*(wait(index) for index in range(200)))
    assert max(moment for index, moment in completed_at.items() if index > 0) < 5.6


@in_virtual_time
async def test_a_new_item_does_not_wait_for_probes_of_others() -> None:
    reader = ScriptedReader()
    poller = new_poller(reader)
    others = asyncio.create_task(run_subscribers(poller, reader, lambda _: 10, 200))
    await asyncio.sleep(2)
    await poller.observe("new", 0.1)
    assert reader.clock.monotonic() < 3
    others.cancel()


@in_virtual_time
async def test_a_new_item_is_polled_when_due_after_all_others_completed() -> None:
    reader = ScriptedReader()
    poller = new_poller(reader)
    await asyncio.gather(*(poller.observe(str(index), 0) for index in range(20)))
    await asyncio.sleep(60)
    await poller.observe("new", 3)
    assert reader.read_times[-1] == reader.read_times[0] + 63
