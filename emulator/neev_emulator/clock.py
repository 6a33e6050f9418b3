"""The emulator's time: the wall clock, advanced on request."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache


class Clock:
    """Seconds since the epoch, plus the time added by `advance`.

    Args:
        source: Returns the time; with a constant the clock moves only by `advance`.
    """

    def __init__(self, source: Callable[[], float] = time.time) -> None:
        self._source = source
        self.offset = 0.0

    def now(self) -> float:
        """Return the current time, in seconds since the epoch."""
        return self._source() + self.offset

    def advance(self, seconds: float) -> None:
        """Add these seconds to the current time."""
        if seconds < 0:
            raise ValueError("the clock cannot go back")
        self.offset += seconds


@lru_cache(maxsize=10_000)  # lists repeat the same times
def format_time(moment: float) -> str:
    """Return the time as RFC 3339 in UTC, to the microsecond."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
