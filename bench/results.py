"""The figures of several runs: medians, ratios to the floor, and the table of both."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field

from cases import BenchCase
from stack import OperationFigure

ResultKey = tuple[str, int, float]
"""A case's title, the number of sandboxes, and the seconds until each is ready."""


@dataclass
class BenchResults:
    """All figures so far, in the order of the runs."""

    figures: dict[ResultKey, list[dict[str, OperationFigure]]] = field(default_factory=dict)

    def add(self, key: ResultKey, figures: dict[str, OperationFigure]) -> None:
        """Add the figures of one run."""
        self.figures.setdefault(key, []).append(figures)

    def median(self, key: ResultKey, operation: str, of: Callable[[OperationFigure], float]) -> float | None:
        """Return the median over the runs; ``None`` if the case does not have the operation."""
        values = [of(run[operation]) for run in self.figures.get(key, ()) if operation in run]
        return statistics.median(values) if values else None

    def wall_seconds(self, key: ResultKey, operation: str) -> float | None:
        """Return the median of the elapsed seconds."""
        return self.median(key, operation, lambda item: item.usage.seconds)

    def ratio_to_floor(self, case: BenchCase, number: int, seconds: float, operation: str) -> float | None:
        """Return the median of the ratios between each run and its floor in the same turn."""
        ours, floors, nothing = (
            self.figures.get((title, count, seconds), [])
            for title, count in ((case.title, number), (case.floor, number), (case.baseline, 0))
        )
        if not floors or operation not in floors[0] or (case.baseline and not nothing):
            return None
        spent = [item[operation].usage.seconds for item in nothing] or [0.0] * len(ours)
        return statistics.median(
            (mine[operation].usage.seconds - before) / floor[operation].usage.seconds
            for mine, floor, before in zip(ours, floors, spent, strict=True)
        )


def render_table(results: BenchResults, cases: dict[str, BenchCase], operations: Collection[str]) -> Iterator[str]:
    """Return the lines of the Markdown table of the cases.

    The first of the operations creates and the last deletes: their requests are shown per resource.
    """
    first, *others, last = operations
    note = ", ".join((f"of each `{first}`", *(f"`{operation}`" for operation in others), f"of each `{last}`"))
    walls = (f"`{operation}`" for operation in (*others, last))
    header = ("sandboxes", "each takes", "", f"`{first}`", "CPU", "memory", *walls, f"requests: {note}")
    yield f"| {' | '.join(header)} |"
    yield "|" + "---|" * len(header)
    for title, number, seconds in sorted(results.figures, key=lambda key: (key[2], key[1])):
        if title in cases:
            yield _render_row(results, cases[title], number, seconds, [first, *others, last])


def _render_row(results: BenchResults, case: BenchCase, number: int, seconds: float, operations: list[str]) -> str:
    key = (case.title, number, seconds)
    walls = [_format_wall(results, case, number, seconds, operation) for operation in operations]
    cpu = results.median(key, operations[0], lambda item: item.usage.cpu_seconds)
    memory = results.median(key, operations[0], lambda item: item.usage.memory_mb)
    return (
        f"| {number or ''} | {seconds:g} s | {case.title} | {walls[0]} | {cpu:.1f} s | {memory:.0f} MB "
        f"| {' | '.join(walls[1:])} | {_format_requests(results, key, operations)} |"
    )


def _format_wall(results: BenchResults, case: BenchCase, number: int, seconds: float, operation: str) -> str:
    wall = results.wall_seconds((case.title, number, seconds), operation)
    if wall is None:
        return ""
    ratio = results.ratio_to_floor(case, number, seconds, operation)
    return f"{wall:.1f} s" if ratio is None else f"{wall:.1f} s ({ratio:.2f})"


def _format_requests(results: BenchResults, key: ResultKey, operations: list[str]) -> str:
    counts = {item: results.median(key, item, lambda figure: figure.requests) for item in operations}
    if not key[1] or not counts[operations[0]]:
        return ""
    message = [
        ""
        if count is None
        else f"{count / key[1]:.2f}"
        if operation in (operations[0], operations[-1])
        else f"{count:.0f}"
        for operation, count in counts.items()
    ]
    return ", ".join(item for item in message if item)
