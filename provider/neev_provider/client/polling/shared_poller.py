"""One watcher for all who wait: it looks for everybody at once."""

import asyncio
from contextvars import Context
from dataclasses import dataclass, field
from math import inf, sqrt
from typing import Generic, TypeVar

from neev_provider.client.http.pagination import PAGE_SIZE
from neev_provider.client.models import ApiObject
from neev_provider.client.polling.batch_reader import BatchReader, BatchResult
from neev_provider.core.clock import Clock
from neev_provider.core.errors import Cancelled
from neev_provider.core.wait import RetryListener, current_retry_listener, first_completed, retry_listener

ItemT = TypeVar("ItemT", bound=ApiObject)

BASE_POLL_INTERVAL = 0.057
"""Seconds between sweeps for two observers; for more it grows with the root of their number."""

MIN_COMPLETIONS_PER_REQUEST = 30
"""Items that a request for a page of them should find finished, while they finish one after another."""

MIN_POLL_INTERVAL = 0.1
"""Seconds between sweeps at least, while items finish one after another."""

IDLE_BACKOFF_FACTOR = 6
"""How many times rarer everybody is looked for while a scout tells that nothing has changed."""

MIN_PROBE_INTERVAL = 0.3
"""Seconds between looks at scouts at least."""

PROBE_INTERVAL_SHARE = 14.0
"""Share of a scout's age until the next look at one, times the observers: for more of them more looks are worth it."""

MAX_PROBE_INTERVAL = 5.0
"""Seconds between looks at scouts at most."""

RESUBSCRIBE_GRACE = 0.01
"""Seconds in which who was told of an item asks again, if it still waits."""

MIN_SLEEP = 0.001
"""Seconds that are not worth sleeping for."""


@dataclass(frozen=True)
class PollResult(Generic[ItemT]):
    """What one observer is told: the item, that it is gone, or what kept it from being seen."""

    item: ItemT | None = None
    gone: bool = False
    error: Exception | None = None


@dataclass(eq=False)
class _Subscriber(Generic[ItemT]):
    """Someone who wants to know of an item, and by when."""

    id: str
    due_at: float
    confirm_gone: bool
    first_requested_at: float
    """When the item was first asked for."""
    polled_before: bool
    """Whether it has been looked for since."""
    on_retry: RetryListener = field(default_factory=current_retry_listener)
    """Hears of what goes wrong while it is looked for."""
    result: asyncio.Future[PollResult[ItemT]] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def resolve(self, result: PollResult[ItemT]) -> None:
        """Give the observer what it waits for; what was given first stays."""
        if not self.result.done():
            self.result.set_result(result)


