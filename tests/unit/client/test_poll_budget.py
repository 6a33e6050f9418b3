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
from neev_provider.core.wait import Done, InProgress, Deadline, wait_until

SETTINGS = Settings("https://api.test", "key", "o", "p")
HOUR, EVERY, GROUP = 3600.0, 60.0, 5
"""Seconds that it lives, seconds between two groups, and how many come at a time."""
CLIENT = f"{Path(client.__file__).parent}/*"
WARM = 600.0
"""Seconds after which everything that stays for good is there."""
MOST = 16 * 1024
"""Bytes that the client's code holds more than then: some hundred for each one that came would be as many again."""
SLOTS = 5
"""Objects of one kind more or less than then: what is under way at the moment of looking."""


async def _come_and_go(api: Api, name: str) -> None:
    """A sandbox is made, waited for, deleted and waited for again."""
    patience = Deadline(timeout=60, clock=VirtualClock(), cancelled=asyncio.Event())
    made = await api.sandboxes.create({"name": name})
    await wait_until(
        lambda within: api.sandboxes.observe(made.id, within),
        lambda seen: Done() if seen and seen.phase == "Ready" else InProgress("Pending"),
        deadline=patience,
        action=name,
    )
    await api.sandboxes.delete(made.id)
    await wait_until(
        lambda within: api.sandboxes.observe_gone(made.id, within),
        lambda gone: Done() if gone else InProgress("Deleting"),
        deadline=patience,
        action=name,
    )


async def _gives_up(api: Api) -> None:
    """Someone observes the one that stays, and is cancelled."""
    task = asyncio.create_task(api.sandboxes.observe("stays", 30))
    await api.clock.sleep(3)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _until(api: Api, moment: float) -> None:
    """Groups have come and gone until this moment."""
    number = 0
    while api.clock.monotonic() < moment:
        number += 1
        names = [f"at-{api.clock.monotonic():.0f}-{each}" for each in range(GROUP)]
        group = asyncio.gather(*(_come_and_go(api, name) for name in names), _gives_up(api))
        await asyncio.gather(group, api.clock.sleep(EVERY))


def _alive() -> Counter[str]:
    """The objects that are there, by the kind; those of the interpreter aside."""
    gc.collect()
    ours = ("pulumi_neev", "_asyncio", "asyncio", "httpx", "httpcore")
    kinds = (type(each) for each in gc.get_objects())
    names = (f"{kind.__module__}.{kind.__qualname__}" for kind in kinds)
    return Counter(name for name in names if name.startswith(ours))


def _memory() -> int:
    """The bytes that were asked for by the client's own lines, and are still there."""
    ours = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(inclusive=True, filename_pattern=CLIENT)])
    return sum(each.size for each in ours.statistics("filename"))


@in_virtual_time
async def test_a_watcher_that_lives_an_hour_leaks_nothing() -> None:
    service = FakeService(provision=2)
    service.add("stays")
    tracemalloc.start()
    try:
        async with connect(SETTINGS, clock=VirtualClock(), transport=service) as api:
            # never without an observer, so that the watcher's task is the same all the time
            watched = asyncio.create_task(_watch(api))
            await _until(api, WARM)
            kinds, memory = _alive(), _memory()
            service.served.clear()
            await _until(api, HOUR)
            later, grown = _alive(), _memory() - memory
            watched.cancel()
            await asyncio.gather(watched, return_exceptions=True)
    finally:
        tracemalloc.stop()
    assert service.served["POST list"] >= (HOUR - WARM) / EVERY * GROUP * 0.9
    assert {kind: later[kind] - kinds[kind] for kind in later if later[kind] > kinds[kind] + SLOTS} == {}
    assert grown < MOST
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def _watch(api: Api) -> None:
    while True:
        await api.sandboxes.observe("stays", 5)
