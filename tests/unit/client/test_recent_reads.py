"""Reads that a recent list serves, and those that need a request."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.fakes.service import FakeService
from tests.fakes.virtual_time import in_virtual_time

from neev_provider.client import Api, Settings, connect
from neev_provider.client.polling.shared_poller import MAX_LIST_AGE
from neev_provider.client.sandboxes import Sandbox
from neev_provider.resources.lookups import REFRESH_BATCH_DELAY

SETTINGS = Settings("https://api.test", "key", "o", "p")
MAX_CONCURRENCY = 10
"""Resources that the engine refreshes at a time, by default."""


@asynccontextmanager
async def connect_and_list(*names: str) -> AsyncIterator[tuple[Api, FakeService]]:
    """Yield a client that has read the first two sandboxes, and with them the list of all."""
    service = FakeService(create_seconds=0)
    for name in names:
        service.add(name)
    async with connect(SETTINGS, clock=service.clock, transport=service) as api:
        await asyncio.gather(read(api, names[0]), read(api, names[1]))
        assert service.served_requests == {"GET list": 1}
        service.served_requests.clear()
        yield api, service


async def read(api: Api, name: str) -> Sandbox | None:
    return await api.sandboxes.observe_recent(name, REFRESH_BATCH_DELAY)


async def refresh(api: Api, names: list[str], read_seconds: float) -> None:
    """Read every sandbox as an engine does: a limited number at a time, each followed by other work."""
    lock = asyncio.Semaphore(MAX_CONCURRENCY)

    async def one(name: str) -> None:
        async with lock:
            observed = await read(api, name)
            assert observed is not None
            assert observed.id == name
            await api.clock.sleep(read_seconds)

    await asyncio.gather(*map(one, names))


@in_virtual_time
async def test_a_refresh_of_200_sandboxes_with_limited_concurrency_reads_the_list() -> None:
    service = FakeService(create_seconds=0)
    names = [f"s{number}" for number in range(200)]
    for name in names:
        service.add(name)
    async with connect(SETTINGS, clock=service.clock, transport=service) as api:
        await refresh(api, names[::7] + [name for name in names if name not in names[::7]], read_seconds=0.2)
    assert service.requests <= 15


@in_virtual_time
async def test_a_recent_list_serves_an_item_that_was_not_requested() -> None:
    async with connect_and_list("a", "b", "c") as (api, service):
        observed = await read(api, "c")
        assert observed is not None
        assert observed.name == "c"
        assert service.requests == 0


@in_virtual_time
async def test_an_expired_list_is_not_used() -> None:
    async with connect_and_list("a", "b", "c") as (api, service):
        await api.clock.sleep(MAX_LIST_AGE)
        del service.created_at["c"]
        assert await read(api, "c") is None
        assert service.requests > 0


@in_virtual_time
async def test_an_item_missing_from_the_recent_list_is_requested() -> None:
    async with connect_and_list("a", "b", "c") as (api, service):
        service.add("d")
        assert await read(api, "d") is not None


@in_virtual_time
async def test_an_item_is_requested_again_after_a_write_by_this_process() -> None:
    async with connect_and_list("a", "b", "c") as (api, _):
        await api.sandboxes.delete("c")
        assert await read(api, "c") is None


@in_virtual_time
async def test_an_item_is_requested_again_during_a_write_by_this_process() -> None:
    async with connect_and_list("a", "b", "c") as (api, service):
        deleting = asyncio.create_task(api.sandboxes.delete("c"))
        await asyncio.sleep(0)
        assert await read(api, "c") is None
        await deleting
        assert service.served_requests["GET item"] > 0


@in_virtual_time
async def test_a_list_read_shortly_after_a_write_is_not_used() -> None:
    async with connect_and_list("a", "b", "c", "d") as (api, service):
        await api.sandboxes.delete("d")
        await asyncio.gather(read(api, "a"), read(api, "b"))
        del service.created_at["c"]
        assert await read(api, "c") is None


@in_virtual_time
async def test_a_wait_does_not_use_a_recent_list() -> None:
    async with connect_and_list("a", "b", "c") as (api, service):
        assert await api.sandboxes.observe("c", REFRESH_BATCH_DELAY) is not None
        assert service.requests == 1