class SharedPoller(Generic[ItemT]):
    """Lets any number of observers see their items, with one sweep whenever the most eager of them is due.

    Things that were begun together finish together. So where a sweep takes several requests, one item is looked for
    alone, again and again, a scout: what was begun first. Once it does not come back, everybody is looked for.

    Its task lives while someone observes.
    """

    def __init__(self, reader: BatchReader[ItemT], *, clock: Clock) -> None:
        self._reader = reader
        self._clock = clock
        self._subscribers: set[_Subscriber[ItemT]] = set()
        self._subscribers_changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._first_requested_at: dict[str, float] = {}
        """When each was first asked for, of those who observe or were looked for last."""
        self._last_poll_at = -inf
        self._last_probe_at = -inf
        self._last_poll_gap: float | None = None
        """Seconds between the last two sweeps, where some had finished before the last."""
        self._polled_ids: frozenset[str] = frozenset()
        self._probed_ids: set[str] = set()
        """Who was looked for alone since the last sweep."""
        self._probe_completed = False
        """Whether one of them has finished."""

    @property
    def is_idle(self) -> bool:
        """Whether nobody waits for the next sweep."""
        return not self._subscribers

    async def observe(self, id: str, max_delay: float) -> ItemT | None:
        """Return the item as seen at most about `within` seconds from now; None when it is certainly gone."""
        return (await self._subscribe(id, max_delay, confirm_gone=True)).item

    async def observe_gone(self, id: str, max_delay: float) -> bool:
        """Return whether the item is gone, as seen at most about `within` seconds from now."""
        return (await self._subscribe(id, max_delay, confirm_gone=False)).gone

    async def aclose(self) -> None:
        """Stop watching; who still observes is told so."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        for each in self._subscribers:
            each.resolve(PollResult(error=Cancelled("watching the API")))

    async def _subscribe(self, id: str, max_delay: float, *, confirm_gone: bool) -> PollResult[ItemT]:
        """Return what is seen of the item in the next sweep that begins after now."""
        now = self._clock.monotonic()
        again = id in self._polled_ids
        began = self._first_requested_at.setdefault(id, now)
        observer: _Subscriber[ItemT] = _Subscriber(
            id, due_at=now + max_delay, confirm_gone=confirm_gone, first_requested_at=began, polled_before=again
        )
        self._subscribers.add(observer)
        self._subscribers_changed.set()
        if self._task is None or self._task.done():
            # for all who observe, so in the name of none of them
            self._task = asyncio.create_task(self._run(), context=Context())
        try:
            seen = await observer.result
        finally:
            self._subscribers.discard(observer)
            self._subscribers_changed.set()
        if seen.error is not None:
            raise seen.error
        return seen

    async def _run(self) -> None:
        """Look whenever it is time, until nobody observes."""
        while self._subscribers:
            finished = self._completed()
            scout = None if finished or self._probe_completed else self._next_probe()
            sweep = self._poll_due_at(finished, is_probing=scout is not None)
            due = sweep if scout is None else min(sweep, self._probe_due_at(scout))
            wait = due - self._clock.monotonic()
            if wait > MIN_SLEEP:
                self._subscribers_changed.clear()
                await first_completed(self._clock.sleep(wait), self._subscribers_changed.wait())
            elif scout is not None and due < sweep:
                await self._probe_one(scout)
            else:
                await self._poll_all()

    def _completed(self) -> frozenset[str]:
        """Return who has seen in the last sweep what it waited for: those who did not come back, while others did."""
        ids = {each.id for each in self._subscribers}
        return frozenset() if self._polled_ids.isdisjoint(ids) else self._polled_ids - ids

    def _next_probe(self) -> _Subscriber[ItemT] | None:
        """Return the observer of what was begun first and not looked for alone; None where a sweep is as good."""
        if len(self._subscribers) <= PAGE_SIZE or not all(each.polled_before for each in self._subscribers):
            return None
        rest = (each for each in self._subscribers if each.id not in self._probed_ids)
        return min(rest, key=lambda each: each.first_requested_at, default=None)

    def _probe_due_at(self, subscriber: _Subscriber[ItemT]) -> float:
        """Return when it is to be looked for: the longer it takes, the rarer."""
        age = self._last_probe_at - subscriber.first_requested_at
        return self._last_probe_at + min(
            max(MIN_PROBE_INTERVAL, age * PROBE_INTERVAL_SHARE / len(self._subscribers)), MAX_PROBE_INTERVAL
        )

    def _poll_due_at(self, completed: frozenset[str], *, is_probing: bool) -> float:
        """Return when the next sweep is to begin: soon enough for the most eager, but not too often for so many.

        Things that were begun together finish together, so once some have finished, the rest is looked for as soon as a
        sweep is worth its requests again.
        """
        if self._probe_completed:
            return self._last_probe_at
        waiting = len({each.id for each in self._subscribers})
        pause = BASE_POLL_INTERVAL * sqrt(len(self._subscribers) - 1)
        eager = min(each.due_at for each in self._subscribers)
        due = max(eager, self._last_poll_at + pause * (IDLE_BACKOFF_FACTOR if is_probing else 1.0))
        if not completed:
            return due
        worth = min(waiting, MIN_COMPLETIONS_PER_REQUEST * (1 + waiting // PAGE_SIZE))
        return min(
            due,
            self._last_poll_at
            + max(MIN_POLL_INTERVAL, min(pause, self._completion_span(completed) * worth / len(completed))),
        )

    def _completion_span(self, completed: frozenset[str]) -> float:
        """Return the seconds in which so many have finished; where that is unknown, those in which they were begun."""
        if self._last_poll_gap is not None:
            return self._last_poll_gap
        began = [self._first_requested_at[id] for id in completed]
        return max(began) - min(began)

    async def _probe_one(self, subscriber: _Subscriber[ItemT]) -> None:
        """Tell one observer what a look at its item sees; where it does not come back, there is news for all."""
        self._last_probe_at = self._clock.monotonic()
        self._probed_ids.add(subscriber.id)
        await self._publish({subscriber})
        await self._clock.sleep(RESUBSCRIBE_GRACE)
        self._probe_completed = all(each.id != subscriber.id for each in self._subscribers)

    async def _poll_all(self) -> None:
        """Tell everyone who observes now what one sweep sees."""
        now = self._clock.monotonic()
        self._last_poll_gap = now - self._last_poll_at if self._completed() and not self._probe_completed else None
        served, self._subscribers = self._subscribers, set()
        ids = frozenset(each.id for each in served)
        self._last_poll_at = self._last_probe_at = now
        self._polled_ids, self._probed_ids, self._probe_completed = ids, set(), False
        self._first_requested_at = {id: began for id, began in self._first_requested_at.items() if id in ids}
        await self._publish(served)

    async def _publish(self, subscribers: set[_Subscriber[ItemT]]) -> None:
        """Tell them what one sweep sees of their items."""

        def hear(trouble: str) -> None:
            for each in subscribers:
                if not each.result.done():
                    each.on_retry(trouble)

        try:
            with retry_listener(hear):
                sighting = await self._reader.read(
                    {each.id for each in subscribers}, confirm={each.id for each in subscribers if each.confirm_gone}
                )
        except Exception as error:  # noqa: BLE001  it belongs to those who asked
            for each in subscribers:
                each.resolve(PollResult(error=error))
        else:
            for each in subscribers:
                each.resolve(_to_poll_result(each.id, sighting))
        finally:
            for each in subscribers:
                each.resolve(PollResult(error=Cancelled("watching the API")))


def _to_poll_result(id: str, batch: BatchResult[ItemT]) -> PollResult[ItemT]:
    """Return what a sweep means for the observer of one id."""
    return PollResult(item=batch.items.get(id), gone=id in batch.gone_ids, error=batch.errors.get(id))
