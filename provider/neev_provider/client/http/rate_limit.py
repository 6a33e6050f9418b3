"""The client's rate limit, which adapts to the API's 429 responses."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import inf

from neev_provider.core.clock import Clock

INITIAL_CONCURRENCY = 16
"""Initial maximum of concurrent requests: while responses are fast, more would only cost processor time."""

MAX_CONCURRENCY = 128
"""Maximum concurrent requests."""

SLOW_RESPONSE_SECONDS = 0.2
"""Seconds of a slow response, which raises the number of concurrent requests by one."""

DEFAULT_RETRY_AFTER = 1.0
"""Seconds without requests after a 429 that has no Retry-After."""

RATE_DECREASE_FACTOR = 0.9
"""New rate after a 429, as a share of the rate that was served just before."""

INITIAL_THROTTLED_RATE = 20.0
"""Requests a second after a first 429 at a low rate, which does not show what the limit is."""

MIN_RATE = 2.0
"""Minimum requests a second after any number of 429s: each has its own Retry-After."""

RATE_INCREASE = 0.01
"""Requests a second by which each response raises the rate, for every second since the last 429."""

THROTTLE_EXPIRY = 30.0
"""Seconds after which a 429 has no effect."""


class RateLimiter:
    """The times at which requests may be sent: at once, until the API responds with 429.

    Then all requests wait for the time in Retry-After. After that they are spaced at just below the rate served before.
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
        """Wait until a request may be sent; count it as concurrent until the block ends."""
        async with self._semaphore:
            async with self._slot_lock:
                await self._wait_for_slot()
            yield

    def record_success(self, *, elapsed: float) -> None:
        """Record a response other than 429, and the seconds that it took."""
        now = self._clock.monotonic()
        self._response_times.append(now)
        while self._response_times[0] < now - 1:
            self._response_times.popleft()
        self._rate += RATE_INCREASE * (now - self._throttled_at)
        if elapsed >= SLOW_RESPONSE_SECONDS and self._concurrency < MAX_CONCURRENCY:
            self._concurrency += 1
            self._semaphore.release()

    def record_throttled(self, retry_after: float | None, *, sent_at: float) -> None:
        """Record a 429 to a request sent at this moment: block all requests for a time, and reduce the rate."""
        now = self._clock.monotonic()
        # Concurrent requests get their 429s together, which counts as one: the rate is reduced once.
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
        """Wait until the next slot; other responses may move it and change the rate meanwhile."""
        while (wait := max(self._next_slot, self._blocked_until) - self._clock.monotonic()) > 0:
            await self._clock.sleep(wait)
        now = self._clock.monotonic()
        if now > self._throttled_at + THROTTLE_EXPIRY:
            self._rate = inf
        self._next_slot = now + 1 / self._rate
