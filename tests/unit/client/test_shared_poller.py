"""One poller for many subscribers: when it reads, which subscribers it notifies, and that no task is left."""

import asyncio

import pytest
from tests.fakes.scripted_reader import ScriptedReader, new_poller
from tests.fakes.virtual_time import in_virtual_time

from neev_provider.client.models import ApiObject
from neev_provider.core import errors
from neev_provider.core.wait import Deadline, retry_listener, send_deadline


def has_no_tasks() -> bool:
    return asyncio.all_tasks() == {asyncio.current_task()}


@in_virtual_time
async def test_an_item_is_read_after_the_requested_delay() -> None:
    reader = ScriptedReader()
    assert await new_poller(reader).observe("a", 0.5) == ApiObject(id="a")
    assert reader.reads == [(0.5, {"a"}, {"a"})]


@in_virtual_time
async def test_one_read_serves_all_subscribers_when_the_first_is_due() -> None:
    reader = ScriptedReader()
    poller = new_poller(reader)
    observed = await asyncio.gather(*(poller.observe(str(number), 0.2 + number) for number in range(300)))
    assert [item and item.id for item in observed] == [str(number) for number in range(300)]
    assert reader.read_times == [0.2]


@in_virtual_time
async def test_a_subscriber_with_an_earlier_due_time_advances_the_read() -> None:
    reader = ScriptedReader()
    poller = new_poller(reader)
    first = asyncio.create_task(poller.observe("a", 60))
    await asyncio.sleep(1)
    await poller.observe("b", 0.1)
    await first
    assert reader.reads == [(1.1, {"a", "b"}, {"a", "b"})]


@in_virtual_time
async def test_a_subscriber_never_receives_a_read_that_began_before_it() -> None:
    reader = ScriptedReader(latency=1)
    poller = new_poller(reader)
    early = asyncio.create_task(poller.observe("a", 0))
    await asyncio.sleep(0.5)
    await asyncio.gather(early, poller.observe("b", 0))
    assert [ids for _, ids, _ in reader.reads] == [{"a"}, {"b"}]


@in_virtual_time
async def test_the_poll_interval_grows_with_the_number_of_subscribers() -> None:
    async def pause(number: int) -> float:
        reader = ScriptedReader()
        poller = new_poller(reader)
        for _ in range(2):
            await asyncio.gather(*(poller.observe(str(item), 0) for item in range(number)))
        return reader.read_times[1] - reader.read_times[0]

    pauses = [await pause(number) for number in (1, 2, 20, 100)]
    assert pauses == sorted(pauses)
    assert pauses[0] == 0
    assert 0.4 < pauses[3] < 0.7


@in_virtual_time
async def test_observe_confirms_a_deletion_and_observe_gone_does_not() -> None:
    reader = ScriptedReader()
    poller = new_poller(reader)
    reader.deleted_ids = {"a", "b"}
    observed = await asyncio.gather(poller.observe("a", 0), poller.observe_gone("b", 0), poller.observe_gone("c", 0))
    assert list(observed) == [None, True, False]
    assert reader.reads == [(0, {"a", "b", "c"}, {"a"})]


@in_virtual_time
async def test_a_failed_read_raises_its_error_for_all_subscribers() -> None:
    reader = ScriptedReader()
    reader.error = errors.Unavailable(503)
    poller = new_poller(reader)
    results = await asyncio.gather(poller.observe("a", 0), poller.observe_gone("b", 0), return_exceptions=True)
    assert list(results) == [reader.error, reader.error]


@in_virtual_time
async def test_the_poller_reads_again_after_a_failed_read() -> None:
    reader = ScriptedReader()
    reader.error = errors.Unavailable(503)
    poller = new_poller(reader)
    with pytest.raises(errors.Unavailable):
        await poller.observe("a", 0)
    reader.error = None
    assert await poller.observe("a", 0) == ApiObject(id="a")


