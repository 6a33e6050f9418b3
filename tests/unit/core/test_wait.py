"""Waits in virtual time: when they look, how they end, and what they tell."""

import asyncio
from collections.abc import Callable, Iterable
from itertools import pairwise

import pytest
from tests.fakes.virtual_time import VirtualClock, in_virtual_time

from neev_provider.core import errors
from neev_provider.core.clock import SYSTEM
from neev_provider.core.wait import (
    RAREST_LOOK,
    Done,
    Failed,
    Going,
    Patience,
    Verdict,
    before_sending,
    first,
    listener,
    unsent,
    until,
    within,
)


class Thing:
    """Something whose phases follow each other by the clock, and that notes when it is looked at."""

    def __init__(self, *, ready_after: float = 5.0, troubles: Iterable[Exception] = ()) -> None:
        self.clock = VirtualClock()
        self.ready_after = ready_after
        self.looks: list[float] = []
        self.abandoned = 0
        self._troubles = list(troubles)

    async def observe(self, within: float) -> str:
        try:
            await self.clock.sleep(within)
        except asyncio.CancelledError:
            self.abandoned += 1
            raise
        self.looks.append(self.clock.monotonic())
        if self._troubles:
            raise self._troubles.pop(0)
        return "Ready" if self.clock.monotonic() >= self.ready_after else "Pending"


def ready(phase: str) -> Verdict:
    return Done() if phase == "Ready" else Going(phase)


def patience(
    deadline: float = 60.0, *, cancelled: asyncio.Event | None = None, progress: Callable[[str], None] | None = None
) -> Patience:
    event = asyncio.Event() if cancelled is None else cancelled
    if progress is None:
        return Patience(deadline=deadline, clock=VirtualClock(), cancelled=event)
    return Patience(deadline=deadline, clock=VirtualClock(), cancelled=event, progress=progress)


@in_virtual_time
async def test_who_waits_is_told_why_nothing_can_be_seen() -> None:
    told: list[str] = []
    thing = Thing(ready_after=1, troubles=[errors.NeverSent("GET /x: no connection to api.test")])
    await until(thing.observe, ready, patience=patience(progress=told.append), what="w")
    assert told[0] == "GET /x: no connection to api.test, 0 s"


@in_virtual_time
async def test_what_is_tried_again_in_the_middle_of_an_observation_is_what_was_seen_last() -> None:
    told: list[str] = []

    async def observe(_within: float) -> str:
        await asyncio.sleep(1)
        listener()("GET /x: no connection to api.test.")
        return await asyncio.Event().wait() and "never"

    words = r"^w: not done after 5 s; last seen: GET /x: no connection to api.test. "
    with pytest.raises(errors.DeadlineExceeded, match=words):
        await until(observe, ready, patience=patience(5, progress=told.append), what="w")
    assert told == ["GET /x: no connection to api.test, 1 s"]


@in_virtual_time
async def test_a_wait_ends_with_the_first_observation_that_is_done() -> None:
    thing = Thing(ready_after=5)
    assert await until(thing.observe, ready, patience=patience(), what="w") == "Ready"
    assert 5 <= thing.clock.monotonic() < 5.8


@in_virtual_time
async def test_the_first_look_is_soon_and_the_later_ones_grow_rarer_up_to_a_limit() -> None:
    thing = Thing(ready_after=300)
    await until(thing.observe, ready, patience=patience(900), what="w")
    gaps = [after - before for before, after in zip([0.0, *thing.looks], thing.looks, strict=False)]
    assert 0.1 <= gaps[0] <= 0.11
    assert len([look for look in thing.looks if look <= 5]) <= 17
    assert all(later > earlier * 0.9 for earlier, later in pairwise(gaps))
    assert RAREST_LOOK <= gaps[-1] <= RAREST_LOOK * 1.1


@in_virtual_time
async def test_a_wait_tells_how_it_goes_but_not_how_it_ends() -> None:
    told: list[str] = []
    thing = Thing(ready_after=0.2)
    await until(thing.observe, ready, patience=patience(progress=told.append), what="w")
    assert told == ["Pending, 0 s"]


@in_virtual_time
async def test_a_failed_observation_fails_the_wait_with_the_platforms_reason_at_once() -> None:
    thing = Thing()
    with pytest.raises(errors.Failed, match="the snapshot s: disk full") as caught:
        await until(thing.observe, lambda _: Failed("disk full"), patience=patience(), what="the snapshot s")
    assert caught.value.reason == "disk full"
    assert len(thing.looks) == 1


