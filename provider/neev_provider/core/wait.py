"""The one place where anything waits."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar

from neev_provider.core import errors
from neev_provider.core.clock import Clock
from neev_provider.core.hints import Hint

T = TypeVar("T")

INITIAL_POLL_DELAY = 0.1
"""Seconds until the first observation of a wait."""

EARLY_POLL_BACKOFF = 0.2
"""Share of a wait's age that its next observation may be later than the first: what is quick is noticed quickly."""

POLL_BACKOFF = 0.1
"""The same share once the wait is a second old: something that took 10 s is noticed within 1.2 s."""

MAX_POLL_INTERVAL = 5.0
"""Seconds between observations of the longest waits."""

FINAL_POLL_MARGIN = 0.05
"""Seconds before its deadline at which a wait looks no more."""

TRANSIENT_ERRORS = (errors.RequestNotSent, errors.Unavailable, errors.RateLimited)
"""What may befall an observation without ending the wait."""


@dataclass(frozen=True)
class Done:
    """What was waited for has come."""


@dataclass(frozen=True)
class Failed:
    """What was waited for will not come; `reason` is what the platform says."""

    reason: str
    hint: str = ""


@dataclass(frozen=True)
class InProgress:
    """It is still under way, in the named phase."""

    phase: str


WaitStatus = Done | Failed | InProgress

NOT_SENT_HINT = "Nothing was created: run the same command again."


def _ignore(_text: str) -> None:
    """Tell nobody."""


RetryListener = Callable[[str], None]

# of the operation that goes on, for the transport far below it: no call in between has a use for them
_RETRY_LISTENER: ContextVar[RetryListener] = ContextVar("who hears of trouble", default=_ignore)
_SEND_DEADLINE: ContextVar["Deadline | None"] = ContextVar("patience with what has not been sent", default=None)


@dataclass(frozen=True)
class Deadline:
    """How long an operation may take, by which clock, and who may end it or wants to hear of it.

    Every wait of the operation draws on the same time, from when the patience was made.
    """

    timeout: float
    """Seconds from when this was made."""
    clock: Clock
    cancelled: asyncio.Event
    """Set: every wait with this patience ends at once."""
    on_progress: Callable[[str], None] = _ignore
    """Told how it goes after each observation: `Pending, 12 s`."""
    started_at: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "started_at", self.clock.monotonic())

    @property
    def elapsed(self) -> float:
        """Seconds since this was made."""
        return self.clock.monotonic() - self.started_at


async def wait_until(
    observe: Callable[[float], Awaitable[T]],
    classify: Callable[[T], WaitStatus],
    *,
    deadline: Deadline,
    action: str,
) -> T:
    """Return the first observation that is done.

    `observe(within)` gives an observation that is made at most about `within` seconds from now; it chooses the
    moment, so that one request can serve many waits. What goes wrong meanwhile and is tried again counts as seen.

    Raises:
        Failed: as soon as an observation is classified so.
        DeadlineExceeded: when the deadline passes; it tells the phase seen last.
        Cancelled: at once when the patience is cancelled.
        ApiError: of an observation, unless it is one that may pass (`TRANSIENT`).
    """
    clock, last = deadline.clock, "nothing"
    started = clock.monotonic()

    def tell(seen: str) -> None:
        deadline.on_progress(f"{seen}, {clock.monotonic() - started:.0f} s")

    def hear(trouble: str) -> None:
        nonlocal last
        last = trouble
        tell(last.rstrip("."))

    async def looking() -> T:
        nonlocal last
        while True:
            left = deadline.timeout - deadline.elapsed
            soon = max(min(_poll_interval(clock.monotonic() - started), left * 0.9), FINAL_POLL_MARGIN)
            try:
                with retry_listener(hear):
                    seen = await observe(soon)
            except TRANSIENT_ERRORS as error:
                hear(error.summary)
                await clock.sleep(soon)
                continue
            verdict = classify(seen)
            if isinstance(verdict, Done):
                return seen
            if isinstance(verdict, Failed):
                raise errors.OperationFailed(verdict.reason, action=action, hint=verdict.hint)
            last = verdict.phase
            tell(last)

    try:
        return await _run_until(looking(), deadline.timeout - deadline.elapsed, deadline=deadline, action=action)
    except _DeadlineReached:
        raise errors.DeadlineExceeded(action, deadline.elapsed, last) from None


