"""One watcher for all who wait: it looks for everybody at once."""

import asyncio
from contextvars import Context
from dataclasses import dataclass, field
from math import inf, sqrt
from typing import Generic, TypeVar

from neev_provider.client.http.pagination import PAGE_SIZE
from neev_provider.client.models import Item
from neev_provider.client.polling.batch_reader import Sighting, Sweeper
from neev_provider.core.clock import Clock
from neev_provider.core.errors import Cancelled
from neev_provider.core.wait import Listener, first, hearing, listener

W = TypeVar("W", bound=Item)

CALM = 0.057
"""Seconds between sweeps for two observers; for more it grows with the root of their number."""

PAYING = 30
"""Items that a request for a page of them should find finished, while they finish one after another."""

HASTE = 0.1
"""Seconds between sweeps at least, while items finish one after another."""

CALMER = 6
"""How many times rarer everybody is looked for while a scout tells that nothing has changed."""

SCOUTING = 0.3
"""Seconds between looks at scouts at least."""

EAGER = 14.0
"""Share of a scout's age until the next look at one, times the observers: for more of them more looks are worth it."""

RARE = 5.0
"""Seconds between looks at scouts at most."""

COMING_BACK = 0.01
"""Seconds in which who was told of an item asks again, if it still waits."""

SOON = 0.001
"""Seconds that are not worth sleeping for."""


@dataclass(frozen=True)
class Seen(Generic[W]):
    """What one observer is told: the item, that it is gone, or what kept it from being seen."""

    item: W | None = None
    gone: bool = False
    error: Exception | None = None


@dataclass(eq=False)
class _Observer(Generic[W]):
    """Someone who wants to know of an item, and by when."""

    id: str
    due: float
    proof: bool
    began: float
    """When the item was first asked for."""
    again: bool
    """Whether it has been looked for since."""
    hear: Listener = field(default_factory=listener)
    """Hears of what goes wrong while it is looked for."""
    told: asyncio.Future[Seen[W]] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def tell(self, seen: Seen[W]) -> None:
        """Give the observer what it waits for; what was given first stays."""
        if not self.told.done():
            self.told.set_result(seen)


