"""One watcher for many observers: when it sweeps, whom it tells, and that nothing of it is left."""

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
async def test_an_item_is_read_when_it_was_requested() -> None:
    sweeps = ScriptedReader()
    assert await new_poller(sweeps).observe("a", 0.5) == ApiObject(id="a")
    assert sweeps.reads == [(0.5, {"a"}, {"a"})]


@in_virtual_time
async def test_one_sweep_serves_everybody_when_the_first_subscriber_is_due() -> None:
    sweeps = ScriptedReader()
    watch = new_poller(sweeps)
    observed = await asyncio.gather(*(watch.observe(str(number), 0.2 + number) for number in range(300)))
    assert [item and item.id for item in observed] == [str(number) for number in range(300)]
    assert sweeps.read_times == [0.2]


@in_virtual_time
async def test_a_later_subscriber_with_an_earlier_time_brings_the_sweep_forward() -> None:
    sweeps = ScriptedReader()
    watch = new_poller(sweeps)
    patient = asyncio.create_task(watch.observe("a", 60))
    await asyncio.sleep(1)
    await watch.observe("b", 0.1)
    await patient
    assert sweeps.reads == [(1.1, {"a", "b"}, {"a", "b"})]


@in_virtual_time
async def test_what_a_sweep_sees_is_never_older_than_the_question() -> None:
    sweeps = ScriptedReader(latency=1)
    watch = new_poller(sweeps)
    early = asyncio.create_task(watch.observe("a", 0))
    await asyncio.sleep(0.5)
    await asyncio.gather(early, watch.observe("b", 0))
    assert [ids for _, ids, _ in sweeps.reads] == [{"a"}, {"b"}]


@in_virtual_time
async def test_the_more_observe_the_rarer_the_sweeps() -> None:
    async def pause(number: int) -> float:
        sweeps = ScriptedReader()
        watch = new_poller(sweeps)
        for _ in range(2):
            await asyncio.gather(*(watch.observe(str(item), 0) for item in range(number)))
        return sweeps.read_times[1] - sweeps.read_times[0]

    pauses = [await pause(number) for number in (1, 2, 20, 100)]
    assert pauses == sorted(pauses)
    assert pauses[0] == 0
    assert 0.4 < pauses[3] < 0.7


@in_virtual_time
async def test_readers_ask_for_proof_and_those_who_wait_for_the_end_do_not() -> None:
    sweeps = ScriptedReader()
    watch = new_poller(sweeps)
    sweeps.deleted_ids = {"a", "b"}
    observed = await asyncio.gather(watch.observe("a", 0), watch.observe_gone("b", 0), watch.observe_gone("c", 0))
    assert list(observed) == [None, True, False]
    assert sweeps.reads == [(0, {"a", "b", "c"}, {"a"})]


@in_virtual_time
async def test_a_sweep_that_fails_is_the_error_of_all_it_was_for() -> None:
    sweeps = ScriptedReader()
    sweeps.error = errors.Unavailable(503)
    watch = new_poller(sweeps)
    results = await asyncio.gather(watch.observe("a", 0), watch.observe_gone("b", 0), return_exceptions=True)
    assert list(results) == [sweeps.error, sweeps.error]


@in_virtual_time
async def test_after_a_failure_the_next_sweep_is_a_new_chance() -> None:
    sweeps = ScriptedReader()
    sweeps.error = errors.Unavailable(503)
    watch = new_poller(sweeps)
    with pytest.raises(errors.Unavailable):
        await watch.observe("a", 0)
    sweeps.error = None
    assert await watch.observe("a", 0) == ApiObject(id="a")


@in_virtual_time
async def test_all_a_sweep_is_for_are_notified_of_what_goes_wrong_meanwhile_and_is_tried_again() -> None:
    sweeps = ScriptedReader(latency=2)
    sweeps.retry_reason = "503."
    watch = new_poller(sweeps)
    received: list[str] = []

    async def observe(id: str) -> None:
        with retry_listener(lambda trouble: received.append(f"{id}: {trouble}")):
            await watch.observe(id, 0)

    leaving = asyncio.create_task(observe("left"))
    asyncio.get_running_loop().call_later(0.5, leaving.cancel)
    await asyncio.gather(observe("a"), observe("b"), leaving, return_exceptions=True)
    assert sorted(received) == ["a: 503.", "b: 503."]


