"""One poller for all waits: it reads the awaited items together."""

import asyncio
from collections.abc import Callable, Sequence
from contextvars import Context
from dataclasses import dataclass, field
from math import inf
from typing import Generic, TypeVar

from neev_provider.client.models import ApiObject
from neev_provider.client.polling.batch_reader import BatchReader, BatchResult
from neev_provider.client.polling.schedule import History, Pending, ProbeOne, Sleep, next_read
from neev_provider.core.clock import Clock
from neev_provider.core.errors import Cancelled
from neev_provider.core.tasks import first_completed
from neev_provider.core.wait import RetryListener, current_retry_listener, retry_listener

ItemT = TypeVar("ItemT", bound=ApiObject)
MAX_LIST_AGE = 1.0
"""Seconds for which what a list shows is recent."""


@dataclass(frozen=True)
class PollResult(Generic[ItemT]):
    """The item of one subscriber, that it is gone, or the error of the read."""

    item: ItemT | None = None
    gone: bool = False
    error: Exception | None = None


@dataclass(eq=False)
class _Subscriber(Generic[ItemT]):
    """One waiter for the next read of an item."""

    pending: Pending
    confirm_gone: bool
    on_retry: RetryListener = field(default_factory=current_retry_listener)
    """Called with the reason for each retry of a request for the item."""
    result: asyncio.Future[PollResult[ItemT]] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def resolve(self, result: PollResult[ItemT]) -> None:
        """Set the result; the first one stays."""
        if not self.result.done():
            self.result.set_result(result)


class SharedPoller(Generic[ItemT]):
    """Reads items for any number of subscribers, when `next_read` decides so.

    Its task runs while there are subscribers.
    """

    def __init__(
        self, reader: BatchReader[ItemT], *, clock: Clock, has_sent_changes: Callable[[], bool] = lambda: True
    ) -> None:
        self._reader = reader
        self._clock = clock
        self._has_sent_changes = has_sent_changes
        """Whether this process may have changed an item; then what was read before may be outdated."""
        self._listed: dict[str, tuple[float, ItemT]] = {}
        """Each item that was on a page and not requested, with the moment from which its read began."""
        self._subscribers: list[_Subscriber[ItemT]] = []
        """The subscribers of the next read, in the order of their requests."""
        self._subscribers_changed = asyncio.Event()
        self._history = History()
        self._task: asyncio.Task[None] | None = None

    @property
    def is_idle(self) -> bool:
        """Return whether there are no subscribers."""
        return not self._subscribers

    async def observe(self, id: str, max_delay: float) -> ItemT | None:
        """Return the item as read at most about `max_delay` seconds from now; None when it is certainly gone."""
        return (await self._subscribe(id, max_delay, confirm_gone=True)).item

    async def observe_recent(self, id: str, max_delay: float) -> ItemT | None:
        """Return the item as `observe` does, or as a list showed it at most `MAX_LIST_AGE` seconds ago.

        A refresh reads a few items at a time. This way the list that is read for the first serves the others, too.
        Once this process has changed anything, every item is read anew.
        """
        began, item = self._listed.get(id, (-inf, None))
        if self._has_sent_changes() or self._clock.monotonic() - began > MAX_LIST_AGE:
            return await self.observe(id, max_delay)
        return item

    async def observe_gone(self, id: str, max_delay: float) -> bool:
        """Return whether the item is gone, as read at most about `max_delay` seconds from now."""
        return (await self._subscribe(id, max_delay, confirm_gone=False)).gone

    async def aclose(self) -> None:
        """Stop polling; every subscriber gets an error."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        _resolve_cancelled(self._subscribers)

    async def _subscribe(self, id: str, max_delay: float, *, confirm_gone: bool) -> PollResult[ItemT]:
        """Return the result of the next read that begins after now."""
        subscriber: _Subscriber[ItemT] = _Subscriber(Pending(id, self._clock.monotonic(), max_delay), confirm_gone)
        self._subscribers.append(subscriber)
        self._subscribers_changed.set()
        if self._task is None or self._task.done():
            # the task reads for all subscribers, so it uses the context of none of them
            self._task = asyncio.create_task(self._run(), context=Context())
        try:
            result = await subscriber.result
        finally:
            if subscriber in self._subscribers:
                self._subscribers.remove(subscriber)
                self._subscribers_changed.set()
        if result.error is not None:
            raise result.error
        return result

    async def _run(self) -> None:
        """Execute the decisions of the schedule until there are no subscribers."""
        while self._subscribers:
            now = self._clock.monotonic()
            match next_read(now, [subscriber.pending for subscriber in self._subscribers], self._history):
                case Sleep(seconds):
                    self._subscribers_changed.clear()
                    await first_completed(self._clock.sleep(seconds), self._subscribers_changed.wait())
                case ProbeOne(id):
                    self._history = self._history.add_probe(now, id)
                    await self._read([subscriber for subscriber in self._subscribers if subscriber.pending.id == id])
                    # let the subscriber subscribe again if its item is not complete
                    await asyncio.sleep(0)
                case _:
                    self._history = History(now, frozenset(subscriber.pending.id for subscriber in self._subscribers))
                    await self._read(self._subscribers)

    async def _read(self, subscribers: Sequence[_Subscriber[ItemT]]) -> None:
        """Resolve the subscribers with one batch read of their items."""
        ids = {subscriber.pending.id for subscriber in subscribers}
        self._subscribers = [item for item in self._subscribers if item.pending.id not in ids]

        def report_retry(reason: str) -> None:
            for subscriber in subscribers:
                if not subscriber.result.done():
                    subscriber.on_retry(reason)

        began = self._clock.monotonic()
        try:
            with retry_listener(report_retry):
                batch = await self._reader.read(
                    ids, confirm={item.pending.id for item in subscribers if item.confirm_gone}
                )
        except Exception as error:  # noqa: BLE001  every subscriber raises it
            for subscriber in subscribers:
                subscriber.resolve(PollResult(error=error))
        else:
            if not self._has_sent_changes():
                self._listed |= {id: (began, item) for id, item in batch.others.items()}
            for subscriber in subscribers:
                subscriber.resolve(_to_poll_result(subscriber.pending.id, batch))
        finally:
            _resolve_cancelled(subscribers)


def _to_poll_result(id: str, batch: BatchResult[ItemT]) -> PollResult[ItemT]:
    """Return the result of a batch read for one item."""
    return PollResult(item=batch.items.get(id), gone=id in batch.gone_ids, error=batch.errors.get(id))


def _resolve_cancelled(subscribers: Sequence[_Subscriber[ItemT]]) -> None:
    """End the wait of the subscribers without a result."""
    for subscriber in subscribers:
        subscriber.resolve(PollResult(error=Cancelled("polling the API")))
