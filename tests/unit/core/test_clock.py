"""The one clock that is real."""

import time

from neev_provider.core.clock import SYSTEM


def test_the_system_clock_tells_the_time_of_day() -> None:
    assert abs(SYSTEM.now() - time.time()) < 5


async def test_the_system_clock_sleeps_at_least_as_long_as_asked() -> None:
    before = SYSTEM.monotonic()
    await SYSTEM.sleep(0.01)
    assert SYSTEM.monotonic() - before >= 0.009
