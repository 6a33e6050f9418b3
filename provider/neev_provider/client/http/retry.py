"""The retries of requests: which ones, and when."""

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
"""Maximum attempts at a request."""

MAX_ATTEMPTS_WITH_RETRY_AFTER = 12
"""Maximum attempts if the server asks to retry later (429 or Retry-After), because it is available."""

MAX_RETRY_AFTER = 60.0
"""Maximum seconds of a Retry-After; longer ones are shortened to this."""


def had_no_effect(error: BaseException) -> bool:
    """Return whether the attempt certainly had no effect."""
    if isinstance(error, Unavailable):
        return error.status == HTTPStatus.SERVICE_UNAVAILABLE and error.retry_after is not None
    return isinstance(error, (RequestNotSent, RateLimited))


def retry_policy(method: str) -> retry_if_exception:
    """Return the rule for a method: retry a POST only if it had no effect, others after every transient error."""
    if method == "POST":
        return retry_if_exception(had_no_effect)
    return retry_if_exception(lambda error: had_no_effect(error) or _is_transient(error))


def _is_transient(error: BaseException) -> bool:
    """Return whether a retry of the same request may succeed."""
    mangled = isinstance(error, UnexpectedResponse) and is_success(error.status)
    return mangled or isinstance(error, (Unavailable, OutcomeUnknown))


class StopAfterAttempts(stop_base):
    """The rule that ends the retries after the maximum of attempts."""

    def __call__(self, retry_state: RetryCallState) -> bool:  # noqa: D102
        error = _attempt_error(retry_state)
        output = isinstance(error, ApiError) and (isinstance(error, RateLimited) or error.retry_after is not None)
        return retry_state.attempt_number >= (MAX_ATTEMPTS_WITH_RETRY_AFTER if output else MAX_ATTEMPTS)


class Backoff(wait_base):
    """The delay before a retry, in seconds: the server's Retry-After, else an exponential backoff with jitter."""

    def __init__(self) -> None:
        self._jitter = wait_random_exponential(multiplier=0.5, max=8)

    def __call__(self, retry_state: RetryCallState) -> float:  # noqa: D102
        error = _attempt_error(retry_state)
        jitter = self._jitter(retry_state)
        if isinstance(error, ApiError) and error.retry_after is not None:
            # Without jitter, all requests with the same Retry-After would be sent at the same moment.
            return error.retry_after + min(jitter, 0.5)
        return jitter


def describe_attempt(state: RetryCallState) -> str:
    """Return the error of the attempt as text."""
    error = _attempt_error(state)
    return error.summary if isinstance(error, NeevError) else str(error)


def parse_retry_after(header: str | None, *, now: float) -> float | None:
    """Return the seconds in a Retry-After header, or None if it is absent or invalid."""
    text = (header or "").strip()
    if re.fullmatch(r"[0-9]+([.][0-9]+)?", text):
        return min(float(text), MAX_RETRY_AFTER)
    moment = parse_date(text)
    if moment is None:
        return None
    return min(max(0.0, moment - now), MAX_RETRY_AFTER)


def _attempt_error(state: RetryCallState) -> BaseException | None:
    """Return the error of the attempt."""
    return state.outcome.exception() if state.outcome else None
