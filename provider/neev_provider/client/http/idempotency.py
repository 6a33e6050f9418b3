"""What to do when nobody knows whether a thing was made: look for it, and take it when it is ours."""

import contextlib
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol, TypeVar

from neev_provider.client.http.server_clock import ServerClock
from neev_provider.client.models import seconds
from neev_provider.core.clock import Clock
from neev_provider.core.errors import OutcomeUnknown
from neev_provider.core.wait import TRANSIENT, unsent

LOOKS = (0.2, 0.8, 2.0, 4.0, 8.0)
"""Seconds before each look: a server too slow to answer may be slow to show what it made, too."""

TOLERANCE = 1.0
"""Seconds that a time of creation may be early: some are cut to whole seconds."""


class Made(Protocol):
    """Something that tells when it was made."""

    @property
    def created_at(self) -> str | None:
        """The RFC 3339 time at which it was made, by the server's clock."""


T = TypeVar("T")
M = TypeVar("M", bound=Made)


async def make_once(  # noqa: PLR0913  what is asked of a made thing, each by its name
    make: Callable[[], Awaitable[M]],
    candidates: Callable[[], Awaitable[Iterable[M]]],
    *,
    what: str,
    clock: Clock,
    server_clock: ServerClock,
    fits: Callable[[M], bool] = lambda _found: True,
) -> M:
    """Return what `make` made; when that is unknown, the one candidate that fits and was made since.

    Nothing is ever made a second time.

    Raises:
        OutcomeUnknown: none of the candidates, or more than one, can be what was made.
    """
    began = clock.monotonic()
    found: list[M] = []

    async def ours() -> M | None:
        found[:] = await candidates()
        made = [each for each in found if fits(each) and _made_since(each, server_clock.earliest(began))]
        return made[0] if len(made) == 1 else None

    try:
        return await make()
    except OutcomeUnknown as unknown:
        made = await first_seen(ours, clock=clock)
        if made is None:
            raise _unsettled(unknown, what, others=bool(found)) from unknown
        return made


async def do_once(act: Callable[[], Awaitable[T]], look: Callable[[], Awaitable[T | None]], *, clock: Clock) -> T:
    """Return what `act` returned; when its outcome is unknown, what a look sees that shows its effect.

    Raises:
        OutcomeUnknown: no look saw the effect.
    """
    try:
        return await act()
    except OutcomeUnknown:
        seen = await first_seen(look, clock=clock)
        if seen is None:
            raise
        return seen


async def first_seen(look: Callable[[], Awaitable[T | None]], *, clock: Clock) -> T | None:
    """Return the first thing that a few looks see, or None; they are not given up, for something may be there."""
    with unsent(None):
        for pause in LOOKS:
            await clock.sleep(pause)
            with contextlib.suppress(*TRANSIENT):
                if (seen := await look()) is not None:
                    return seen
    return None


def _made_since(made: Made, moment: float) -> bool:
    """Return whether the thing was made at the moment or later; False where it does not say."""
    created = seconds(made.created_at)
    return created is not None and created + TOLERANCE >= moment


def _unsettled(unknown: OutcomeUnknown, what: str, *, others: bool) -> OutcomeUnknown:
    """Return the error for something that was looked for in vain."""
    if others:
        seen, hint = "exists, but is not what this request asked for", "Use another name, or import or delete that one."
    else:
        seen, hint = (
            "has not appeared since",
            "If it appears later, import or delete it; else run the same command again.",
        )
    return OutcomeUnknown(f"{unknown.fact} {what[:1].upper()}{what[1:]} {seen}", hint=hint)
