"""Clocks on which every sleep is over at once."""

import asyncio
import time

EPOCH = 1_700_000_000.0


class FakeClock:
    """Time that passes only by sleeping, and then takes none."""

    def __init__(self, now: float = EPOCH) -> None:
        self._start = now
        self._elapsed = 0.0
        self.sleep_calls: list[float] = []

    def now(self) -> float:
        return self._start + self._elapsed

    def monotonic(self) -> float:
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        self.sleep_calls.append(seconds)
        self.advance(max(0.0, seconds))
        await asyncio.sleep(0)

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._elapsed += seconds


class ScaledClock:
    """The time of this machine, except that sleeping takes none: for servers that are real."""

    def __init__(self) -> None:
        self._skipped_seconds = 0.0
        self.sleep_calls: list[float] = []

    def now(self) -> float:
        return time.time() + self._skipped_seconds

    def monotonic(self) -> float:
        return time.monotonic() + self._skipped_seconds

    async def sleep(self, seconds: float) -> None:
        self.sleep_calls.append(seconds)
        self._skipped_seconds += seconds
        await asyncio.sleep(0)
