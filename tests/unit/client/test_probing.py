"""Many observers of things that were begun together: whom the watcher looks for first, and when for all."""

import asyncio
from collections.abc import Callable
from itertools import pairwise

import pytest
from tests.fakes.scripted_reader import ScriptedReader, new_poller
from tests.fakes.virtual_time import in_virtual_time

from neev_provider.client.models import ApiObject
from neev_provider.client.polling.shared_poller import SharedPoller


async def run_subscribers(
    poller: SharedPoller[ApiObject], reader: ScriptedReader, reads: Callable[[int], int], number: int
) -> None:
    """So many ask for an item of their own, one after another, until it has been looked for so often."""

    async def wait(each: int) -> None:
        await reader.clock.sleep(each / 1000)
        for _ in range(reads(each)):
            await poller.observe(str(each), 1)

    await asyncio.gather(*(wait(each) for each in range(number)))


@in_virtual_time
async def test_while_some_finish_the_others_are_looked_for_again_soon() -> None:
    sweeps = ScriptedReader()
    await run_subscribers(new_poller(sweeps), sweeps, lambda each: 2 if each < 50 else 3, 100)
    first, second, third = sweeps.read_times
    assert second - first > 0.9
    assert third - second == pytest.approx(0.1)


@in_virtual_time
async def test_of_many_the_first_is_looked_for_alone_until_it_does_not_come_back() -> None:
    sweeps = ScriptedReader()
    await run_subscribers(new_poller(sweeps), sweeps, lambda _: 2, 200)
    looks = [(time, sorted(ids) if len(ids) < 200 else "all") for time, ids, _ in sweeps.reads]
    assert looks == [(1.0, "all"), (1.3, ["0"]), (1.31, sorted(map(str, range(1, 200))))]


@in_virtual_time
async def test_each_look_alone_is_for_another_and_the_longer_it_takes_the_rarer() -> None:
    sweeps = ScriptedReader()
    watch = new_poller(sweeps)

    async def wait(id: str) -> None:
        while sweeps.clock.monotonic() < 30:
            await watch.observe(id, 0.5)

    await asyncio.gather(*(wait(str(each)) for each in range(200)))
    alone = [(time, min(ids)) for time, ids, _ in sweeps.reads if len(ids) == 1]
    assert len({id for _, id in alone[:10]}) == 10
    pauses = [late - early for (early, _), (late, _) in pairwise(alone)]
    assert pauses[:5] == pytest.approx([0.3] * 5)
    assert min(pauses[-5:]) > 1


@in_virtual_time
async def test_one_that_is_never_ready_keeps_nobody_from_being_seen() -> None:
    sweeps = ScriptedReader()
    observed: dict[int, float] = {}

    async def wait(each: int) -> None:
        while sweeps.clock.monotonic() < (60 if each == 0 else 5):
            await watch.observe(str(each), 0.5)
        observed[each] = sweeps.clock.monotonic()

    watch = new_poller(sweeps)
    await asyncio.gather(*(wait(each) for each in range(200)))
    assert max(late for each, late in observed.items() if each > 0) < 5.5


@in_virtual_time
async def test_while_looks_alone_tell_nothing_everybody_is_looked_for_now_and_then() -> None:
    sweeps = ScriptedReader()
    await run_subscribers(new_poller(sweeps), sweeps, lambda each: 40 if each < 190 else 2, 200)
    for_all = [time for time, ids, _ in sweeps.reads if len(ids) > 150]
    assert 4 < for_all[1] - for_all[0] < 5


@in_virtual_time
async def test_a_newcomer_is_not_kept_waiting_by_looks_at_others() -> None:
    sweeps = ScriptedReader()
    watch = new_poller(sweeps)
    others = asyncio.create_task(run_subscribers(watch, sweeps, lambda _: 10, 200))
    await asyncio.sleep(2)
    await watch.observe("new", 0.1)
    assert sweeps.clock.monotonic() < 3
    others.cancel()


@in_virtual_time
async def test_who_comes_after_all_others_have_finished_is_not_hurried() -> None:
    sweeps = ScriptedReader()
    watch = new_poller(sweeps)
    await asyncio.gather(*(watch.observe(str(each), 0) for each in range(20)))
    await asyncio.sleep(60)
    await watch.observe("new", 3)
    assert sweeps.read_times[-1] == sweeps.read_times[0] + 63
