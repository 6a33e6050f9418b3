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

T = TypeVar("T")

FIRST_LOOK = 0.1
"""Seconds until the first observation of a wait."""

EARLY_GROWTH = 0.2
"""Share of a wait's age that its next observation may be later than the first: what is quick is noticed quickly."""

GROWTH = 0.1
"""The same share once the wait is a second old: something that took 10 s is noticed within 1.2 s."""

RAREST_LOOK = 5.0
"""Seconds between observations of the longest waits."""

LAST_LOOK = 0.05
"""Seconds before its deadline at which a wait looks no more."""

TRANSIENT = (errors.NeverSent, errors.Unavailable, errors.RateLimited)
"""What may befall an observation without ending the wait."""


@dataclass(frozen=True)
class Done:
    """What was waited for has come."""


@dataclass(frozen=True)
class Failed:
    """What was waited for will not come; `reason` is what the platform says."""

    reason: str


@dataclass(frozen=True)
class Going:
    """It is still under way, in the named phase."""

    phase: str


Verdict = Done | Failed | Going

UNSENT = "Nothing was made: run the same command again."
UNSENT_IN_TIME = "Nothing was made: run the same command again, or allow more time with `customTimeouts`."


def _silent(_text: str) -> None:
    """Tell nobody."""


Listener = Callable[[str], None]

# of the operation that goes on, for the transport far below it: no call in between has a use for them
_LISTENER: ContextVar[Listener] = ContextVar("who hears of trouble", default=_silent)
_UNSENT: ContextVar["Patience | None"] = ContextVar("patience with what has not been sent", default=None)


@dataclass(frozen=True)
class Patience:
    """How long an operation may take, by which clock, and who may end it or wants to hear of it.

    Every wait of the operation draws on the same time, from when the patience was made.
    """

    deadline: float
    """Seconds from when this was made."""
    clock: Clock
    cancelled: asyncio.Event
    """Set: every wait with this patience ends at once."""
    progress: Callable[[str], None] = _silent
    """Told how it goes after each observation: `Pending, 12 s`."""
    began: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "began", self.clock.monotonic())

    @property
    def spent(self) -> float:
        """Seconds since this was made."""
        return self.clock.monotonic() - self.began


async def until(
    observe: Callable[[float], Awaitable[T]],
    classify: Callable[[T], Verdict],
    *,
    patience: Patience,
    what: str,
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
    clock, last = patience.clock, "nothing"
    started = clock.monotonic()

    def tell(seen: str) -> None:
        patience.progress(f"{seen}, {clock.monotonic() - started:.0f} s")

    def hear(trouble: str) -> None:
        nonlocal last
        last = trouble
        tell(last.rstrip("."))

    async def looking() -> T:
        nonlocal last
        while True:
            left = patience.deadline - patience.spent
            soon = max(min(_look_within(clock.monotonic() - started), left * 0.9), LAST_LOOK)
            try:
                with hearing(hear):
                    seen = await observe(soon)
            except TRANSIENT as error:
                hear(error.fact)
                await clock.sleep(soon)
                continue
            verdict = classify(seen)
            if isinstance(verdict, Done):
                return seen
            if isinstance(verdict, Failed):
                raise errors.Failed(verdict.reason, what=what)
            last = verdict.phase
            tell(last)

    try:
        return await _bounded(looking(), patience.deadline - patience.spent, patience=patience, what=what)
    except _Late:
        raise errors.DeadlineExceeded(what, patience.spent, last) from None


async def within(awaitable: Awaitable[T], *, patience: Patience, what: str) -> T:
    """Return the awaitable's result; it is ended when the patience is.

    Raises:
        DeadlineExceeded: the time that was left is over.
        Cancelled: at once when the patience is cancelled.
    """
    try:
        return await _bounded(awaitable, patience.deadline - patience.spent, patience=patience, what=what)
    except _Late:
        raise errors.DeadlineExceeded(what, patience.spent, "under way") from None


@contextmanager
def hearing(listener: Listener) -> Iterator[None]:
    """In here, the listener hears of what goes wrong and is tried again."""
    before = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(before)


def listener() -> Listener:
    """Return who hears of trouble here."""
    return _LISTENER.get()


@contextmanager
def unsent(patience: Patience | None) -> Iterator[None]:
    """In here, what waits to be sent is sent no more once the patience is over; with None, it always is.

    What has been sent is not given up: it may have made something, of which nobody would know.
    """
    before = _UNSENT.set(patience)
    try:
        yield
    finally:
        _UNSENT.reset(before)


async def before_sending(wait: Callable[[], Awaitable[T]], *, what: str, last: str) -> T:
    """Return the result of a wait that `what` is sent after, with what was seen `last` of it; `unsent` says how long.

    Progress hears of it every second.

    Raises:
        DeadlineExceeded: the time that was left is over.
        Cancelled: at once when the patience is cancelled.
    """
    patience = _UNSENT.get()
    if patience is None:
        return await wait()
    if patience.cancelled.is_set():
        raise errors.Cancelled(what, hint=UNSENT)
    telling = asyncio.ensure_future(_tell(last, patience))
    try:
        return await _bounded(wait(), patience.deadline - patience.spent, patience=patience, what=what)
    except errors.Cancelled:
        raise errors.Cancelled(what, hint=UNSENT) from None
    except _Late:
        raise errors.DeadlineExceeded(what, patience.spent, last, hint=UNSENT_IN_TIME) from None
    finally:
        telling.cancel()


async def first(*awaitables: Awaitable[Any]) -> None:
    """Return when one has ended; the others are cancelled by then, and have ended too."""
    futures = [asyncio.ensure_future(each) for each in awaitables]
    try:
        await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for future in futures:
            future.cancel()
        await asyncio.gather(*futures, return_exceptions=True)


async def _tell(seen: str, patience: Patience) -> None:
    """Tell how it goes every second, where nothing new is seen."""
    waited = 0
    while True:
        await patience.clock.sleep(1)
        waited += 1
        patience.progress(f"{seen.rstrip('.')}, {waited} s")


def _look_within(age: float) -> float:
    """Return in how many seconds a wait of this age wants its next observation."""
    # Jitter only lengthens: where one sweep serves many waits, the shortest of many would always win.
    look = FIRST_LOOK + EARLY_GROWTH * min(age, 1.0) + GROWTH * max(age - 1.0, 0.0)
    return min(look, RAREST_LOOK) * random.uniform(1.0, 1.1)  # noqa: S311  no secret


async def _bounded(awaitable: Awaitable[T], seconds: float, *, patience: Patience, what: str) -> T:
    """Return the awaitable's result, unless the patience is cancelled or the seconds have passed before."""
    work = asyncio.ensure_future(awaitable)
    await first(work, patience.cancelled.wait(), patience.clock.sleep(seconds))
    if not work.cancelled():
        return work.result()
    if patience.cancelled.is_set():
        raise errors.Cancelled(what)
    raise _Late


class _Late(Exception):
    """The seconds passed first."""