@in_virtual_time
async def test_the_deadline_ends_a_wait_and_tells_the_phase_seen_last() -> None:
    thing = Thing(ready_after=1000)
    with pytest.raises(errors.DeadlineExceeded, match="last seen: Pending") as caught:
        await until(thing.observe, ready, patience=patience(10), what="w")
    assert thing.clock.monotonic() == pytest.approx(10, abs=0.01)
    assert caught.value.waited == pytest.approx(10, abs=0.01)


@in_virtual_time
async def test_the_waits_of_one_operation_share_its_time() -> None:
    operation = patience(10)
    assert await until(Thing(ready_after=8).observe, ready, patience=operation, what="w") == "Ready"
    thing = Thing(ready_after=1000)
    with pytest.raises(errors.DeadlineExceeded) as caught:
        await until(thing.observe, ready, patience=operation, what="w")
    assert thing.clock.monotonic() == pytest.approx(10, abs=0.01)
    assert caught.value.waited == pytest.approx(10, abs=0.01)


@in_virtual_time
async def test_the_deadline_ends_an_observation_that_hangs() -> None:
    async def hang(_within: float) -> str:
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(errors.DeadlineExceeded, match="last seen: nothing"):
        await until(hang, ready, patience=patience(10), what="w")


@in_virtual_time
async def test_something_ready_just_before_the_deadline_is_still_noticed() -> None:
    thing = Thing(ready_after=9.9)
    assert await until(thing.observe, ready, patience=patience(10), what="w") == "Ready"


@in_virtual_time
async def test_cancelling_ends_a_wait_at_once_and_abandons_the_observation() -> None:
    thing, cancelled = Thing(ready_after=1000), asyncio.Event()
    asyncio.get_running_loop().call_later(3, cancelled.set)
    with pytest.raises(errors.Cancelled, match="w: stopped"):
        await until(thing.observe, ready, patience=patience(cancelled=cancelled), what="w")
    assert thing.clock.monotonic() == pytest.approx(3)
    assert thing.abandoned == 1


@in_virtual_time
async def test_a_wait_that_is_cancelled_before_it_begins_looks_at_nothing() -> None:
    thing, cancelled = Thing(), asyncio.Event()
    cancelled.set()
    with pytest.raises(errors.Cancelled):
        await until(thing.observe, ready, patience=patience(cancelled=cancelled), what="w")
    assert thing.looks == []
    assert thing.clock.monotonic() == 0