async def run_before_deadline(awaitable: Awaitable[T], *, deadline: Deadline, action: str) -> T:
    """Return the awaitable's result; it is ended when the patience is.

    Raises:
        DeadlineExceeded: the time that was left is over.
        Cancelled: at once when the patience is cancelled.
    """
    try:
        return await _run_until(awaitable, deadline.timeout - deadline.elapsed, deadline=deadline, action=action)
    except _DeadlineReached:
        raise errors.DeadlineExceeded(action, deadline.elapsed, "under way") from None


@contextmanager
def retry_listener(listener: RetryListener) -> Iterator[None]:
    """In here, the listener hears of what goes wrong and is tried again."""
    before = _RETRY_LISTENER.set(listener)
    try:
        yield
    finally:
        _RETRY_LISTENER.reset(before)


def current_retry_listener() -> RetryListener:
    """Return who hears of trouble here."""
    return _RETRY_LISTENER.get()


@contextmanager
def send_deadline(deadline: Deadline | None) -> Iterator[None]:
    """In here, what waits to be sent is sent no more once the patience is over; with None, it always is.

    What has been sent is not given up: it may have made something, of which nobody would know.
    """
    before = _SEND_DEADLINE.set(deadline)
    try:
        yield
    finally:
        _SEND_DEADLINE.reset(before)


async def wait_before_send(wait: Callable[[], Awaitable[T]], *, action: str, last_status: str) -> T:
    """Return the result of a wait that `what` is sent after, with what was seen `last` of it; `unsent` says how long.

    Progress hears of it every second.

    Raises:
        DeadlineExceeded: the time that was left is over.
        Cancelled: at once when the patience is cancelled.
    """
    patience = _SEND_DEADLINE.get()
    if patience is None:
        return await wait()
    if patience.cancelled.is_set():
        raise errors.Cancelled(action, hint=NOT_SENT_HINT)
    telling = asyncio.ensure_future(_report_progress(last_status, patience))
    try:
        return await _run_until(wait(), patience.timeout - patience.elapsed, deadline=patience, action=action)
    except errors.Cancelled:
        raise errors.Cancelled(action, hint=NOT_SENT_HINT) from None
    except _DeadlineReached:
        raise errors.DeadlineExceeded(action, patience.elapsed, last_status, hint=Hint.RAISE_TIMEOUT_NOT_SENT) from None
    finally:
        telling.cancel()


async def first_completed(*awaitables: Awaitable[Any]) -> None:
    """Return when one has ended; the others are cancelled by then, and have ended too."""
    futures = [asyncio.ensure_future(each) for each in awaitables]
    try:
        await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for future in futures:
            future.cancel()
        await asyncio.gather(*futures, return_exceptions=True)


async def _report_progress(status: str, deadline: Deadline) -> None:
    """Tell how it goes every second, where nothing new is seen."""
    waited = 0
    while True:
        await deadline.clock.sleep(1)
        waited += 1
        deadline.on_progress(f"{status.rstrip('.')}, {waited} s")


def _poll_interval(age: float) -> float:
    """Return in how many seconds a wait of this age wants its next observation."""
    # Jitter only lengthens: where one sweep serves many waits, the shortest of many would always win.
    look = INITIAL_POLL_DELAY + EARLY_POLL_BACKOFF * min(age, 1.0) + POLL_BACKOFF * max(age - 1.0, 0.0)
    return min(look, MAX_POLL_INTERVAL) * random.uniform(1.0, 1.1)  # noqa: S311  no secret


async def _run_until(awaitable: Awaitable[T], seconds: float, *, deadline: Deadline, action: str) -> T:
    """Return the awaitable's result, unless the patience is cancelled or the seconds have passed before."""
    work = asyncio.ensure_future(awaitable)
    await first_completed(work, deadline.cancelled.wait(), deadline.clock.sleep(seconds))
    if not work.cancelled():
        return work.result()
    if deadline.cancelled.is_set():
        raise errors.Cancelled(action)
    raise _DeadlineReached


class _DeadlineReached(Exception):
    """The seconds passed first."""