class Watcher(Generic[W]):
    """Lets any number of observers see their items, with one sweep whenever the most eager of them is due.

    Things that were begun together finish together. So where a sweep takes several requests, one item is looked for
    alone, again and again, a scout: what was begun first. Once it does not come back, everybody is looked for.

    Its task lives while someone observes.
    """

    def __init__(self, sweeper: Sweeper[W], *, clock: Clock) -> None:
        self._sweeper = sweeper
        self._clock = clock
        self._observers: set[_Observer[W]] = set()
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._began: dict[str, float] = {}
        """When each was first asked for, of those who observe or were looked for last."""
        self._swept = -inf
        self._looked = -inf
        self._pause: float | None = None
        """Seconds between the last two sweeps, where some had finished before the last."""
        self._looked_for: frozenset[str] = frozenset()
        self._scouts: set[str] = set()
        """Who was looked for alone since the last sweep."""
        self._news = False
        """Whether one of them has finished."""

    @property
    def idle(self) -> bool:
        """Whether nobody waits for the next sweep."""
        return not self._observers

    async def observe(self, id: str, within: float) -> W | None:
        """Return the item as seen at most about `within` seconds from now; None when it is certainly gone."""
        return (await self._tell(id, within, proof=True)).item

    async def observe_gone(self, id: str, within: float) -> bool:
        """Return whether the item is gone, as seen at most about `within` seconds from now."""
        return (await self._tell(id, within, proof=False)).gone

    async def aclose(self) -> None:
        """Stop watching; who still observes is told so."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        for each in self._observers:
            each.tell(Seen(error=Cancelled("watching the API")))

    async def _tell(self, id: str, within: float, *, proof: bool) -> Seen[W]:
        """Return what is seen of the item in the next sweep that begins after now."""
        now = self._clock.monotonic()
        again = id in self._looked_for
        began = self._began.setdefault(id, now)
        observer: _Observer[W] = _Observer(id, due=now + within, proof=proof, began=began, again=again)
        self._observers.add(observer)
        self._changed.set()
        if self._task is None or self._task.done():
            # for all who observe, so in the name of none of them
            self._task = asyncio.create_task(self._watch(), context=Context())
        try:
            seen = await observer.told
        finally:
            self._observers.discard(observer)
            self._changed.set()
        if seen.error is not None:
            raise seen.error
        return seen

    async def _watch(self) -> None:
        """Look whenever it is time, until nobody observes."""
        while self._observers:
            finished = self._finished()
            scout = None if finished or self._news else self._scout()
            sweep = self._sweep_due(finished, scouting=scout is not None)
            due = sweep if scout is None else min(sweep, self._scout_due(scout))
            wait = due - self._clock.monotonic()
            if wait > SOON:
                self._changed.clear()
                await first(self._clock.sleep(wait), self._changed.wait())
            elif scout is not None and due < sweep:
                await self._send(scout)
            else:
                await self._sweep()

    def _finished(self) -> frozenset[str]:
        """Return who has seen in the last sweep what it waited for: those who did not come back, while others did."""
        ids = {each.id for each in self._observers}
        return frozenset() if self._looked_for.isdisjoint(ids) else self._looked_for - ids

    def _scout(self) -> _Observer[W] | None:
        """Return the observer of what was begun first and not looked for alone; None where a sweep is as good."""
        if len(self._observers) <= PAGE_SIZE or not all(each.again for each in self._observers):
            return None
        rest = (each for each in self._observers if each.id not in self._scouts)
        return min(rest, key=lambda each: each.began, default=None)

    def _scout_due(self, scout: _Observer[W]) -> float:
        """Return when it is to be looked for: the longer it takes, the rarer."""
        age = self._looked - scout.began
        return self._looked + min(max(SCOUTING, age * EAGER / len(self._observers)), RARE)

    def _sweep_due(self, finished: frozenset[str], *, scouting: bool) -> float:
        """Return when the next sweep is to begin: soon enough for the most eager, but not too often for so many.

        Things that were begun together finish together, so once some have finished, the rest is looked for as soon as a
        sweep is worth its requests again.
        """
        if self._news:
            return self._looked
        waiting = len({each.id for each in self._observers})
        pause = CALM * sqrt(len(self._observers) - 1)
        eager = min(each.due for each in self._observers)
        due = max(eager, self._swept + pause * (CALMER if scouting else 1.0))
        if not finished:
            return due
        worth = min(waiting, PAYING * (1 + waiting // PAGE_SIZE))
        return min(due, self._swept + max(HASTE, min(pause, self._took(finished) * worth / len(finished))))

    def _took(self, finished: frozenset[str]) -> float:
        """Return the seconds in which so many have finished; where that is unknown, those in which they were begun."""
        if self._pause is not None:
            return self._pause
        began = [self._began[id] for id in finished]
        return max(began) - min(began)

    async def _send(self, scout: _Observer[W]) -> None:
        """Tell one observer what a look at its item sees; where it does not come back, there is news for all."""
        self._looked = self._clock.monotonic()
        self._scouts.add(scout.id)
        await self._tell_what_is_seen({scout})
        await self._clock.sleep(COMING_BACK)
        self._news = all(each.id != scout.id for each in self._observers)

    async def _sweep(self) -> None:
        """Tell everyone who observes now what one sweep sees."""
        now = self._clock.monotonic()
        self._pause = now - self._swept if self._finished() and not self._news else None
        served, self._observers = self._observers, set()
        ids = frozenset(each.id for each in served)
        self._swept = self._looked = now
        self._looked_for, self._scouts, self._news = ids, set(), False
        self._began = {id: began for id, began in self._began.items() if id in ids}
        await self._tell_what_is_seen(served)

    async def _tell_what_is_seen(self, served: set[_Observer[W]]) -> None:
        """Tell them what one sweep sees of their items."""

        def hear(trouble: str) -> None:
            for each in served:
                if not each.told.done():
                    each.hear(trouble)

        try:
            with hearing(hear):
                sighting = await self._sweeper.sweep(
                    {each.id for each in served}, prove={each.id for each in served if each.proof}
                )
        except Exception as error:  # noqa: BLE001  it belongs to those who asked
            for each in served:
                each.tell(Seen(error=error))
        else:
            for each in served:
                each.tell(_seen(each.id, sighting))
        finally:
            for each in served:
                each.tell(Seen(error=Cancelled("watching the API")))


def _seen(id: str, sighting: Sighting[W]) -> Seen[W]:
    """Return what a sweep means for the observer of one id."""
    return Seen(item=sighting.found.get(id), gone=id in sighting.gone, error=sighting.failed.get(id))
