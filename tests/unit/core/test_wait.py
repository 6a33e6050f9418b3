"""Waits in virtual time: when they observe, how they end, and what they report."""

import asyncio
from collections.abc import Callable, Iterable
from itertools import pairwise

import pytest
from tests.fakes.virtual_time import VirtualClock, in_virtual_time

from neev_provider.core import errors
from neev_provider.core.clock import SYSTEM_CLOCK
from neev_provider.core.hints import Hint
from neev_provider.core.tasks import first_completed
from neev_provider.core.wait import (
    MAX_POLL_INTERVAL,
    Deadline,
    Done,
    Failed,
    InProgress,
    WaitStatus,
    current_retry_listener,
    retry_listener,
    run_before_deadline,
    send_deadline,
    wait_before_send,
    wait_until,
)


class Widget:
    """An object that is ready after some time, and that records its observations."""

    def __init__(self, *, ready_after: float = 5.0, errors_to_raise: Iterable[Exception] = ()) -> None:
        self.clock = VirtualClock()
        self.ready_after = ready_after
        self.observed_at: list[float] = []
        self.cancelled_count = 0
        self._errors = list(errors_to_raise)

    async def observe(self, max_delay: float) -> str:
        try:
            await self.clock.sleep(max_delay)
        except asyncio.CancelledError:
            self.cancelled_count += 1
            raise
        self.observed_at.append(self.clock.monotonic())
        if self._errors:
            raise self._errors.pop(0)
        return "Ready" if self.clock.monotonic() >= self.ready_after else "Pending"


def is_ready_status(phase: str) -> WaitStatus:
    return Done() if phase == "Ready" else InProgress(phase)


def new_deadline(
    timeout: float = 60.0, *, cancelled: asyncio.Event | None = None, on_progress: Callable[[str], None] | None = None
) -> Deadline:
    event = asyncio.Event() if cancelled is None else cancelled
    if on_progress is None:
        return Deadline(timeout=timeout, clock=VirtualClock(), cancelled=event)
    return Deadline(timeout=timeout, clock=VirtualClock(), cancelled=event, on_progress=on_progress)


@in_virtual_time
async def test_progress_reports_why_an_observation_failed() -> None:
    output: list[str] = []
    item = Widget(ready_after=1, errors_to_raise=[errors.RequestNotSent("GET /x: no connection to api.test")])
    await wait_until(item.observe, is_ready_status, deadline=new_deadline(on_progress=output.append), action="w")
    assert output[0] == "GET /x: no connection to api.test, 0 s"


@in_virtual_time
async def test_a_retry_during_an_observation_is_reported_as_the_last_status() -> None:
    output: list[str] = []

    async def observe(_within: float) -> str:
        await asyncio.sleep(1)
        current_retry_listener()("GET /x: no connection to api.test.")
        return await asyncio.Event().wait() and "never"

    words = r"^w: not done after 5 s; last seen: GET /x: no connection to api.test. "
    with pytest.raises(errors.DeadlineExceeded, match=words):
        await wait_until(observe, is_ready_status, deadline=new_deadline(5, on_progress=output.append), action="w")
    assert output == ["GET /x: no connection to api.test, 1 s"]


@in_virtual_time
async def test_a_wait_ends_with_the_first_observation_that_is_done() -> None:
    item = Widget(ready_after=5)
    assert await wait_until(item.observe, is_ready_status, deadline=new_deadline(), action="w") == "Ready"
    assert 5 <= item.clock.monotonic() < 5.8


@in_virtual_time
async def test_the_poll_interval_starts_short_and_grows_to_its_maximum() -> None:
    item = Widget(ready_after=300)
    await wait_until(item.observe, is_ready_status, deadline=new_deadline(900), action="w")
    gaps = [after - before for before, after in zip([0.0, *item.observed_at], item.observed_at, strict=False)]
    assert 0.1 <= gaps[0] <= 0.11
    assert len([time for time in item.observed_at if time <= 5]) <= 17
    assert all(later > earlier * 0.9 for earlier, later in pairwise(gaps))
    assert MAX_POLL_INTERVAL <= gaps[-1] <= MAX_POLL_INTERVAL * 1.1


