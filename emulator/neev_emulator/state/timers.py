"""What is due when: one entry for each thing that time will change."""

import asyncio
import heapq
from typing import NamedTuple


class Key(NamedTuple):
    """The kind and the id of what is due."""

    kind: str
    id: str


class Calendar:
    """Moments to look at something again; only the earliest one of each key counts."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, Key]] = []
        self._planned: dict[Key, float] = {}
        self.changed = asyncio.Event()

    def plan(self, key: Key, at: float) -> None:
        """The key comes up at this moment, or earlier if that was planned already."""
        if at >= self._planned.get(key, float("inf")):
            return
        self._planned[key] = at
        heapq.heappush(self._heap, (at, key))
        if self._heap[0] == (at, key):
            self.changed.set()

    def pop(self, now: float) -> Key | None:
        """The key that has been due for longest, which is then no longer planned."""
        while self._heap and self._heap[0][0] <= now:
            at, key = heapq.heappop(self._heap)
            if self._planned.get(key) == at:
                del self._planned[key]
                return key
        return None

    def next_at(self) -> float | None:
        """When there is something to do again."""
        return self._heap[0][0] if self._heap else None
