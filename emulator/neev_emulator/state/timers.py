"""A queue of timers: one for each key."""

import asyncio
import heapq
from typing import NamedTuple


class TimerKey(NamedTuple):
    """The kind and the id of what is due."""

    kind: str
    id: str


class TimerQueue:
    """The times at which keys are due; only the earliest time of a key counts."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, TimerKey]] = []
        self._due_at: dict[TimerKey, float] = {}
        self.changed = asyncio.Event()

    def schedule(self, key: TimerKey, at: float) -> None:
        """Schedule the key for this time, unless it is due earlier."""
        if at >= self._due_at.get(key, float("inf")):
            return
        self._due_at[key] = at
        heapq.heappush(self._heap, (at, key))
        if self._heap[0] == (at, key):
            self.changed.set()

    def pop_due(self, now: float) -> TimerKey | None:
        """Remove and return the key that has been due for longest."""
        while self._heap and self._heap[0][0] <= now:
            at, key = heapq.heappop(self._heap)
            if self._due_at.get(key) == at:
                del self._due_at[key]
                return key
        return None

    def next_due_at(self) -> float | None:
        """Return when the next key is due."""
        return self._heap[0][0] if self._heap else None
