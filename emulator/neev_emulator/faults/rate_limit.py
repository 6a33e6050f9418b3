"""The rate limit of the control plane."""

from math import ceil

from neev_emulator.clock import Clock


class TokenBucket:
    """A token bucket that holds one second's worth of requests."""

    def __init__(self, clock: Clock, rate: float | None) -> None:
        self._clock = clock
        self._rate = rate
        self._tokens = max(rate or 0.0, 1.0)
        self._filled_at = clock.now()

    def acquire(self) -> int:
        """Return 0 if the request may pass, else the seconds to wait."""
        if self._rate is None:
            return 0
        now = self._clock.now()
        self._tokens = min(max(self._rate, 1.0), self._tokens + (now - self._filled_at) * self._rate)
        self._filled_at = now
        if self._tokens < 1:
            return max(1, ceil((1 - self._tokens) / self._rate))
        self._tokens -= 1
        return 0
