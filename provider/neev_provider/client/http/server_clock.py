"""The server's time of day."""

from email.utils import parsedate_to_datetime

from neev_provider.core.clock import Clock

DATE_RESOLUTION = 1.0
"""Seconds between two values of a Date header."""


class ServerClock:
    """The server's time of day, from the Date headers of its responses.

    The Date of a response bounds the difference between the clocks from both sides.
    The bounds of many responses together are tighter than those of one.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset_bounds: tuple[float, float] | None = None

    def record_date(self, date: str | None, *, sent_at: float, received_at: float) -> None:
        """Record the Date of a response; the other times are monotonic, in seconds."""
        moment = parse_date(date)
        if moment is None:
            return
        low, high = moment - received_at, moment + DATE_RESOLUTION - sent_at
        if self._offset_bounds is not None:
            tight = max(low, self._offset_bounds[0]), min(high, self._offset_bounds[1])
            # bounds that exclude each other mean that one of the clocks was set: the newest response is right
            low, high = tight if tight[0] <= tight[1] else (low, high)
        self._offset_bounds = low, high

    def now(self) -> float:
        """Return the server's time of day, in seconds since 1970; this machine's before the first response."""
        if self._offset_bounds is None:
            return self._clock.now()
        return self._clock.monotonic() + sum(self._offset_bounds) / 2

    def earliest(self, moment: float) -> float:
        """Return the earliest that the server's time of day can have been at a monotonic moment."""
        if self._offset_bounds is None:
            return self._clock.now() - (self._clock.monotonic() - moment)
        return moment + self._offset_bounds[0]


def parse_date(text: str | None) -> float | None:
    """Return the seconds since 1970 of an HTTP date, or None if it is not one."""
    try:
        return parsedate_to_datetime(text).timestamp() if text else None
    except ValueError:
        return None