@in_virtual_time
async def test_the_sweep_for_all_is_not_given_up_with_its_first_subscriber() -> None:
    stop = asyncio.Event()
    stop.set()
    sweeps = ScriptedReader()
    with send_deadline(Deadline(60, sweeps.clock, stop)):
        assert await new_poller(sweeps).observe("a", 0) == ApiObject(id="a")


@in_virtual_time
async def test_an_item_whose_own_request_fails_is_no_trouble_to_the_others() -> None:
    sweeps = ScriptedReader()
    busy = errors.Unavailable(503)
    sweeps.failing_ids["a"] = busy
    watch = new_poller(sweeps)
    observed = await asyncio.gather(watch.observe("a", 0), watch.observe("b", 0), return_exceptions=True)
    assert list(observed) == [busy, ApiObject(id="b")]


@in_virtual_time
async def test_an_unexpected_error_reaches_all_subscribers() -> None:
    sweeps = ScriptedReader()
    sweeps.error = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        await new_poller(sweeps).observe("a", 0)


@in_virtual_time
async def test_a_cancelled_subscriber_does_not_affect_the_others() -> None:
    sweeps = ScriptedReader()
    watch = new_poller(sweeps)
    leaving = asyncio.create_task(watch.observe("a", 0.1))
    staying = asyncio.create_task(watch.observe("b", 0.5))
    await asyncio.sleep(0.05)
    leaving.cancel()
    assert await staying == ApiObject(id="b")
    assert sweeps.reads == [(0.5, {"b"}, {"b"})]


@in_virtual_time
async def test_a_subscriber_that_is_cancelled_during_a_sweep_does_not_affect_the_others() -> None:
    sweeps = ScriptedReader(latency=1)
    watch = new_poller(sweeps)
    leaving, staying = (asyncio.create_task(watch.observe(id, 0)) for id in "ab")
    await asyncio.sleep(0.5)
    leaving.cancel()
    assert await staying == ApiObject(id="b")


@in_virtual_time
async def test_when_nobody_observes_nothing_runs_on() -> None:
    sweeps = ScriptedReader()
    watch = new_poller(sweeps)
    assert watch.is_idle
    observing = asyncio.create_task(watch.observe("a", 60))
    await asyncio.sleep(1)
    assert not watch.is_idle
    observing.cancel()
    await asyncio.sleep(0.001)
    assert watch.is_idle
    assert has_no_tasks()
    assert sweeps.reads == []
    await watch.observe("a", 0)
    assert has_no_tasks()


@pytest.mark.parametrize("when", [0, 0.5, 1.5])
def test_closing_ends_every_observation_at_its_start_before_and_during_a_sweep(when: float) -> None:
    @in_virtual_time
    async def close() -> None:
        watch = new_poller(ScriptedReader(latency=1))
        observing = [asyncio.create_task(watch.observe(id, 1)) for id in "ab"]
        await asyncio.sleep(when)
        await watch.aclose()
        results = await asyncio.gather(*observing, return_exceptions=True)
        assert [str(result) for result in results] == [str(errors.Cancelled("polling the API"))] * 2
        assert has_no_tasks()
        await watch.aclose()

    close()


@in_virtual_time
async def test_an_hour_of_observations_leaks_nothing() -> None:
    sweeps = ScriptedReader(latency=0.01)
    watch = new_poller(sweeps)

    async def follow(id: str) -> None:
        while sweeps.clock.monotonic() < 3600:
            await watch.observe(id, 5)

    await asyncio.gather(*(follow(str(number)) for number in range(5)))
    assert 700 <= len(sweeps.reads) <= 730
    assert watch.is_idle
    assert has_no_tasks()
