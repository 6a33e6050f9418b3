"""A poller that runs for an hour while many sandboxes are created and deleted leaks no memory."""

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
"""Seconds of the whole run, seconds between two groups, and sandboxes in a group."""
CLIENT = f"{Path(client.__file__).parent}/*"
WARM_UP_SECONDS = 600.0
"""Seconds after which all permanent objects are allocated."""
MAX_GROWTH_BYTES = 24 * 1024
"""Bytes by which the client may grow after the warm-up: a leak of 100 bytes for each sandbox exceeds them."""
SAMPLES = 5
"""The number of measurements of which the smallest counts."""
MAX_NEW_OBJECTS = 5
"""Objects of one type that may be added after the warm-up: operations in progress at the moment of the count."""


async def _run_cycle(api: Api, name: str) -> None:
    """Create a sandbox, wait until it is ready, delete it and wait until it is gone."""
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
    """Observe the permanent sandbox, and cancel the observation."""
    task = asyncio.create_task(api.sandboxes.observe("permanent", 30))
    await api.clock.sleep(3)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _run_until(api: Api, moment: float) -> None:
    """Create and delete groups of sandboxes until this moment."""
    number = 0
    while api.clock.monotonic() < moment:
        number += 1
        names = [f"at-{api.clock.monotonic():.0f}-{item}" for item in range(GROUP_SIZE)]
        group = asyncio.gather(*(_run_cycle(api, name) for name in names), _observe_and_cancel(api))
        await asyncio.gather(group, api.clock.sleep(CYCLE_INTERVAL))


def _count_objects() -> Counter[str]:
    """Return the number of objects of each type, without those of the interpreter."""
    gc.collect()
    ours = ("neev_provider", "_asyncio", "asyncio", "httpx", "httpcore")
    kinds = (type(item) for item in gc.get_objects())
    names = (f"{kind.__module__}.{kind.__qualname__}" for kind in kinds)
    return Counter(name for name in names if name.startswith(ours))


async def _least_allocated_bytes(api: Api) -> int:
    """Return the minimum of the allocated bytes after some groups: operations in progress vary."""
    samples = []
    for _ in range(SAMPLES):
        await _run_until(api, api.clock.monotonic() + CYCLE_INTERVAL)
        samples.append(_allocated_bytes())
    return min(samples)


def _allocated_bytes() -> int:
    """Return the bytes that the client's code allocated and that are not freed."""
    ours = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(inclusive=True, filename_pattern=CLIENT)])
    return sum(statistic.size for statistic in ours.statistics("filename"))


@in_virtual_time
async def test_polling_for_an_hour_leaks_no_memory() -> None:
    service = FakeService(create_seconds=2)
    service.add("permanent")
    tracemalloc.start()
    try:
        async with connect(SETTINGS, clock=VirtualClock(), transport=service) as api:
            # one permanent subscriber keeps the poller's task the same all the time
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
        await api.sandboxes.observe("permanent", 5)