@in_virtual_time
async def test_all_subscribers_are_notified_of_retries_during_a_read() -> None:
    reader = ScriptedReader(latency=2)
    reader.retry_reason = "503."
    poller = new_poller(reader)
    received: list[str] = []

    async def observe(id: str) -> None:
        with retry_listener(lambda trouble: received.append(f"{id}: {trouble}")):
            await poller.observe(id, 0)

    cancelled = asyncio.create_task(observe("left"))
    asyncio.get_running_loop().call_later(0.5, cancelled.cancel)
    await asyncio.gather(observe("a"), observe("b"), cancelled, return_exceptions=True)
    assert sorted(received) == ["a: 503.", "b: 503."]


@in_virtual_time
async def test_a_shared_read_ignores_the_deadline_of_its_first_subscriber() -> None:
    stop = asyncio.Event()
    stop.set()
    reader = ScriptedReader()
    with send_deadline(Deadline(60, reader.clock, stop)):
        assert await new_poller(reader).observe("a", 0) == ApiObject(id="a")


@in_virtual_time
async def test_a_failed_request_for_one_item_does_not_affect_the_others() -> None:
    reader = ScriptedReader()
    busy = errors.Unavailable(503)
    reader.failing_ids["a"] = busy
    poller = new_poller(reader)
    observed = await asyncio.gather(poller.observe("a", 0), poller.observe("b", 0), return_exceptions=True)
    assert list(observed) == [busy, ApiObject(id="b")]


@in_virtual_time
async def test_an_unexpected_error_is_raised_for_the_subscriber() -> None:
    reader = ScriptedReader()
    reader.error = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        await new_poller(reader).observe("a", 0)


@in_virtual_time
async def test_a_cancelled_subscriber_does_not_affect_the_others() -> None:
    reader = ScriptedReader()
    poller = new_poller(reader)
    cancelled = asyncio.create_task(poller.observe("a", 0.1))
    other = asyncio.create_task(poller.observe("b", 0.5))
    await asyncio.sleep(0.05)
    cancelled.cancel()
    assert await other == ApiObject(id="b")
    assert reader.reads == [(0.5, {"b"}, {"b"})]


@in_virtual_time
async def test_a_subscriber_cancelled_during_a_read_does_not_affect_the_others() -> None:
    reader = ScriptedReader(latency=1)
    poller = new_poller(reader)
    cancelled, other = (asyncio.create_task(poller.observe(id, 0)) for id in "ab")
    await asyncio.sleep(0.5)
    cancelled.cancel()
    assert await other == ApiObject(id="b")


@in_virtual_time
async def test_the_poller_has_no_task_without_subscribers() -> None:
    reader = ScriptedReader()
    poller = new_poller(reader)
    assert poller.is_idle
    observing = asyncio.create_task(poller.observe("a", 60))
    await asyncio.sleep(1)
    assert not poller.is_idle
    observing.cancel()
    await asyncio.sleep(0.001)
    assert poller.is_idle
    assert has_no_tasks()
    assert reader.reads == []
    await poller.observe("a", 0)
    assert has_no_tasks()


@pytest.mark.parametrize("when", [0, 0.5, 1.5])
def test_close_cancels_every_observation_before_and_during_a_read(when: float) -> None:
    @in_virtual_time
    async def close() -> None:
        poller = new_poller(ScriptedReader(latency=1))
        observing = [asyncio.create_task(poller.observe(id, 1)) for id in "ab"]
        await asyncio.sleep(when)
        await poller.aclose()
        results = await asyncio.gather(*observing, return_exceptions=True)
        assert [str(result) for result in results] == [str(errors.Cancelled("polling the API"))] * 2
        assert has_no_tasks()
        await poller.aclose()

    close()


@in_virtual_time
async def test_an_hour_of_observations_leaves_no_task() -> None:
    reader = ScriptedReader(latency=0.01)
    poller = new_poller(reader)

    async def follow(id: str) -> None:
        while reader.clock.monotonic() < 3600:
            await poller.observe(id, 5)

    await asyncio.gather(*(follow(str(number)) for number in range(5)))
    assert 700 <= len(reader.reads) <= 730
    assert poller.is_idle
    assert has_no_tasks()
