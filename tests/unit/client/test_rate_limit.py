"""How fast requests are sent, before and after the API throttles them."""

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
    """A caller that sends many requests, each answered after the latency, and records when they were sent."""

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
        """Send so many requests, and return when each was sent."""
        self.sent_times.clear()
        await asyncio.gather(*(self.send() for _ in range(number)))
        return self.sent_times


@in_virtual_time
async def test_requests_are_sent_at_once_before_the_first_429() -> None:
    assert await LimitedCaller().send_many(INITIAL_CONCURRENCY) == [0.0] * INITIAL_CONCURRENCY


@in_virtual_time
async def test_the_initial_burst_is_limited_and_each_slow_response_allows_two_more() -> None:
    left = await LimitedCaller(latency=1).send_many(INITIAL_CONCURRENCY * 4)
    assert [left.count(moment) for moment in (0, 1, 2)] == [
        INITIAL_CONCURRENCY,
        INITIAL_CONCURRENCY * 2,
        INITIAL_CONCURRENCY,
    ]


@in_virtual_time
async def test_quick_responses_do_not_raise_the_concurrency_limit() -> None:
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
async def test_a_429_delays_all_requests_for_its_retry_after() -> None:
    caller = LimitedCaller()
    caller.limiter.record_throttled(7, sent_at=0)
    assert (await caller.send_many(1))[0] == 7


@in_virtual_time
async def test_a_429_without_retry_after_delays_all_requests_by_the_default() -> None:
    caller = LimitedCaller()
    caller.limiter.record_throttled(None, sent_at=0)
    assert (await caller.send_many(1))[0] == DEFAULT_RETRY_AFTER


@in_virtual_time
async def test_requests_are_spaced_evenly_below_the_served_rate_after_a_429() -> None:
    caller = LimitedCaller()
    await caller.send_many(50)
    caller.limiter.record_throttled(1, sent_at=0)
    left = await caller.send_many(20)
    gaps = [after - before for before, after in pairwise(left)]
    assert min(gaps) >= 1 / (50 * RATE_DECREASE_FACTOR) * 0.98
    assert max(gaps) <= 1 / (50 * RATE_DECREASE_FACTOR) * 1.02


@in_virtual_time
async def test_the_served_rate_is_measured_over_the_last_second() -> None:
    caller = LimitedCaller()
    for number in (50, 30):
        await caller.send_many(number)
        await asyncio.sleep(0.6)
    caller.limiter.record_throttled(1, sent_at=caller.clock.monotonic())
    first, second = await caller.send_many(2)
    assert second - first == pytest.approx(1 / (30 * RATE_DECREASE_FACTOR))


@in_virtual_time
async def test_simultaneous_429_responses_reduce_the_rate_once() -> None:
    caller = LimitedCaller()
    await caller.send_many(50)
    for _ in range(40):
        caller.limiter.record_throttled(0, sent_at=0)
    assert (await caller.send_many(46))[-1] == pytest.approx(1, abs=0.1)


@in_virtual_time
async def test_a_second_429_delays_requests_that_are_already_queued() -> None:
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
async def test_a_429_among_few_requests_sets_the_initial_throttled_rate() -> None:
    caller = LimitedCaller()
    caller.limiter.record_throttled(1, sent_at=0)
    left = await caller.send_many(5)
    assert left == pytest.approx([1 + number / INITIAL_THROTTLED_RATE for number in range(5)], abs=0.01)


@in_virtual_time
async def test_each_further_429_reduces_the_rate() -> None:
    caller = LimitedCaller()
    for number in range(1, 5):
        caller.limiter.record_throttled(1, sent_at=caller.clock.monotonic())
        await asyncio.sleep(2)
        left = await caller.send_many(2)
        assert left[1] - left[0] == pytest.approx(2 ** (number - 1) / INITIAL_THROTTLED_RATE, rel=0.05)


@in_virtual_time
async def test_the_rate_recovers_slowly_at_first_and_throttling_expires() -> None:
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
async def test_repeated_429_responses_do_not_reduce_the_rate_below_the_minimum() -> None:
    caller = LimitedCaller()
    for _ in range(12):
        (refused,) = await caller.send_many(1)
        caller.limiter.record_throttled(1, sent_at=refused)
    left = await caller.send_many(11)
    assert left[-1] - left[0] <= 10 / MIN_RATE
