"""A watcher that lives for an hour while many come and go: nothing of them is left."""

import asyncio
import gc
import tracemalloc
from collections import Counter
from pathlib import Path

from tests.fakes.service import FakeService
from tests.fakes.virtual_time import VirtualClock, in_virtual_time

from neev_provider import client
from neev_provider.client import Api, Settings, connect
from neev_provider.core.wait import Deadline, Done, InProgress, wait_until

SETTINGS = Settings("https://api.test", "key", "o", "p")
HOUR, CYCLE_INTERVAL, GROUP_SIZE = 3600.0, 60.0, 5
"""Seconds that it lives, seconds between two groups, and how many come at a time."""
CLIENT = f"{Path(client.__file__).parent}/*"
WARM_UP_SECONDS = 600.0
"""Seconds after which everything that stays for good is there."""
MAX_GROWTH_BYTES = 24 * 1024
"""Bytes that the client's code contains more than then: some hundred for each one that came would be as many again."""
SAMPLES = 5
"""The number of measurements of which the smallest counts."""
MAX_NEW_OBJECTS = 5
"""Objects of one kind more or less than then: what is under way at the moment of looking."""


async def _run_cycle(api: Api, name: str) -> None:
    """A sandbox is made, waited for, deleted and waited for again."""
    deadline = Deadline(timeout=60, clock=VirtualClock(), cancelled=asyncio.Event())
    created = await api.sandboxes.create({"name": name})
    await wait_until(
        lambda within: api.sandboxes.observe(created.id, within),
        lambda observed: Done() if observed and observed.phase == "Ready" else InProgress("Pending"),
        deadline=deadline,
        action=name,
    )
    await api.sandboxes.delete(created.id)
    await wait_until(
        lambda within: api.sandboxes.observe_gone(created.id, within),
        lambda gone: Done() if gone else InProgress("Deleting"),
        deadline=deadline,
        action=name,
    )


async def _observe_and_cancel(api: Api) -> None:
    """Someone observes the one that stays, and is cancelled."""
    task = asyncio.create_task(api.sandboxes.observe("stays", 30))
    await api.clock.sleep(3)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _run_until(api: Api, moment: float) -> None:
    """Groups have come and gone until this moment."""
    number = 0
    while api.clock.monotonic() < moment:
        number += 1
        names = [f"at-{api.clock.monotonic():.0f}-{item}" for item in range(GROUP_SIZE)]
        group = asyncio.gather(*(_run_cycle(api, name) for name in names), _observe_and_cancel(api))
        await asyncio.gather(group, api.clock.sleep(CYCLE_INTERVAL))


def _count_objects() -> Counter[str]:
    """The objects that are there, by the kind; those of the interpreter aside."""
    gc.collect()
    ours = ("neev_provider", "_asyncio", "asyncio", "httpx", "httpcore")
    kinds = (type(item) for item in gc.get_objects())
    names = (f"{kind.__module__}.{kind.__qualname__}" for kind in kinds)
    return Counter(name for name in names if name.startswith(ours))


async def _least_allocated_bytes(api: Api) -> int:
    """Return the least that is allocated after each of some groups: what is under way at a moment varies."""
    samples = []
    for _ in range(SAMPLES):
        await _run_until(api, api.clock.monotonic() + CYCLE_INTERVAL)
        samples.append(_allocated_bytes())
    return min(samples)


def _allocated_bytes() -> int:
    """The bytes that were asked for by the client's own lines, and are still there."""
    ours = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(inclusive=True, filename_pattern=CLIENT)])
    return sum(statistic.size for statistic in ours.statistics("filename"))


@in_virtual_time
async def test_an_observation_of_an_hour_leaks_nothing() -> None:
    service = FakeService(create_seconds=2)
    service.add("stays")
    tracemalloc.start()
    try:
        async with connect(SETTINGS, clock=VirtualClock(), transport=service) as api:
            # never without an observer, so that the watcher's task is the same all the time
            watched = asyncio.create_task(_observe_forever(api))
            await _run_until(api, WARM_UP_SECONDS)
            kinds, memory = _count_objects(), await _least_allocated_bytes(api)
            service.served_requests.clear()
            await _run_until(api, HOUR)
            later, grown = _count_objects(), await _least_allocated_bytes(api) - memory
            watched.cancel()
            await asyncio.gather(watched, return_exceptions=True)
    finally:
        tracemalloc.stop()
    assert service.served_requests["POST list"] >= (HOUR - WARM_UP_SECONDS) / CYCLE_INTERVAL * GROUP_SIZE * 0.9
    assert {kind: later[kind] - kinds[kind] for kind in later if later[kind] > kinds[kind] + MAX_NEW_OBJECTS} == {}
    assert grown < MAX_GROWTH_BYTES
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def _observe_forever(api: Api) -> None:
    while True:
        await api.sandboxes.observe("stays", 5)