@in_virtual_time
async def test_a_wait_reports_progress_but_not_its_end() -> None:
    output: list[str] = []
    item = Widget(ready_after=0.2)
    await wait_until(item.observe, is_ready_status, deadline=new_deadline(on_progress=output.append), action="w")
    assert output == ["Pending, 0 s"]


@in_virtual_time
async def test_a_failed_status_fails_the_wait_at_once_with_the_reason_of_the_api() -> None:
    item = Widget()
    with pytest.raises(errors.OperationFailed, match="the snapshot s: disk full") as caught:
        await wait_until(item.observe, lambda _: Failed("disk full"), deadline=new_deadline(), action="the snapshot s")
    assert caught.value.reason == "disk full"
    assert len(item.observed_at) == 1


@in_virtual_time
async def test_the_deadline_ends_a_wait_and_reports_the_last_phase() -> None:
    item = Widget(ready_after=1000)
    with pytest.raises(errors.DeadlineExceeded, match="last seen: Pending") as caught:
        await wait_until(item.observe, is_ready_status, deadline=new_deadline(10), action="w")
    assert item.clock.monotonic() == pytest.approx(10, abs=0.01)
    assert caught.value.elapsed == pytest.approx(10, abs=0.01)


@in_virtual_time
async def test_the_waits_of_one_operation_share_its_timeout() -> None:
    operation = new_deadline(10)
    assert await wait_until(Widget(ready_after=8).observe, is_ready_status, deadline=operation, action="w") == "Ready"
    item = Widget(ready_after=1000)
    with pytest.raises(errors.DeadlineExceeded) as caught:
        await wait_until(item.observe, is_ready_status, deadline=operation, action="w")
    assert item.clock.monotonic() == pytest.approx(10, abs=0.01)
    assert caught.value.elapsed == pytest.approx(10, abs=0.01)


@in_virtual_time
async def test_the_deadline_ends_an_observation_that_hangs() -> None:
    async def hang(_within: float) -> str:
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(errors.DeadlineExceeded, match="last seen: nothing"):
        await wait_until(hang, is_ready_status, deadline=new_deadline(10), action="w")


@in_virtual_time
async def test_an_object_that_is_ready_just_before_the_deadline_is_observed() -> None:
    item = Widget(ready_after=9.9)
    assert await wait_until(item.observe, is_ready_status, deadline=new_deadline(10), action="w") == "Ready"


@in_virtual_time
async def test_a_cancel_ends_the_wait_and_its_observation_at_once() -> None:
    item, cancelled = Widget(ready_after=1000), asyncio.Event()
    asyncio.get_running_loop().call_later(3, cancelled.set)
    with pytest.raises(errors.Cancelled, match="w: stopped"):
        await wait_until(item.observe, is_ready_status, deadline=new_deadline(cancelled=cancelled), action="w")
    assert item.clock.monotonic() == pytest.approx(3)
    assert item.cancelled_count == 1


@in_virtual_time
async def test_a_wait_that_is_cancelled_before_it_starts_does_not_observe() -> None:
    item, cancelled = Widget(), asyncio.Event()
    cancelled.set()
    with pytest.raises(errors.Cancelled):
        await wait_until(item.observe, is_ready_status, deadline=new_deadline(cancelled=cancelled), action="w")
    assert item.observed_at == []
    assert item.clock.monotonic() == 0


