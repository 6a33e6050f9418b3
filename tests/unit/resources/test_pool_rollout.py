"""Limits of a pool's rollouts and their number of requests, in virtual time."""

import asyncio
from typing import Any

import pytest
from tests.fakes.lifecycle import create_and_finish
from tests.fakes.service import FakeService
from tests.fakes.virtual_time import in_virtual_time

from neev_provider.client import Api, Settings, connect
from neev_provider.core import lifecycle
from neev_provider.core.lifecycle import StoredResource
from neev_provider.core.resource import OperationContext
from neev_provider.core.wait import Deadline
from neev_provider.resources.pool.sandbox_pool import SandboxPoolResource

POOL = SandboxPoolResource()
SETTINGS = Settings("https://api.test", "key", "o", "p")


def new_context(service: FakeService) -> OperationContext:
    return OperationContext("Test", Deadline(600, service.clock, asyncio.Event()))


async def create_pool(api: Api, service: FakeService, **inputs: Any) -> StoredResource:
    checked, failed = POOL.check({}, {"name": "fleet", **inputs}, str)
    assert failed == []
    return await create_and_finish(POOL.connect(api), checked, new_context(service))


async def update_pool(api: Api, service: FakeService, pool: StoredResource, **inputs: Any) -> StoredResource:
    new, failed = POOL.check(pool.inputs, {"name": "fleet", **inputs}, str)
    assert failed == []
    service.request_times.clear()
    return await lifecycle.update(
        POOL.connect(api),
        pool.id,
        old_inputs=pool.inputs,
        state=pool.state,
        new_inputs=new,
        context=new_context(service),
    )


@pytest.mark.parametrize(
    ("bounds", "most", "least"),
    [
        ({"maxSurge": 1, "maxUnavailable": 0}, 11, 10),
        ({"maxSurge": 3, "maxUnavailable": 0}, 13, 10),
        ({"maxSurge": 0, "maxUnavailable": 1}, 10, 9),
        ({"maxSurge": 0, "maxUnavailable": 4}, 10, 6),
        ({"maxSurge": 2, "maxUnavailable": 2}, 12, 8),
        ({}, 13, 7),
    ],
)
def test_a_rollout_respects_max_surge_and_max_unavailable(bounds: dict[str, int], most: int, least: int) -> None:
    @in_virtual_time
    async def run() -> None:
        service = FakeService()
        async with connect(SETTINGS, clock=service.clock, transport=service) as api:
            pool = await create_pool(api, service, replicas=10, env={"A": "1"}, **bounds)
            pool = await update_pool(api, service, pool, replicas=10, env={"A": "2"}, **bounds)
        assert max(there for there, _ in service.request_times) == most
        assert min(ready for _, ready in service.request_times) == least
        assert set(service.created_at) == {member["name"] for member in pool.state["members"]}
        assert pool.state["readyReplicas"] == 10

    run()


@in_virtual_time
async def test_a_rollout_with_a_scaling_respects_max_surge_and_max_unavailable() -> None:
    service = FakeService()
    async with connect(SETTINGS, clock=service.clock, transport=service) as api:
        pool = await create_pool(api, service, replicas=10)
        pool = await update_pool(api, service, pool, replicas=4, env={"A": "1"}, maxSurge=1, maxUnavailable=1)
        assert len(service.created_at) == 4
        assert min(ready for _, ready in service.request_times) == 3
        pool = await update_pool(api, service, pool, replicas=8, env={"A": "2"}, maxSurge=1, maxUnavailable=1)
        assert len(service.created_at) == 8
        assert max(there for there, _ in service.request_times) == 9
        assert pool.state["readyReplicas"] == 8


@pytest.mark.parametrize("most", [1, 4, 20])
def test_a_create_respects_max_concurrency(most: int) -> None:
    @in_virtual_time
    async def run() -> None:
        service = FakeService(create_seconds=5)
        async with connect(SETTINGS, clock=service.clock, transport=service) as api:
            await create_pool(api, service, replicas=12, maxConcurrency=most)
        assert max(there - ready for there, ready in service.request_times) == min(most, 12)

    run()


@pytest.mark.parametrize("replicas", [200, 1000])
def test_a_create_sends_at_most_ten_percent_more_requests_than_members(replicas: int) -> None:
    @in_virtual_time
    async def run() -> None:
        service = FakeService(create_seconds=5)
        async with connect(SETTINGS, clock=service.clock, transport=service) as api:
            began = service.clock.monotonic()
            pool = await create_pool(api, service, replicas=replicas)
            assert pool.state["readyReplicas"] == replicas
            assert service.clock.monotonic() - began < 5 + 1 + 0.01 * replicas / 16
            assert service.requests <= 1.1 * replicas
            before = service.requests
            assert await lifecycle.read(POOL.connect(api), pool.id, pool.inputs, pool.state) == pool
            assert service.requests - before == replicas / 100

    run()
