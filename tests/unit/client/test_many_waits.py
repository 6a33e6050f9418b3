"""The requests and the delays of waits for hundreds of sandboxes, on a service in virtual time."""

import asyncio
import random
from dataclasses import dataclass

import pytest
from tests.fakes.service import FakeService
from tests.fakes.virtual_time import VirtualClock, in_virtual_time

from neev_provider.client import Api, Settings, connect
from neev_provider.core.wait import Deadline, Done, InProgress, wait_until

SETTINGS = Settings("https://api.test", "key", "o", "p")


@dataclass(frozen=True)
class OperationCost:
    """The cost of an operation on many sandboxes."""

    requests: float
    """Requests for each sandbox, rejected ones included."""
    lags: list[float]
    """Seconds from the readiness of each sandbox to its observation, the shortest first."""
    last: float
    """Seconds from the readiness of the last sandbox to its observation."""


def new_deadline() -> Deadline:
    return Deadline(timeout=600, clock=VirtualClock(), cancelled=asyncio.Event())


async def create_many(api: Api, service: FakeService, number: int, *, over: float) -> OperationCost:
    """Create so many sandboxes, spread over `over` seconds, and wait for each."""
    lags, before = [], service.requests

    async def one(index: int) -> None:
        await api.clock.sleep(index * over / number)
        created = await api.sandboxes.create({"name": f"s{index}"})
        await wait_until(
            lambda within: api.sandboxes.observe(created.id, within),
            lambda observed: Done() if observed and observed.phase == "Ready" else InProgress("Pending"),
            deadline=new_deadline(),
            action=created.name,
        )
        lags.append(api.clock.monotonic() - service.created_at[created.id] - service.create_seconds)

    await asyncio.gather(*(one(index) for index in range(number)))
    last = api.clock.monotonic() - max(service.created_at.values()) - service.create_seconds
    return OperationCost((service.requests - before) / number, sorted(lags), last)


async def delete_all(api: Api, service: FakeService) -> float:
    """Delete all sandboxes and wait until they are gone; return the requests for each."""
    ids, before = list(service.created_at), service.requests

    async def one(id: str) -> None:
        await api.sandboxes.delete(id)
        await wait_until(
            lambda within: api.sandboxes.observe_gone(id, within),
            lambda gone: Done() if gone else InProgress("Deleting"),
            deadline=new_deadline(),
            action=id,
        )

    await asyncio.gather(*(one(id) for id in ids))
    return (service.requests - before) / len(ids)


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize(("over", "half", "most", "all_"), [(0.6, 0.4, 0.65, 0.7), (3, 0.3, 1.0, 1.1)])
def test_creating_and_deleting_200_sandboxes_takes_few_extra_requests(
    over: float, half: float, most: float, all_: float, *, newest_first: bool
) -> None:
    @in_virtual_time
    async def run() -> None:
        service = FakeService(create_seconds=5, newest_first=newest_first)
        async with connect(SETTINGS, clock=service.clock, transport=service) as api:
            cost = await create_many(api, service, 200, over=over)
            assert cost.requests <= 1.25
            assert cost.lags[100] <= half
            assert cost.lags[190] <= most
            assert cost.lags[-1] <= all_
            assert cost.last <= 0.12
            assert await delete_all(api, service) <= 1.1
            assert service.created_at == {}

    run()


def test_random_jitter_is_the_same_in_each_measurement() -> None:
    """The order in which a poller notifies its subscribers may still differ, because they are in a set."""

    @in_virtual_time
    async def draw() -> float:
        return random.random()

    before = random.getstate()
    assert draw() == draw()
    assert random.getstate() == before


@pytest.mark.parametrize(("create_seconds", "over"), [(0.2, 1.0), (1.0, 1.0), (5.0, 1.0), (20.0, 3.0)])
def test_readiness_of_the_last_of_200_sandboxes_is_observed_at_once(create_seconds: float, over: float) -> None:
    @in_virtual_time
    async def run() -> None:
        service = FakeService(create_seconds=create_seconds, newest_first=True)
        async with connect(SETTINGS, clock=service.clock, transport=service) as api:
            cost = await create_many(api, service, 200, over=over)
            assert cost.last <= 0.15
            assert cost.requests <= 1.3

    run()


@in_virtual_time
async def test_1000_other_sandboxes_in_the_project_add_few_requests() -> None:
    service = FakeService(create_seconds=5)
    for index in range(1000):
        service.add(f"other-{index}")
    async with connect(SETTINGS, clock=service.clock, transport=service) as api:
        assert (await create_many(api, service, 200, over=3)).requests <= 1.4


@in_virtual_time
async def test_a_refresh_of_200_sandboxes_reads_the_list() -> None:
    service = FakeService(create_seconds=0)
    for index in range(200):
        service.add(f"s{index}")
    async with connect(SETTINGS, clock=service.clock, transport=service) as api:
        observed = await asyncio.gather(*(api.sandboxes.observe(id, 0.02) for id in service.created_at))
    assert {item.id for item in observed if item} == set(service.created_at)
    assert service.served_requests == {"GET list": 2}


@in_virtual_time
async def test_staggered_refreshes_of_200_sandboxes_take_few_requests() -> None:
    service = FakeService(create_seconds=0)
    for index in range(200):
        service.add(f"s{index}")
    async with connect(SETTINGS, clock=service.clock, transport=service) as api:

        async def read(index: int) -> None:
            await api.clock.sleep(index * 0.005)
            assert await api.sandboxes.observe(f"s{index}", 0.02) is not None

        await asyncio.gather(*(read(index) for index in range(200)))
    assert service.requests <= 10


@in_virtual_time
async def test_a_single_sandbox_is_polled_with_its_own_request() -> None:
    service = FakeService(create_seconds=0.08)
    async with connect(SETTINGS, clock=service.clock, transport=service) as api:
        cost = await create_many(api, service, 1, over=0)
    assert service.served_requests == {"POST list": 1, "GET item": 1}
    assert cost.lags[0] < 0.1


@pytest.mark.parametrize("over", [0.0, 6.0])
def test_a_rate_limit_adds_few_requests_for_400_sandboxes(over: float) -> None:
    @in_virtual_time
    async def run(per_second: int | None) -> float:
        service = FakeService(create_seconds=5, per_second=per_second)
        async with connect(SETTINGS, clock=service.clock, transport=service) as api:
            cost = await create_many(api, service, 400, over=over)
            assert len(service.created_at) == 400
            return cost.requests + await delete_all(api, service)

    assert run(50) <= run(None) * 1.2
