"""One watcher for all who wait: it looks for everybody at once."""

import asyncio
from dataclasses import dataclass, field
from math import inf, sqrt
from typing import Generic, TypeVar

from pulumi_neev.client.pages import PAGE_SIZE
from pulumi_neev.client.sweeping import Sighting, Sweeper
from pulumi_neev.client.wire import Item
from pulumi_neev.core.clock import Clock
from pulumi_neev.core.errors import Cancelled
from pulumi_neev.core.waiting import first

W = TypeVar("W", bound=Item)

CALM = 0.057
"""Seconds between sweeps for two observers; for more it grows with the root of their number."""

PAYING = 30
"""Items that a request for a page of them should find finished, while they finish one after another."""

HASTE = 0.1
"""Seconds between sweeps at least, while items finish one after another."""

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
    told: asyncio.Future[Seen[W]] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def tell(self, seen: Seen[W]) -> None:
        """Give the observer what it waits for; what was given first stays."""
        if not self.told.done():
            self.told.set_result(seen)


class Watcher(Generic[W]):
    """Lets any number of observers see their items, with one sweep whenever the most eager of them is due.

    Its task lives while someone observes.
    """

    def __init__(self, sweeper: Sweeper[W], *, clock: Clock) -> None:
        self._sweeper = sweeper
        self._clock = clock
        self._observers: set[_Observer[W]] = set()
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._swept = -inf
        self._pause = 0.0
        self._looked_for: frozenset[str] = frozenset()

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
        observer: _Observer[W] = _Observer(id, due=self._clock.monotonic() + within, proof=proof)
        self._observers.add(observer)
        self._changed.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._watch())
        try:
            seen = await observer.told
        finally:
            self._observers.discard(observer)
            self._changed.set()
        if seen.error is not None:
            raise seen.error
        return seen

    async def _watch(self) -> None:
        """Sweep whenever it is time, until nobody observes."""
        while self._observers:
            wait = self._due() - self._clock.monotonic()
            if wait > SOON:
                self._changed.clear()
                await first(self._clock.sleep(wait), self._changed.wait())
                continue
            await self._serve()

    def _due(self) -> float:
        """Return when the next sweep is to begin: soon enough for the most eager, but not too often for so many.

        Who does not come back after a sweep has seen what it waited for. Things that were begun together finish
        together, so the rest is looked for as soon as a sweep is worth its requests again.
        """
        ids = {each.id for each in self._observers}
        pause = CALM * sqrt(len(self._observers) - 1)
        due = max(min(each.due for each in self._observers), self._swept + pause)
        finished = len(self._looked_for - ids)
        if not finished or self._looked_for.isdisjoint(ids):
            return due
        worth = min(len(ids), PAYING * (1 + len(ids) // PAGE_SIZE))
        return min(due, self._swept + max(HASTE, min(pause, self._pause * worth / finished)))

    async def _serve(self) -> None:
        """Tell everyone who observes now what one sweep sees."""
        served, self._observers = self._observers, set()
        now = self._clock.monotonic()
        self._pause, self._swept = now - self._swept, now
        self._looked_for = frozenset(each.id for each in served)
        try:
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
