"""Clocks whose sleep returns immediately."""

import asyncio
import time

EPOCH = 1_700_000_000.0


class FakeClock:
    """A clock that only `sleep` and `advance` move forward."""

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
        """Advance the clock."""
        self._elapsed += seconds


class ScaledClock:
    """The clock of this machine, whose sleep returns immediately: for tests with real servers."""

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
