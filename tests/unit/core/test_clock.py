"""The system clock."""

import time

from neev_provider.core.clock import SYSTEM_CLOCK


def test_the_system_clock_returns_the_time_of_day() -> None:
    assert abs(SYSTEM_CLOCK.now() - time.time()) < 5


async def test_the_system_clock_sleeps_at_least_as_long_as_requested() -> None:
    before = SYSTEM_CLOCK.monotonic()
    await SYSTEM_CLOCK.sleep(0.01)
    assert SYSTEM_CLOCK.monotonic() - before >= 0.009
