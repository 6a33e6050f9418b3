"""Which requests are sent again, and when."""

import re
from http import HTTPStatus

from tenacity import RetryCallState
from tenacity.retry import retry_if_exception
from tenacity.stop import stop_base
from tenacity.wait import wait_base, wait_random_exponential

from neev_provider.client.http.responses import is_success
from neev_provider.client.http.server_clock import parse_date
from neev_provider.core.errors import (
    ApiError,
    NeevError,
    OutcomeUnknown,
    RateLimited,
    RequestNotSent,
    Unavailable,
    UnexpectedResponse,
)

MAX_ATTEMPTS = 6
"""Attempts at a request that the server or the network does not serve."""

MAX_ATTEMPTS_WITH_RETRY_AFTER = 12
"""Attempts at a request that the server wants later: it is alive, and will take it."""

MAX_RETRY_AFTER = 60.0
"""Seconds that a Retry-After is believed."""


def had_no_effect(error: BaseException) -> bool:
    """Return whether the attempt certainly had no effect."""
    if isinstance(error, Unavailable):
        return error.status == HTTPStatus.SERVICE_UNAVAILABLE and error.retry_after is not None
    return isinstance(error, (RequestNotSent, RateLimited))


def retry_policy(method: str) -> retry_if_exception:
    """Return the rule for a method: a POST only when nothing was done, the others whenever it may help."""
    if method == "POST":
        return retry_if_exception(had_no_effect)
    return retry_if_exception(lambda error: had_no_effect(error) or _is_transient(error))


def _is_transient(error: BaseException) -> bool:
    """Return whether the same request may well succeed the next time."""
    mangled = isinstance(error, UnexpectedResponse) and is_success(error.status)
    return mangled or isinstance(error, (Unavailable, OutcomeUnknown))


class StopAfterAttempts(stop_base):
    """True once another attempt is not worth it."""

    def __call__(self, retry_state: RetryCallState) -> bool:  # noqa: D102
        error = _attempt_error(retry_state)
        output = isinstance(error, ApiError) and (isinstance(error, RateLimited) or error.retry_after is not None)
        return retry_state.attempt_number >= (MAX_ATTEMPTS_WITH_RETRY_AFTER if output else MAX_ATTEMPTS)


class Backoff(wait_base):
    """The seconds the server asked for, else exponentially more with jitter."""

    def __init__(self) -> None:
        self._jitter = wait_random_exponential(multiplier=0.5, max=8)

    def __call__(self, retry_state: RetryCallState) -> float:  # noqa: D102
        error = _attempt_error(retry_state)
        jitter = self._jitter(retry_state)
        if isinstance(error, ApiError) and error.retry_after is not None:
            # All who were told the same moment would come back together.
            return error.retry_after + min(jitter, 0.5)
        return jitter


def describe_attempt(state: RetryCallState) -> str:
    """Return what the attempt came to."""
    error = _attempt_error(state)
    return error.summary if isinstance(error, NeevError) else str(error)


def parse_retry_after(header: str | None, *, now: float) -> float | None:
    """Return the seconds that a Retry-After header asks for, or None where it says nothing that can be read."""
    text = (header or "").strip()
    if re.fullmatch(r"[0-9]+([.][0-9]+)?", text):
        return min(float(text), MAX_RETRY_AFTER)
    moment = parse_date(text)
    if moment is None:
        return None
    return min(max(0.0, moment - now), MAX_RETRY_AFTER)


def _attempt_error(state: RetryCallState) -> BaseException | None:
    """Return how the attempt failed."""
    return state.outcome.exception() if state.outcome else None
