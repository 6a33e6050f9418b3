"""What is due when: one entry for each thing that time will change."""

import asyncio
import heapq
from typing import NamedTuple


class TimerKey(NamedTuple):
    """The kind and the id of what is due."""

    kind: str
    id: str


class TimerQueue:
    """Moments to look at something again; only the earliest one of each key counts."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, TimerKey]] = []
        self._due_at: dict[TimerKey, float] = {}
        self.changed = asyncio.Event()

    def schedule(self, key: TimerKey, at: float) -> None:
        """The key comes up at this moment, or earlier if that was planned already."""
        if at >= self._due_at.get(key, float("inf")):
            return
        self._due_at[key] = at
        heapq.heappush(self._heap, (at, key))
        if self._heap[0] == (at, key):
            self.changed.set()

    def pop_due(self, now: float) -> TimerKey | None:
        """The key that has been due for longest, which is then no longer planned."""
        while self._heap and self._heap[0][0] <= now:
            at, key = heapq.heappop(self._heap)
            if self._due_at.get(key) == at:
                del self._due_at[key]
                return key
        return None

    def next_due_at(self) -> float | None:
        """When there is something to do again."""
        return self._heap[0][0] if self._heap else None
