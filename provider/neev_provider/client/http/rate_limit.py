"""As fast as the API likes it."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import inf

from neev_provider.core.clock import Clock

FIRST_BURST = 16
"""Requests under way at the same time while they are answered quickly: more would only grow the pool's own work."""

WIDEST = 128
"""Requests under way at the same time, at most."""

SLOW = 0.2
"""Seconds of an answer that makes room for one more request: while one is waited for, others can be."""

HOLD = 1.0
"""Seconds of silence after a 429 that names none."""

CAUTION = 0.9
"""Share of the rate that was served just before a 429 at which it goes on."""

GENTLE = 20.0
"""Requests a second after a first 429 that came while few were sent: too few to tell what the limit is."""

SLOWEST = 2.0
"""Requests a second below which no 429 brings the rate: each says itself when to come again, so nobody is pressed."""

RECOVERY = 0.01
"""Requests a second by which each answer raises the rate, for every second since the last 429."""

MEMORY = 30.0
"""Seconds after which a 429 is forgotten."""


class Pace:
    """When requests may leave: at once, until the API asks to slow down.

    Then all are held for as long as it asks, and go on spaced out at just below the rate it served before.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._line = asyncio.Lock()
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
        async with self._room:
            async with self._line:
                await self._slot()
            yield

    def served(self, *, took: float) -> None:
        """Note an answer that was no 429 and how many seconds it took."""
        now = self._clock.monotonic()
        self._answers.append(now)
        while self._answers[0] < now - 1:
            self._answers.popleft()
        self._rate += RECOVERY * (now - self._slowed)
        if took >= SLOW and self._width < WIDEST:
            self._width += 1
            self._room.release()

    def slowed(self, retry_after: float | None, *, sent: float) -> None:
        """Note a 429 to a request that was sent then: hold everything, and go on more slowly."""
        now = self._clock.monotonic()
        # Those that were under way together are refused together: that is one wish to slow down, not many.
        if sent > self._slowed:
            self._slowed = now
            served = sum(1 for moment in self._answers if moment >= now - 1)
            self._rate = max(CAUTION * min(self._rate, served), min(self._rate / 2, GENTLE), SLOWEST)
        self._held_until = max(self._held_until, now + (HOLD if retry_after is None else retry_after))

    async def _slot(self) -> None:
        """Return when the next slot has come; while one waits here, the hold may grow longer and the rate change."""
        while (wait := max(self._next_slot, self._held_until) - self._clock.monotonic()) > 0:
            await self._clock.sleep(wait)
        now = self._clock.monotonic()
        if now > self._slowed + MEMORY:
            self._rate = inf
        self._next_slot = now + 1 / self._rate
