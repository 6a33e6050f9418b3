"""Waits under a deadline: the only place that polls, times out and cancels."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from neev_provider.core import errors
from neev_provider.core.clock import Clock
from neev_provider.core.hints import Hint
from neev_provider.core.tasks import first_completed
from neev_provider.core.tracing import trace_span

T = TypeVar("T")

INITIAL_POLL_DELAY = 0.1
"""Seconds until the first observation of a wait."""

EARLY_POLL_BACKOFF = 0.2
"""Share of a wait's age, in its first second, that is added to the next delay."""

POLL_BACKOFF = 0.1
"""The same share after the first second: an operation of 10 s is noticed within 1.2 s."""

MAX_POLL_INTERVAL = 5.0
"""Seconds between observations of the longest waits."""

FINAL_POLL_MARGIN = 0.05
"""Shortest delay, in seconds, before the deadline."""

TRANSIENT_ERRORS = (errors.RequestNotSent, errors.Unavailable, errors.RateLimited)
"""Errors of an observation that do not end the wait."""

GONE_REASON = "it no longer exists: it was deleted elsewhere or with its sandbox, or its maximum lifetime ended"


@dataclass(frozen=True)
class Done:
    """The condition holds."""


@dataclass(frozen=True)
class Failed:
    """The condition will never hold; `reason` is the API's."""

    reason: str
    hint: str = ""


@dataclass(frozen=True)
class InProgress:
    """The condition does not hold yet; the object is in this phase."""

    phase: str


WaitStatus = Done | Failed | InProgress

NOT_SENT_HINT = "Nothing was created: run the same command again."


def _ignore(_text: str) -> None:
    """Ignore the text."""


RetryListener = Callable[[str], None]


@dataclass(frozen=True)
class Deadline:
    """When an operation has to end. All its waits share it."""

    timeout: float
    """Seconds from the creation of the deadline."""
    clock: Clock
    cancelled: asyncio.Event
    """Set it to end every wait under this deadline at once."""
    on_progress: Callable[[str], None] = _ignore
    """Called with the status after each observation: `Pending, 12 s`."""
    started_at: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "started_at", self.clock.monotonic())

    @property
    def elapsed(self) -> float:
        """Return the seconds since the deadline was created."""
        return self.clock.monotonic() - self.started_at

    @property
    def remaining(self) -> float:
        """Return the seconds until the deadline; 0 once it has passed."""
        return max(0.0, self.timeout - self.elapsed)


async def wait_until(
    observe: Callable[[float], Awaitable[T | None]],
    classify: Callable[[T], WaitStatus],
    *,
    deadline: Deadline,
    action: str,
) -> T:
    """Return the first observation that is classified as done.

    `observe(max_delay)` returns an observation of at most about `max_delay` seconds from now, or `None` if the object
    is gone. It chooses the moment, so that one request can serve many waits. A retried request counts as a status.

    Raises:
        OperationFailed: an observation is classified as failed, or the object is gone.
        DeadlineExceeded: the deadline has passed; the error has the last status.
        Cancelled: the deadline is cancelled; raised at once.
        ApiError: an observation failed, and not with one of `TRANSIENT_ERRORS`.
    """
    clock, last_status = deadline.clock, "nothing"
    started = clock.monotonic()

    def report(status: str) -> None:
        nonlocal last_status
        last_status = status
        deadline.on_progress(f"{status.rstrip('.')}, {clock.monotonic() - started:.0f} s")

    async def poll() -> T:
        while True:
            max_delay = min(_poll_interval(clock.monotonic() - started), deadline.remaining * 0.9)
            max_delay = max(max_delay, FINAL_POLL_MARGIN)
            try:
                with retry_listener(report):
                    observed = await observe(max_delay)
            except TRANSIENT_ERRORS as error:
                report(error.summary)
                await clock.sleep(max_delay)
                continue
            if observed is None:
                raise errors.OperationFailed(GONE_REASON, action=action, hint=Hint.RECREATE)
            status = classify(observed)
            if isinstance(status, Failed):
                raise errors.OperationFailed(status.reason, action=action, hint=status.hint)
            if isinstance(status, Done):
                return observed
            report(status.phase)

    try:
        with trace_span("wait", {"neev.action": action}):
            return await _run_until(poll(), deadline, action=action)
    except _DeadlineReached:
        raise errors.DeadlineExceeded(action, deadline.elapsed, last_status) from None


