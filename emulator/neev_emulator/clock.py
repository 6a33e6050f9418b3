"""Time as the emulator sees it: the wall clock, moved forward on request."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache


class Clock:
    """Seconds since the epoch, plus everything that was added by `advance`.

    Args:
        source: Where time comes from; a constant gives a clock that moves only when it is advanced.
    """

    def __init__(self, source: Callable[[], float] = time.time) -> None:
        self._source = source
        self.offset = 0.0

    def now(self) -> float:
        """The present moment, in seconds since the epoch."""
        return self._source() + self.offset

    def advance(self, seconds: float) -> None:
        """Time has moved on by this many seconds."""
        if seconds < 0:
            raise ValueError("time only moves forward")
        self.offset += seconds


@lru_cache(maxsize=10_000)  # a list tells the same moments again and again
def format_time(moment: float) -> str:
    """The moment as RFC 3339 in UTC, to the microsecond."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