@in_virtual_time
async def test_cancelling_the_task_of_a_wait_cancels_its_observation() -> None:
    item = Widget(ready_after=1000)
    task = asyncio.create_task(wait_until(item.observe, is_ready_status, deadline=new_deadline(), action="w"))
    await asyncio.sleep(1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()
    assert item.cancelled_count == 1
    assert asyncio.all_tasks() == {asyncio.current_task()}


TRANSIENT_CASES = [
    errors.RequestNotSent("no connection"),
    errors.Unavailable(503, "busy"),
    errors.RateLimited(429, "slow down"),
]


@in_virtual_time
async def test_transient_errors_do_not_end_a_wait() -> None:
    item = Widget(ready_after=1, errors_to_raise=TRANSIENT_CASES)
    assert await wait_until(item.observe, is_ready_status, deadline=new_deadline(), action="w") == "Ready"


@in_virtual_time
async def test_a_wait_fails_if_the_object_was_deleted() -> None:
    async def observe(_max_delay: float) -> str | None:
        return None

    with pytest.raises(errors.OperationFailed, match="the box: it no longer exists: it was deleted") as caught:
        await wait_until(observe, is_ready_status, deadline=new_deadline(), action="the box")
    assert caught.value.hint is Hint.RECREATE


@in_virtual_time
async def test_the_remaining_time_of_a_deadline_is_never_negative() -> None:
    deadline = new_deadline(5)
    await deadline.clock.sleep(2)
    assert deadline.remaining == 3
    await deadline.clock.sleep(9)
    assert (deadline.elapsed, deadline.remaining) == (11, 0)


@in_virtual_time
async def test_a_retry_listener_and_a_send_deadline_are_independent() -> None:
    received: list[str] = []
    with retry_listener(received.append), send_deadline(new_deadline(5)):
        current_retry_listener()("429")
        with pytest.raises(errors.DeadlineExceeded):
            await wait_before_send(wait_an_hour, action="POST /x", last_status="429")
        with send_deadline(None):
            current_retry_listener()("503")
    assert received == ["429", "503"]


@in_virtual_time
async def test_an_observation_that_fails_at_once_is_retried_with_a_delay() -> None:
    times = []

    async def fail(_within: float) -> str:
        times.append(VirtualClock().monotonic())
        raise errors.RequestNotSent("no connection to h")

    with pytest.raises(errors.DeadlineExceeded, match="last seen: no connection to h"):
        await wait_until(fail, is_ready_status, deadline=new_deadline(10), action="w")
    assert 10 < len(times) < 40


@pytest.mark.parametrize(
    "error",
    [
        errors.NotFound(404),
        errors.Unauthorized(401),
        errors.UnexpectedResponse(200),
        errors.OutcomeUnknown("x"),
        ValueError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_other_errors_of_an_observation_end_the_wait(error: Exception) -> None:
    @in_virtual_time
    async def wait() -> None:
        await wait_until(Widget(errors_to_raise=[error]).observe, is_ready_status, deadline=new_deadline(), action="w")

    with pytest.raises(type(error)):
        wait()


@in_virtual_time
async def test_first_completed_cancels_the_other_tasks() -> None:
    slow = asyncio.ensure_future(asyncio.sleep(9))
    await first_completed(asyncio.sleep(1), slow)
    assert slow.cancelled()
    assert VirtualClock().monotonic() == pytest.approx(1)


@in_virtual_time
async def test_a_timeout_error_of_the_observation_is_raised_unchanged() -> None:
    with pytest.raises(TimeoutError):
        await wait_until(
            Widget(errors_to_raise=[TimeoutError()]).observe, is_ready_status, deadline=new_deadline(), action="w"
        )


async def test_run_before_deadline_ends_with_a_result_a_timeout_or_a_cancel() -> None:
    """At the deadline, or at once after a cancel."""

    async def work() -> str:
        return "made"

    deadline = Deadline(10, SYSTEM_CLOCK, asyncio.Event())
    assert await run_before_deadline(work(), deadline=deadline, action="making") == "made"
    with pytest.raises(errors.DeadlineExceeded, match="making: not done"):
        await run_before_deadline(
            asyncio.sleep(60), deadline=Deadline(0.01, SYSTEM_CLOCK, asyncio.Event()), action="making"
        )
    deadline.cancelled.set()
    with pytest.raises(errors.Cancelled, match="making"):
        await run_before_deadline(asyncio.sleep(60), deadline=deadline, action="making")


@in_virtual_time
async def test_run_before_deadline_uses_only_the_remaining_time() -> None:
    clock = VirtualClock()
    waiting = Deadline(10, clock, asyncio.Event())
    await clock.sleep(6)
    with pytest.raises(errors.DeadlineExceeded, match=r"^making: not done after 10 s; last seen: under way"):
        await run_before_deadline(asyncio.sleep(60), deadline=waiting, action="making")
    assert clock.monotonic() == pytest.approx(10)


@in_virtual_time
async def test_a_wait_reports_its_own_elapsed_time() -> None:
    """Not the elapsed time of the operation."""
    clock, received = VirtualClock(), list[str]()
    waiting = Deadline(100, clock, asyncio.Event(), received.append)
    await clock.sleep(50)
    with pytest.raises(errors.DeadlineExceeded, match=r"^the box: not done after 100 s"):
        await wait_until(Widget(ready_after=1000).observe, is_ready_status, deadline=waiting, action="the box")
    assert received[0].endswith(", 0 s")
    assert received[-1].endswith((", 49 s", ", 50 s"))


async def wait_an_hour() -> float:
    """Wait an hour, and return the time."""
    await asyncio.sleep(3600)
    return VirtualClock().monotonic()


@in_virtual_time
async def test_wait_before_send_has_no_limit_without_a_deadline() -> None:
    assert await wait_before_send(wait_an_hour, action="POST /x", last_status="nothing") == 3600
    with send_deadline(new_deadline(5)):
        # a lookup after an unknown outcome has no deadline
        with send_deadline(None):
            assert await wait_before_send(wait_an_hour, action="GET /x", last_status="nothing") == 7200
        with pytest.raises(errors.DeadlineExceeded):
            await wait_before_send(wait_an_hour, action="POST /x", last_status="nothing")
    assert await wait_before_send(wait_an_hour, action="POST /x", last_status="nothing") == 10800


@in_virtual_time
async def test_wait_before_send_ends_at_the_deadline_of_the_operation() -> None:
    waiting = new_deadline(5)
    await asyncio.sleep(2)
    words = r"^POST /x: not done after 5 s; last seen: 429. Nothing was created: .*, or raise the timeout"
    with send_deadline(waiting), pytest.raises(errors.DeadlineExceeded, match=words):
        await wait_before_send(wait_an_hour, action="POST /x", last_status="429")
    assert VirtualClock().monotonic() == pytest.approx(5)


@in_virtual_time
async def test_wait_before_send_ends_if_the_user_cancels() -> None:
    stop, sent = asyncio.Event(), list[str]()

    async def at_once() -> None:
        sent.append("it")

    asyncio.get_running_loop().call_later(3, stop.set)
    words = r"^POST /x: stopped waiting, as asked. Nothing was created: run the same command again.$"
    with send_deadline(new_deadline(cancelled=stop)):
        with pytest.raises(errors.Cancelled, match=words):
            await wait_before_send(wait_an_hour, action="POST /x", last_status="429")
        with pytest.raises(errors.Cancelled, match=words):
            await wait_before_send(at_once, action="POST /x", last_status="429")
    assert VirtualClock().monotonic() == pytest.approx(3)
    assert sent == []


@in_virtual_time
async def test_wait_before_send_reports_the_reason_and_the_elapsed_time() -> None:
    output: list[str] = []
    with send_deadline(new_deadline(on_progress=output.append)):
        await wait_before_send(lambda: asyncio.sleep(2.5), action="POST /x", last_status="429: come back later.")
    assert output == ["429: come back later, 1 s", "429: come back later, 2 s"]
    await asyncio.sleep(5)
    assert len(output) == 2