async def run_before_deadline(awaitable: Awaitable[T], *, deadline: Deadline, action: str) -> T:
    """Return the awaitable's result; cancel it at the deadline.

    Raises:
        DeadlineExceeded: the deadline has passed.
        Cancelled: the deadline is cancelled; raised at once.
    """
    try:
        return await _run_until(awaitable, deadline, action=action)
    except _DeadlineReached:
        raise errors.DeadlineExceeded(action, deadline.elapsed, "under way") from None


@dataclass(frozen=True)
class _RequestScope:
    """The properties of an operation that the transport needs for its requests."""

    on_retry: RetryListener = _ignore
    send_deadline: Deadline | None = None


# the transport is several calls below the operation, and none of them in between needs the scope
_REQUEST_SCOPE: ContextVar[_RequestScope] = ContextVar("request scope", default=_RequestScope())  # noqa: B039  frozen


@contextmanager
def _change_request_scope(**changes: Any) -> Iterator[None]:
    token = _REQUEST_SCOPE.set(replace(_REQUEST_SCOPE.get(), **changes))
    try:
        yield
    finally:
        _REQUEST_SCOPE.reset(token)


def retry_listener(listener: RetryListener) -> AbstractContextManager[None]:
    """Return a context in which the listener is called before each retry of a request."""
    return _change_request_scope(on_retry=listener)


def current_retry_listener() -> RetryListener:
    """Return the listener of the current context."""
    return _REQUEST_SCOPE.get().on_retry


def send_deadline(deadline: Deadline | None) -> AbstractContextManager[None]:
    """Return a context in which no request is sent after the deadline; `None` disables the check.

    A request that has been sent is awaited: it may have created an object.
    """
    return _change_request_scope(send_deadline=deadline)


async def wait_before_send(wait: Callable[[], Awaitable[T]], *, action: str, last_status: str) -> T:
    """Return the result of a wait before a request is sent, and report progress every second.

    `send_deadline` bounds the wait; `last_status` is the last status of the request.

    Raises:
        DeadlineExceeded: the deadline has passed.
        Cancelled: the deadline is cancelled; raised at once.
    """
    deadline = _REQUEST_SCOPE.get().send_deadline
    if deadline is None:
        return await wait()
    if deadline.cancelled.is_set():
        raise errors.Cancelled(action, hint=NOT_SENT_HINT)
    progress = asyncio.ensure_future(_report_progress(last_status, deadline))
    try:
        return await _run_until(wait(), deadline, action=action)
    except errors.Cancelled:
        raise errors.Cancelled(action, hint=NOT_SENT_HINT) from None
    except _DeadlineReached:
        hint = Hint.RAISE_TIMEOUT_NOT_SENT
        raise errors.DeadlineExceeded(action, deadline.elapsed, last_status, hint=hint) from None
    finally:
        progress.cancel()


async def _report_progress(status: str, deadline: Deadline) -> None:
    """Report the unchanged status every second."""
    waited = 0
    while True:
        await deadline.clock.sleep(1)
        waited += 1
        deadline.on_progress(f"{status.rstrip('.')}, {waited} s")


def _poll_interval(age: float) -> float:
    """Return the seconds until the next observation of a wait of this age."""
    # jitter only lengthens: one poll serves many waits, and the shortest of many would always win
    interval = INITIAL_POLL_DELAY + EARLY_POLL_BACKOFF * min(age, 1.0) + POLL_BACKOFF * max(age - 1.0, 0.0)
    return min(interval, MAX_POLL_INTERVAL) * random.uniform(1.0, 1.1)  # noqa: S311  no secret


async def _run_until(awaitable: Awaitable[T], deadline: Deadline, *, action: str) -> T:
    """Return the awaitable's result, unless the deadline passes or is cancelled before."""
    work = asyncio.ensure_future(awaitable)
    await first_completed(work, deadline.cancelled.wait(), deadline.clock.sleep(deadline.remaining))
    if not work.cancelled():
        return work.result()
    if deadline.cancelled.is_set():
        raise errors.Cancelled(action)
    raise _DeadlineReached


class _DeadlineReached(Exception):
    """The deadline has passed."""
