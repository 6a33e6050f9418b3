"""Which requests are sent again, and when."""

import re

from tenacity import RetryCallState
from tenacity.retry import retry_if_exception
from tenacity.stop import stop_base
from tenacity.wait import wait_base, wait_random_exponential

from neev_provider.client.http.server_clock import parse_date
from neev_provider.core.errors import (
    ApiError,
    NeevError,
    NeverSent,
    OutcomeUnknown,
    RateLimited,
    Unavailable,
    Unexpected,
)

ATTEMPTS = 6
"""Attempts at a request that the server or the network does not serve."""

ATTEMPTS_WHEN_TOLD_TO_WAIT = 12
"""Attempts at a request that the server wants later: it is alive, and will take it."""

LONGEST_RETRY_AFTER = 60.0
"""Seconds that a Retry-After is believed."""

SERVICE_UNAVAILABLE = 503


def did_nothing(error: BaseException) -> bool:
    """Return whether the attempt certainly had no effect."""
    told_to_wait = (
        isinstance(error, Unavailable) and error.status == SERVICE_UNAVAILABLE and error.retry_after is not None
    )
    return isinstance(error, (NeverSent, RateLimited)) or told_to_wait


def may_repeat(method: str) -> retry_if_exception:
    """Return the rule for a method: a POST only when nothing was done, the others whenever it may help."""
    if method == "POST":
        return retry_if_exception(did_nothing)
    return retry_if_exception(lambda error: did_nothing(error) or _may_pass(error))


def _may_pass(error: BaseException) -> bool:
    """Return whether the same request may well succeed the next time."""
    mangled = isinstance(error, Unexpected) and 200 <= error.status < 300  # noqa: PLR2004  a success, but unreadable
    return mangled or isinstance(error, (Unavailable, OutcomeUnknown))


class Enough(stop_base):
    """True once another attempt is not worth it."""

    def __call__(self, retry_state: RetryCallState) -> bool:  # noqa: D102
        error = _error(retry_state)
        told = isinstance(error, ApiError) and (isinstance(error, RateLimited) or error.retry_after is not None)
        return retry_state.attempt_number >= (ATTEMPTS_WHEN_TOLD_TO_WAIT if told else ATTEMPTS)


class Backoff(wait_base):
    """The seconds the server asked for, else exponentially more with jitter."""

    def __init__(self) -> None:
        self._jitter = wait_random_exponential(multiplier=0.5, max=8)

    def __call__(self, retry_state: RetryCallState) -> float:  # noqa: D102
        error = _error(retry_state)
        jitter = self._jitter(retry_state)
        if isinstance(error, ApiError) and error.retry_after is not None:
            # All who were told the same moment would come back together.
            return error.retry_after + min(jitter, 0.5)
        return jitter


def seen(state: RetryCallState) -> str:
    """Return what the attempt came to."""
    error = _error(state)
    return error.fact if isinstance(error, NeevError) else str(error)


def retry_after(header: str | None, *, now: float) -> float | None:
    """Return the seconds that a Retry-After header asks for, or None where it says nothing that can be read."""
    text = (header or "").strip()
    if re.fullmatch(r"[0-9]+([.][0-9]+)?", text):
        return min(float(text), LONGEST_RETRY_AFTER)
    moment = parse_date(text)
    if moment is None:
        return None
    return min(max(0.0, moment - now), LONGEST_RETRY_AFTER)


def _error(state: RetryCallState) -> BaseException | None:
    """Return how the attempt failed."""
    return state.outcome.exception() if state.outcome else None
