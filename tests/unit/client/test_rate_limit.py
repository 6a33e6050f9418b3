"""How fast requests leave, before and after the API asks to slow down."""

import asyncio
from itertools import pairwise

import pytest
from tests.fakes.virtual_time import VirtualClock, in_virtual_time

from neev_provider.client.http.rate_limit import (
    DEFAULT_RETRY_AFTER,
    INITIAL_CONCURRENCY,
    INITIAL_THROTTLED_RATE,
    MAX_CONCURRENCY,
    MIN_RATE,
    RATE_DECREASE_FACTOR,
    SLOW_RESPONSE_SECONDS,
    THROTTLE_EXPIRY,
    RateLimiter,
)


class LimitedCaller:
    """Sends many requests at a pace, each answered after its latency, and notes when they left."""

    def __init__(self, *, latency: float = 0.0) -> None:
        self.clock = VirtualClock()
        self.limiter = RateLimiter(self.clock)
        self.latency = latency
        self.sent_times: list[float] = []

    async def send(self) -> None:
        async with self.limiter.acquire():
            self.sent_times.append(self.clock.monotonic())
            await self.clock.sleep(self.latency)
        self.limiter.record_success(elapsed=self.latency)

    async def send_many(self, number: int) -> list[float]:
        """Return when each of so many left."""
        self.sent_times.clear()
        await asyncio.gather(*(self.send() for _ in range(number)))
        return self.sent_times


@in_virtual_time
async def test_until_the_api_objects_requests_leave_at_once() -> None:
    assert await LimitedCaller().send_many(INITIAL_CONCURRENCY) == [0.0] * INITIAL_CONCURRENCY


@in_virtual_time
async def test_the_first_burst_is_limited_and_each_slow_response_allows_two_more() -> None:
    left = await LimitedCaller(latency=1).send_many(INITIAL_CONCURRENCY * 4)
    assert [left.count(moment) for moment in (0, 1, 2)] == [
        INITIAL_CONCURRENCY,
        INITIAL_CONCURRENCY * 2,
        INITIAL_CONCURRENCY,
    ]


@in_virtual_time
async def test_quick_responses_do_not_raise_the_limit() -> None:
    left = await LimitedCaller(latency=SLOW_RESPONSE_SECONDS / 2).send_many(INITIAL_CONCURRENCY * 3)
    assert [left.count(moment) for moment in sorted(set(left))] == [INITIAL_CONCURRENCY] * 3


@in_virtual_time
async def test_the_number_of_concurrent_requests_is_limited() -> None:
    caller = LimitedCaller(latency=1)
    await caller.send_many(MAX_CONCURRENCY * 2)
    caller.sent_times.clear()
    moments = await caller.send_many(MAX_CONCURRENCY + 1)
    assert moments.count(moments[0]) == MAX_CONCURRENCY


@in_virtual_time
async def test_a_429_holds_everything_for_as_long_as_it_asks() -> None:
    caller = LimitedCaller()
    caller.limiter.record_throttled(7, sent_at=0)
    assert (await caller.send_many(1))[0] == 7


@in_virtual_time
async def test_a_429_that_asks_for_nothing_holds_everything_for_a_moment() -> None:
    caller = LimitedCaller()
    caller.limiter.record_throttled(None, sent_at=0)
    assert (await caller.send_many(1))[0] == DEFAULT_RETRY_AFTER


@in_virtual_time
async def test_after_it_requests_leave_evenly_just_below_the_rate_that_was_served() -> None:
    caller = LimitedCaller()
    await caller.send_many(50)
    caller.limiter.record_throttled(1, sent_at=0)
    left = await caller.send_many(20)
    gaps = [after - before for before, after in pairwise(left)]
    assert min(gaps) >= 1 / (50 * RATE_DECREASE_FACTOR) * 0.98
    assert max(gaps) <= 1 / (50 * RATE_DECREASE_FACTOR) * 1.02


@in_virtual_time
async def test_the_rate_that_was_served_is_that_of_the_last_second() -> None:
    caller = LimitedCaller()
    for number in (50, 30):
        await caller.send_many(number)
        await asyncio.sleep(0.6)
    caller.limiter.record_throttled(1, sent_at=caller.clock.monotonic())
    first, second = await caller.send_many(2)
    assert second - first == pytest.approx(1 / (30 * RATE_DECREASE_FACTOR))


@in_virtual_time
async def test_many_that_are_refused_together_slow_down_once() -> None:
    caller = LimitedCaller()
    await caller.send_many(50)
    for _ in range(40):
        caller.limiter.record_throttled(0, sent_at=0)
    assert (await caller.send_many(46))[-1] == pytest.approx(1, abs=0.1)


@in_virtual_time
async def test_those_who_were_waiting_for_their_turn_are_held_by_a_second_429() -> None:
    caller = LimitedCaller()
    await caller.send_many(10)
    caller.limiter.record_throttled(1, sent_at=0)
    waiting = asyncio.create_task(caller.send_many(5))
    await asyncio.sleep(1.05)
    caller.limiter.record_throttled(9, sent_at=1.02)
    await waiting
    assert sum(moment < 1.05 for moment in caller.sent_times) == 1
    assert sorted(caller.sent_times)[1] >= 10.05


@in_virtual_time
async def test_a_429_among_few_requests_slows_down_to_the_initial_rate() -> None:
    caller = LimitedCaller()
    caller.limiter.record_throttled(1, sent_at=0)
    left = await caller.send_many(5)
    assert left == pytest.approx([1 + number / INITIAL_THROTTLED_RATE for number in range(5)], abs=0.01)


@in_virtual_time
async def test_each_further_429_slows_down_more() -> None:
    caller = LimitedCaller()
    for number in range(1, 5):
        caller.limiter.record_throttled(1, sent_at=caller.clock.monotonic())
        await asyncio.sleep(2)
        left = await caller.send_many(2)
        assert left[1] - left[0] == pytest.approx(2 ** (number - 1) / INITIAL_THROTTLED_RATE, rel=0.05)


@in_virtual_time
async def test_the_rate_recovers_slowly_at_first_and_a_429_has_no_effect_after_a_while() -> None:
    caller = LimitedCaller()
    await caller.send_many(50)
    caller.limiter.record_throttled(1, sent_at=0)
    left = await caller.send_many(600)
    rates = [sum(second <= moment < second + 1 for moment in left) for second in (1, 3, 5, 7)]
    assert rates[0] == pytest.approx(45, abs=2)
    assert rates[1] - rates[0] < rates[3] - rates[2]
    await asyncio.sleep(THROTTLE_EXPIRY)
    start = caller.clock.monotonic()
    assert await caller.send_many(100) == pytest.approx([start] * 100)


@in_virtual_time
async def test_one_call_that_is_refused_again_and_again_does_not_bring_the_others_to_a_stand_still() -> None:
    caller = LimitedCaller()
    for _ in range(12):
        (refused,) = await caller.send_many(1)
        caller.limiter.record_throttled(1, sent_at=refused)
    left = await caller.send_many(11)
    assert left[-1] - left[0] <= 10 / MIN_RATE
