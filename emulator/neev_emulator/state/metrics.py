"""Usage samples of sandboxes in use, and their series over a time range."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from statistics import fmean
from typing import NamedTuple

from neev_emulator.runtime import SandboxHost, Usage

_MAX_SAMPLES = 2000
_MAX_POINTS = 1440
_FRESH_SECONDS = 1.0

METRICS: tuple[tuple[str, str, Callable[[Usage], float]], ...] = (
    ("cpu_usage_cores", "cores", lambda usage: usage.cpu_cores),
    ("memory_usage_bytes", "bytes", lambda usage: usage.memory_bytes),
    ("disk_usage_bytes", "bytes", lambda usage: usage.disk_bytes),
    ("process_count", "count", lambda usage: usage.process_count),
)


class Sample(NamedTuple):
    """The usage of a sandbox at one time."""

    at: float
    usage: Usage


@dataclass(frozen=True)
class TimeRange:
    """A time range in steps of whole seconds; long ranges have longer steps."""

    start: float
    end: float
    step: int

    @classmethod
    def with_step(cls, start: float, end: float, step: float) -> "TimeRange":
        """Return the range with the requested step, or the shortest one that is allowed."""
        return cls(start, end, max(1, ceil(step), ceil((end - start) / _MAX_POINTS)))


class MetricsRecorder:
    """The latest samples of each sandbox."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._samples: dict[str, deque[Sample]] = defaultdict(lambda: deque(maxlen=_MAX_SAMPLES))

    async def measure(self, sandbox_id: str, host: SandboxHost) -> Sample:
        """Return a sample of this moment, or one of the last second."""
        samples = self._samples[sandbox_id]
        if not samples or self._now() - samples[-1].at >= _FRESH_SECONDS:
            usage = await asyncio.to_thread(host.measure_usage)
            samples.append(Sample(self._now(), usage))
        return samples[-1]

    def compute_series(
        self, sandbox_id: str, time_range: TimeRange, value: Callable[[Usage], float]
    ) -> list[tuple[float, float]]:
        """Return the mean of each step that has samples, with the time at which the step begins."""
        steps: dict[int, list[float]] = defaultdict(list)
        for sample in self._samples.get(sandbox_id, ()):
            if time_range.start <= sample.at <= time_range.end:
                steps[int((sample.at - time_range.start) // time_range.step)].append(value(sample.usage))
        return [
            (time_range.start + number * time_range.step, fmean(values)) for number, values in sorted(steps.items())
        ]

    def discard(self, sandbox_id: str) -> None:
        """Remove the samples of this sandbox."""
        self._samples.pop(sandbox_id, None)
