"""Concurrent waits for many sandboxes, such as the members of a pool, in virtual time."""

import asyncio
from collections.abc import Collection

from tests.fakes.service import FakeService
from tests.fakes.virtual_time import in_virtual_time

from neev_provider.client import Api, Settings, connect
from neev_provider.core.errors import DeadlineExceeded, Forbidden, OperationFailed
from neev_provider.core.resource import OperationContext
from neev_provider.core.wait import Deadline
from neev_provider.resources.sandbox.sandbox import SandboxResource

SETTINGS = Settings("https://api.test", "key", "o", "p")


async def wait_for_all(
    api: Api, service: FakeService, ids: Collection[str], *, seconds: float = 60
) -> dict[str, object]:
    """Wait for all sandboxes and return the result or error of each."""
    context = OperationContext("pool", Deadline(seconds, service.clock, asyncio.Event()))
    resource = SandboxResource().connect(api)
    results = await asyncio.gather(*(resource.wait_for_phase(id, context) for id in ids), return_exceptions=True)
    return dict(zip(ids, results, strict=True))


def create_pending(service: FakeService, number: int) -> list[str]:
    """Create pending sandboxes and return their ids."""
    ids = [f"s-{index}" for index in range(number)]
    for id_ in ids:
        service.add(id_)
    return ids


@in_virtual_time
async def test_a_single_wait_polls_only_the_item_and_ends_promptly() -> None:
    service = FakeService(create_seconds=5)
    async with connect(SETTINGS, clock=service.clock, transport=service) as api:
        ids, began = create_pending(service, 1), service.clock.monotonic()
        await wait_for_all(api, service, ids)
        assert service.clock.monotonic() - began < 6
        assert service.served_requests.keys() == {"GET item"}


@in_virtual_time
async def test_many_waits_poll_the_list_instead_of_each_item() -> None:
    service = FakeService(create_seconds=5)
    async with connect(SETTINGS, clock=service.clock, transport=service) as api:
        began = service.clock.monotonic()
        await wait_for_all(api, service, create_pending(service, 300))
        assert service.clock.monotonic() - began < 6
        assert service.requests <= 300 * 0.1


@in_virtual_time
async def test_a_deleted_sandbox_fails_only_its_own_wait() -> None:
    service = FakeService(create_seconds=5)
    async with connect(SETTINGS, clock=service.clock, transport=service) as api:
        ids = create_pending(service, 30)

        async def delete() -> None:
            await service.clock.sleep(2)
            del service.created_at["s-7"]

        ended, _ = await asyncio.gather(wait_for_all(api, service, ids), delete())
    failed = {id: error for id, error in ended.items() if isinstance(error, Exception)}
    assert failed.keys() == {"s-7"}
    assert isinstance(failed["s-7"], OperationFailed)
    assert "it no longer exists" in str(failed["s-7"])


@in_virtual_time
async def test_a_sandbox_that_is_never_ready_does_not_delay_the_other_waits() -> None:
    service = FakeService(create_seconds=5)
    async with connect(SETTINGS, clock=service.clock, transport=service) as api:
        ids = create_pending(service, 20)
        service.created_at["s-3"] = float("inf")
        ended = await wait_for_all(api, service, ids, seconds=30)
    failed = {id: error for id, error in ended.items() if isinstance(error, Exception)}
    assert failed.keys() == {"s-3"}
    assert isinstance(failed["s-3"], DeadlineExceeded)
    assert "last seen: Pending" in str(failed["s-3"])


@in_virtual_time
async def test_waits_continue_after_rate_limit_responses() -> None:
    service = FakeService(create_seconds=5, per_second=1)
    async with connect(SETTINGS, clock=service.clock, transport=service) as api:
        ended = await wait_for_all(api, service, create_pending(service, 40))
    assert service.throttled_count > 0
    assert not [item for item in ended.values() if isinstance(item, Exception)]


@in_virtual_time
async def test_a_forbidden_sandbox_fails_only_its_own_wait() -> None:
    service = FakeService(create_seconds=5)
    service.failure_status["s-4"] = 403
    async with connect(SETTINGS, clock=service.clock, transport=service) as api:
        ended = await wait_for_all(api, service, create_pending(service, 9))
    failed = {id: error for id, error in ended.items() if isinstance(error, Exception)}
    assert failed.keys() <= {"s-4"}
    assert all(isinstance(error, Forbidden) for error in failed.values())


@in_virtual_time
async def test_waits_continue_during_temporary_server_errors() -> None:
    service = FakeService(create_seconds=200)
    service.failure_status["s-0"] = 500
    async with connect(SETTINGS, clock=service.clock, transport=service) as api:

        async def recover() -> None:
            await service.clock.sleep(120)
            service.failure_status.clear()

        ended, _ = await asyncio.gather(wait_for_all(api, service, create_pending(service, 1), seconds=600), recover())
    assert not [item for item in ended.values() if isinstance(item, Exception)]


@in_virtual_time
async def test_other_sandboxes_in_the_list_do_not_affect_the_waits() -> None:
    service = FakeService(create_seconds=5)
    async with connect(SETTINGS, clock=service.clock, transport=service) as api:
        mine = create_pending(service, 40)[:20]
        ended = await wait_for_all(api, service, mine)
    assert [getattr(ended[id], "id", None) for id in mine] == mine


@in_virtual_time
async def test_a_single_wait_for_a_forbidden_sandbox_raises_forbidden() -> None:
    service = FakeService(create_seconds=5)
    service.failure_status["s-0"] = 403
    async with connect(SETTINGS, clock=service.clock, transport=service) as api:
        ended = await wait_for_all(api, service, create_pending(service, 1))
    assert isinstance(ended["s-0"], Forbidden)
