"""Time, through one small seam."""

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """What the package knows about time."""

    def now(self) -> float:
        """Return the time of day, in seconds since 1970 (UTC)."""

    def monotonic(self) -> float:
        """Return seconds that never run backwards; only differences mean anything."""

    async def sleep(self, seconds: float) -> None:
        """Return when the seconds have passed."""


class SystemClock:
    """The time of this machine."""

    def now(self) -> float:  # noqa: D102  said in Clock
        return time.time()

    def monotonic(self) -> float:  # noqa: D102
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:  # noqa: D102
        await asyncio.sleep(seconds)


SYSTEM_CLOCK: Clock = SystemClock()
