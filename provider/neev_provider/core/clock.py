"""The clock, replaceable in tests."""

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """A source of time."""

    def now(self) -> float:
        """Return the time of day, in seconds since 1970 (UTC)."""

    def monotonic(self) -> float:
        """Return seconds that never decrease; only differences have a meaning."""

    async def sleep(self, seconds: float) -> None:
        """Wait for this many seconds."""


class SystemClock:
    """The clock of this machine."""

    def now(self) -> float:  # noqa: D102  said in Clock
        return time.time()

    def monotonic(self) -> float:  # noqa: D102
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:  # noqa: D102
        await asyncio.sleep(seconds)


SYSTEM_CLOCK: Clock = SystemClock()
