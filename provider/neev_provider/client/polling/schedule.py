"""The schedule of a shared poller: a pure function of the pending items and the past reads."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from math import ceil, inf, sqrt

from neev_provider.client.http.pagination import PAGE_SIZE

POLL_INTERVAL = 0.05
"""Seconds between polls of two items. It grows with the root of their number, so that many share one poll."""

COMPLETION_INTERVAL = 0.1
"""Seconds between polls for each page of the list while items complete: items that start together complete together."""

COMPLETION_SHARE = 0.1
"""Minimum share of the polled items that completes before the rest is polled early."""


@dataclass(frozen=True)
class Pending:
    """An awaited item: requested at a moment, to be read within `max_delay` seconds."""

    id: str
    requested_at: float
    max_delay: float


@dataclass(frozen=True)
class History:
    """The last poll of all items, and the probes of single items since."""

    last_poll_at: float = -inf
    polled_ids: frozenset[str] = frozenset()
    last_probe_at: float = -inf
    probed_ids: frozenset[str] = frozenset()

    def add_probe(self, now: float, id: str) -> "History":
        """Return the history with a probe of the item."""
        return replace(self, last_probe_at=now, probed_ids=self.probed_ids | {id})


@dataclass(frozen=True)
class ProbeOne:
    """Read one item on behalf of all."""

    id: str


@dataclass(frozen=True)
class PollAll:
    """Read every item."""


@dataclass(frozen=True)
class Sleep:
    """Read nothing for this many seconds."""

    seconds: float


def next_read(now: float, pending: Sequence[Pending], history: History) -> ProbeOne | PollAll | Sleep:
    """Return the next read for the pending items.

    A list of several pages costs several requests, so the items that are awaited longest are probed first.
    Probes take at most as many requests as one poll of all items.
    An item is complete if it was read and is not pending again: then the others are polled, too.
    """
    ids = {item.id for item in pending}
    if history.probed_ids - ids:
        return PollAll()
    pages = ceil(len(ids) / PAGE_SIZE)
    if _many_completed(ids, history.polled_ids):
        return _at(history.last_poll_at + COMPLETION_INTERVAL * pages, now, PollAll())
    due = max(
        min(item.requested_at + item.max_delay for item in pending),
        history.last_probe_at + min(item.max_delay for item in pending),
    )
    if len(history.probed_ids) < pages - 1 and history.polled_ids >= ids:
        # the delay of a wait grows with its age
        oldest = max((item for item in pending if item.id not in history.probed_ids), key=lambda item: item.max_delay)
        return _at(due, now, ProbeOne(oldest.id))
    return _at(max(due, history.last_poll_at + POLL_INTERVAL * sqrt(len(pending) - 1)), now, PollAll())


def _many_completed(ids: Collection[str], polled_ids: frozenset[str]) -> bool:
    """Return whether many of the polled items completed while others are pending again."""
    completed = polled_ids.difference(ids)
    return 0 < len(completed) < len(polled_ids) and len(completed) >= COMPLETION_SHARE * len(polled_ids)


def _at(due: float, now: float, read: ProbeOne | PollAll) -> ProbeOne | PollAll | Sleep:
    """Return the read if it is due, else the time until then."""
    return read if due <= now else Sleep(due - now)
