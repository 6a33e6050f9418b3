"""Writes with an unknown outcome: look the object up, and adopt it if this request created it."""

import contextlib
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol, TypeVar

from neev_provider.client.http.server_clock import ServerClock
from neev_provider.client.models import parse_timestamp
from neev_provider.core.clock import Clock
from neev_provider.core.errors import OutcomeUnknown
from neev_provider.core.wait import TRANSIENT_ERRORS, send_deadline

LOOKUP_DELAYS = (0.2, 0.8, 2.0, 4.0, 8.0)
"""Seconds before each look-up: a server that responds slowly may also list a new object late."""

CREATED_AT_TOLERANCE = 1.0
"""Seconds by which a time of creation may be early: the API truncates some to whole seconds."""


class Timestamped(Protocol):
    """An object with the time of its creation."""

    @property
    def created_at(self) -> str | None:
        """Return the time of creation (RFC 3339), by the server's clock."""


T = TypeVar("T")
TimestampedT = TypeVar("TimestampedT", bound=Timestamped)


async def create_or_adopt(  # noqa: PLR0913  every argument has a name
    create: Callable[[], Awaitable[TimestampedT]],
    list_candidates: Callable[[], Awaitable[Iterable[TimestampedT]]],
    *,
    subject: str,
    clock: Clock,
    server_clock: ServerClock,
    matches: Callable[[TimestampedT], bool] = lambda _found: True,
) -> TimestampedT:
    """Return the object that `create` creates; if the outcome is unknown, the only new candidate that matches.

    `create` is never called twice.

    Raises:
        OutcomeUnknown: no candidate, or more than one, can be the created object.
    """
    began = clock.monotonic()
    found: list[TimestampedT] = []

    async def ours() -> TimestampedT | None:
        found[:] = await list_candidates()
        created = [item for item in found if matches(item) and _created_since(item, server_clock.earliest(began))]
        return created[0] if len(created) == 1 else None

    try:
        return await create()
    except OutcomeUnknown as unknown:
        created = await poll_for(ours, clock=clock)
        if created is None:
            raise _still_unknown(unknown, subject, has_candidates=bool(found)) from unknown
        return created


async def perform_or_confirm(
    send: Callable[[], Awaitable[T]], lookup: Callable[[], Awaitable[T | None]], *, clock: Clock
) -> T:
    """Return the result of `send`; if its outcome is unknown, the result of `lookup`, which confirms the effect.

    Raises:
        OutcomeUnknown: no look-up confirms the effect.
    """
    try:
        return await send()
    except OutcomeUnknown:
        observed = await poll_for(lookup, clock=clock)
        if observed is None:
            raise
        return observed


async def poll_for(lookup: Callable[[], Awaitable[T | None]], *, clock: Clock) -> T | None:
    """Return the first result of a few look-ups, or None; no deadline ends them, because an object may exist."""
    with send_deadline(None):
        for pause in LOOKUP_DELAYS:
            await clock.sleep(pause)
            with contextlib.suppress(*TRANSIENT_ERRORS):
                if (observed := await lookup()) is not None:
                    return observed
    return None


def _created_since(candidate: Timestamped, moment: float) -> bool:
    """Return whether the object was created at the moment or later; False if its time of creation is missing."""
    created = parse_timestamp(candidate.created_at)
    return created is not None and created + CREATED_AT_TOLERANCE >= moment


def _still_unknown(unknown: OutcomeUnknown, subject: str, *, has_candidates: bool) -> OutcomeUnknown:
    """Return the error after look-ups without a result."""
    if has_candidates:
        observed, hint = (
            "exists, but is not what this request asked for",
            "Use another name, or import or delete that one.",
        )
    else:
        observed, hint = (
            "has not appeared since",
            "If it appears later, import or delete it; else run the same command again.",
        )
    return OutcomeUnknown(f"{unknown.summary} {subject[:1].upper()}{subject[1:]} {observed}", hint=hint)