@in_virtual_time
async def test_ending_the_task_of_a_wait_ends_the_observation_with_it() -> None:
    thing = Thing(ready_after=1000)
    task = asyncio.create_task(until(thing.observe, ready, patience=patience(), what="w"))
    await asyncio.sleep(1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()
    assert thing.abandoned == 1
    assert asyncio.all_tasks() == {asyncio.current_task()}


TRANSIENT = [
    errors.NeverSent("no connection"),
    errors.Unavailable(503, "busy"),
    errors.RateLimited(429, "slow down"),
]


@in_virtual_time
async def test_errors_that_may_pass_do_not_end_a_wait() -> None:
    thing = Thing(ready_after=1, troubles=TRANSIENT)
    assert await until(thing.observe, ready, patience=patience(), what="w") == "Ready"


@in_virtual_time
async def test_an_observation_that_fails_at_once_is_not_repeated_at_once() -> None:
    looks = []

    async def fail(_within: float) -> str:
        looks.append(VirtualClock().monotonic())
        raise errors.NeverSent("no connection to h")

    with pytest.raises(errors.DeadlineExceeded, match="last seen: no connection to h"):
        await until(fail, ready, patience=patience(10), what="w")
    assert 10 < len(looks) < 40


@pytest.mark.parametrize(
    "error",
    [errors.NotFound(404), errors.Unauthorized(401), errors.Unexpected(200), errors.OutcomeUnknown("x"), ValueError()],
    ids=lambda error: type(error).__name__,
)
def test_other_errors_of_an_observation_end_the_wait(error: Exception) -> None:
    @in_virtual_time
    async def wait() -> None:
        await until(Thing(troubles=[error]).observe, ready, patience=patience(), what="w")

    with pytest.raises(type(error)):
        wait()


@in_virtual_time
async def test_the_first_of_several_ends_the_others() -> None:
    slow = asyncio.ensure_future(asyncio.sleep(9))
    await first(asyncio.sleep(1), slow)
    assert slow.cancelled()
    assert VirtualClock().monotonic() == pytest.approx(1)


@in_virtual_time
async def test_a_time_out_of_the_observation_itself_is_an_error_and_not_the_deadline() -> None:
    with pytest.raises(TimeoutError):
        await until(Thing(troubles=[TimeoutError()]).observe, ready, patience=patience(), what="w")


async def test_work_ends_with_its_patience() -> None:
    """With what it made, at its deadline, or at once when the user asks to stop."""

    async def made() -> str:
        return "made"

    patience = Patience(10, SYSTEM, asyncio.Event())
    assert await within(made(), patience=patience, what="making") == "made"
    with pytest.raises(errors.DeadlineExceeded, match="making: not done"):
        await within(asyncio.sleep(60), patience=Patience(0.01, SYSTEM, asyncio.Event()), what="making")
    patience.cancelled.set()
    with pytest.raises(errors.Cancelled, match="making"):
        await within(asyncio.sleep(60), patience=patience, what="making")


@in_virtual_time
async def test_work_has_what_is_left_of_its_patience_and_no_more() -> None:
    clock = VirtualClock()
    waiting = Patience(10, clock, asyncio.Event())
    await clock.sleep(6)
    with pytest.raises(errors.DeadlineExceeded, match=r"^making: not done after 10 s; last seen: under way"):
        await within(asyncio.sleep(60), patience=waiting, what="making")
    assert clock.monotonic() == pytest.approx(10)


@in_virtual_time
async def test_a_wait_tells_how_long_it_has_waited_itself() -> None:
    """Not how long the operation has gone on before."""
    clock, heard = VirtualClock(), list[str]()
    waiting = Patience(100, clock, asyncio.Event(), heard.append)
    await clock.sleep(50)
    with pytest.raises(errors.DeadlineExceeded, match=r"^the box: not done after 100 s"):
        await until(Thing(ready_after=1000).observe, ready, patience=waiting, what="the box")
    assert heard[0].endswith(", 0 s")
    assert heard[-1].endswith((", 49 s", ", 50 s"))


async def hour() -> float:
    """Return what the time is when one has passed."""
    await asyncio.sleep(3600)
    return VirtualClock().monotonic()


@in_virtual_time
async def test_what_waits_to_be_sent_waits_as_long_as_it_takes_where_nobody_is_impatient() -> None:
    assert await before_sending(hour, what="POST /x", last="nothing") == 3600
    with unsent(patience(5)):
        # what may have been made is looked for whatever happens
        with unsent(None):
            assert await before_sending(hour, what="GET /x", last="nothing") == 7200
        with pytest.raises(errors.DeadlineExceeded):
            await before_sending(hour, what="POST /x", last="nothing")
    assert await before_sending(hour, what="POST /x", last="nothing") == 10800


@in_virtual_time
async def test_what_waits_to_be_sent_is_given_up_when_the_time_of_its_operation_is_over() -> None:
    waiting = patience(5)
    await asyncio.sleep(2)
    words = r"^POST /x: not done after 5 s; last seen: 429. Nothing was made: .*, or allow more time"
    with unsent(waiting), pytest.raises(errors.DeadlineExceeded, match=words):
        await before_sending(hour, what="POST /x", last="429")
    assert VirtualClock().monotonic() == pytest.approx(5)


@in_virtual_time
async def test_what_waits_to_be_sent_is_given_up_when_the_user_asks_to_stop() -> None:
    stop, sent = asyncio.Event(), list[str]()

    async def at_once() -> None:
        sent.append("it")

    asyncio.get_running_loop().call_later(3, stop.set)
    words = r"^POST /x: stopped waiting, as asked. Nothing was made: run the same command again.$"
    with unsent(patience(cancelled=stop)):
        with pytest.raises(errors.Cancelled, match=words):
            await before_sending(hour, what="POST /x", last="429")
        with pytest.raises(errors.Cancelled, match=words):
            await before_sending(at_once, what="POST /x", last="429")
    assert VirtualClock().monotonic() == pytest.approx(3)
    assert sent == []


@in_virtual_time
async def test_who_waits_to_send_is_told_why_and_for_how_long() -> None:
    told: list[str] = []
    with unsent(patience(progress=told.append)):
        await before_sending(lambda: asyncio.sleep(2.5), what="POST /x", last="429: come back later.")
    assert told == ["429: come back later, 1 s", "429: come back later, 2 s"]
    await asyncio.sleep(5)
    assert len(told) == 2
