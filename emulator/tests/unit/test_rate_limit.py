"""The number of requests that the rate limit accepts."""

from neev_emulator import Clock
from neev_emulator.faults.rate_limit import TokenBucket


def test_the_rate_limit_allows_a_burst_of_one_second_and_then_the_set_rate() -> None:
    clock = Clock(lambda: 0.0)
    bucket = TokenBucket(clock, 2)
    assert [bucket.acquire() for _ in range(3)] == [0, 0, 1]
    clock.advance(0.5)
    assert [bucket.acquire() for _ in range(2)] == [0, 1]
    clock.advance(3600)
    assert [bucket.acquire() for _ in range(3)] == [0, 0, 1]


def test_a_limit_below_one_per_second_returns_the_seconds_to_wait() -> None:
    bucket = TokenBucket(Clock(lambda: 0.0), 0.1)
    assert [bucket.acquire(), bucket.acquire()] == [0, 10]


def test_every_request_is_accepted_without_a_limit() -> None:
    bucket = TokenBucket(Clock(lambda: 0.0), None)
    assert not any(bucket.acquire() for _ in range(1000))
