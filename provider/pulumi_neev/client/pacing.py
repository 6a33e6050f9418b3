"""As fast as the API likes it."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import inf

from pulumi_neev.core.clock import Clock

FIRST_BURST = 128
"""Requests under way at the same time before any answer has come; each answer makes room for one more."""

WIDEST = 1024
"""Requests under way at the same time, at most."""

HOLD = 1.0
"""Seconds of silence after a 429 that names none."""

CAUTION = 0.9
"""Share of the rate that was served just before a 429 at which it goes on."""

RECOVERY = 0.05
"""Requests a second by which each answer raises the rate again."""

MEMORY = 60.0
"""Seconds after which a 429 is forgotten."""


class Pace:
    """When requests may leave: at once, until the API asks to slow down.

    Then all are held for as long as it asks, and go on spaced out at just below the rate it served before.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._room = asyncio.Semaphore(FIRST_BURST)
        self._width = FIRST_BURST
        self._rate = inf
        self._next_slot = -inf
        self._held_until = -inf
        self._slowed = -inf
        self._answers: deque[float] = deque()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Enter when a request may be sent; leave when its answer has come."""
        while True:
            await self._slot()
            async with self._room:
                # A hold may have begun while this request waited for room.
                if self._clock.monotonic() >= self._held_until:
                    yield
                    return

    def served(self) -> None:
        """Note an answer that was no 429."""
        now = self._clock.monotonic()
        self._answers.append(now)
        while self._answers[0] < now - 1:
            self._answers.popleft()
        self._rate += RECOVERY
        if self._width < WIDEST:
            self._width += 1
            self._room.release()

    def slowed(self, retry_after: float | None, *, sent: float) -> None:
        """Note a 429 to a request that was sent then: hold everything, and go on more slowly."""
        now = self._clock.monotonic()
        # Those that were under way together are refused together: that is one wish to slow down, not many.
        if sent >= self._slowed:
            self._slowed = now
            served = sum(1 for moment in self._answers if moment >= now - 1)
            self._rate = max(1.0, CAUTION * min(self._rate, served))
        self._held_until = max(self._held_until, now + (HOLD if retry_after is None else retry_after))

    async def _slot(self) -> None:
        """Return when the next free slot has come."""
        now = self._clock.monotonic()
        if now > self._slowed + MEMORY:
            self._rate = inf
        slot = max(now, self._next_slot, self._held_until)
        self._next_slot = slot + 1 / self._rate
        if slot > now:
            await self._clock.sleep(slot - now)
