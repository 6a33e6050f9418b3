"""Samples of what sandboxes use, taken while they are in use, and their series over a window."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from statistics import fmean
from typing import NamedTuple

from neev_emulator.runtime import Computer, Usage

_KEPT = 2000
_MOST_POINTS = 1440
_FRESH_SECONDS = 1.0

METRICS: tuple[tuple[str, str, Callable[[Usage], float]], ...] = (
    ("cpu_usage_cores", "cores", lambda usage: usage.cpu_cores),
    ("memory_usage_bytes", "bytes", lambda usage: usage.memory_bytes),
    ("disk_usage_bytes", "bytes", lambda usage: usage.disk_bytes),
    ("process_count", "count", lambda usage: usage.process_count),
)


class Sample(NamedTuple):
    """What a sandbox used at one moment."""

    at: float
    usage: Usage


@dataclass(frozen=True)
class Window:
    """A span of time in steps of whole seconds, none of them so short that there are too many."""

    start: float
    end: float
    step: int

    @classmethod
    def of(cls, start: float, end: float, step: float) -> "Window":
        """The window with the step that is asked for, or the shortest that is allowed."""
        return cls(start, end, max(1, ceil(step), ceil((end - start) / _MOST_POINTS)))


class Meters:
    """The latest samples of each sandbox that was ever in use."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._samples: dict[str, deque[Sample]] = defaultdict(lambda: deque(maxlen=_KEPT))

    async def read(self, key: str, computer: Computer) -> Sample:
        """A sample of this moment; one that was taken just now is good enough."""
        taken = self._samples[key]
        if not taken or self._now() - taken[-1].at >= _FRESH_SECONDS:
            usage = await asyncio.to_thread(computer.usage)
            taken.append(Sample(self._now(), usage))
        return taken[-1]

    def series(self, key: str, window: Window, value: Callable[[Usage], float]) -> list[tuple[float, float]]:
        """The mean of each step that has samples, at the moment where the step begins."""
        steps: dict[int, list[float]] = defaultdict(list)
        for sample in self._samples.get(key, ()):
            if window.start <= sample.at <= window.end:
                steps[int((sample.at - window.start) // window.step)].append(value(sample.usage))
        return [(window.start + number * window.step, fmean(values)) for number, values in sorted(steps.items())]

    def forget(self, key: str) -> None:
        """Nothing is known of this sandbox."""
        self._samples.pop(key, None)
