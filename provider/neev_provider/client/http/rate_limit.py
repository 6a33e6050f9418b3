"""As fast as the API likes it."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import inf

from neev_provider.core.clock import Clock

INITIAL_CONCURRENCY = 16
"""Requests under way at the same time while they are answered quickly: more would only grow the pool's own work."""

MAX_CONCURRENCY = 128
"""Requests under way at the same time, at most."""

SLOW_RESPONSE_SECONDS = 0.2
"""Seconds of an answer that makes room for one more request: while one is waited for, others can be."""

DEFAULT_RETRY_AFTER = 1.0
"""Seconds of silence after a 429 that names none."""

RATE_DECREASE_FACTOR = 0.9
"""Share of the rate that was served just before a 429 at which it goes on."""

INITIAL_THROTTLED_RATE = 20.0
"""Requests a second after a first 429 that came while few were sent: too few to tell what the limit is."""

MIN_RATE = 2.0
"""Requests a second below which no 429 brings the rate: each says itself when to come again, so nobody is pressed."""

RATE_INCREASE = 0.01
"""Requests a second by which each answer raises the rate, for every second since the last 429."""

THROTTLE_EXPIRY = 30.0
"""Seconds after which a 429 is forgotten."""


class RateLimiter:
    """When requests may leave: at once, until the API asks to slow down.

    Then all are held for as long as it asks, and go on spaced out at just below the rate it served before.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._slot_lock = asyncio.Lock()
        self._semaphore = asyncio.Semaphore(INITIAL_CONCURRENCY)
        self._concurrency = INITIAL_CONCURRENCY
        self._rate = inf
        self._next_slot = -inf
        self._blocked_until = -inf
        self._throttled_at = -inf
        self._response_times: deque[float] = deque()

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[None]:
        """Enter when a request may be sent; leave when its answer has come."""
        async with self._semaphore:
            async with self._slot_lock:
                await self._wait_for_slot()
            yield

    def record_success(self, *, elapsed: float) -> None:
        """Note an answer that was no 429 and how many seconds it took."""
        now = self._clock.monotonic()
        self._response_times.append(now)
        while self._response_times[0] < now - 1:
            self._response_times.popleft()
        self._rate += RATE_INCREASE * (now - self._throttled_at)
        if elapsed >= SLOW_RESPONSE_SECONDS and self._concurrency < MAX_CONCURRENCY:
            self._concurrency += 1
            self._semaphore.release()

    def record_throttled(self, retry_after: float | None, *, sent_at: float) -> None:
        """Note a 429 to a request that was sent then: hold everything, and go on more slowly."""
        now = self._clock.monotonic()
        # Those that were under way together are refused together: that is one wish to slow down, not many.
        if sent_at > self._throttled_at:
            self._throttled_at = now
            served = sum(1 for moment in self._response_times if moment >= now - 1)
            self._rate = max(
                RATE_DECREASE_FACTOR * min(self._rate, served), min(self._rate / 2, INITIAL_THROTTLED_RATE), MIN_RATE
            )
        self._blocked_until = max(
            self._blocked_until, now + (DEFAULT_RETRY_AFTER if retry_after is None else retry_after)
        )

    async def _wait_for_slot(self) -> None:
        """Return when the next slot has come; while one waits here, the hold may grow longer and the rate change."""
        while (wait := max(self._next_slot, self._blocked_until) - self._clock.monotonic()) > 0:
            await self._clock.sleep(wait)
        now = self._clock.monotonic()
        if now > self._throttled_at + THROTTLE_EXPIRY:
            self._rate = inf
        self._next_slot = now + 1 / self._rate
