"""A chart of the times of `up`."""

from __future__ import annotations

from pathlib import Path

from cases import BenchCase
from matplotlib import rc_context
from matplotlib.figure import Figure
from results import BenchResults

FLOOR_GREYS = ("0.85", "0.75", "0.6", "0.45")
CASE_COLORS = ("tab:blue", "tab:orange", "tab:green")


def draw_chart(results: BenchResults, cases: dict[str, BenchCase], file: Path) -> None:
    """Write a chart of the time of `up` in each case, side by side for each number; floors are grey."""
    shown = [case for case in cases.values() if max(case.numbers)]
    times = sorted({seconds for _, _, seconds in results.figures})
    numbers = sorted({number for _, number, _ in results.figures if number})
    width = 0.8 / len(shown)
    floors, ours = iter(FLOOR_GREYS), iter(CASE_COLORS)
    # The same figures produce the same file.
    with rc_context({"svg.hashsalt": "bench", "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=(9, 3.6), layout="constrained")
        panels = figure.subplots(1, len(times), squeeze=False)[0]
        for place, case in enumerate(shown):
            colour = next(ours if case.is_ours else floors)
            for panel, seconds in zip(panels, times, strict=True):
                walls = [results.wall_seconds((case.title, number, seconds), "up") or 0 for number in numbers]
                left = [index - 0.4 + place * width for index in range(len(numbers))]
                panel.bar(left, walls, width, align="edge", label=case.title, color=colour)
        for panel, seconds in zip(panels, times, strict=True):
            panel.set_xticks(range(len(numbers)), [str(number) for number in numbers])
            panel.set_xlabel(f"sandboxes that take {seconds:g} s each")
            panel.set_ylabel("seconds of pulumi up")
            panel.spines[["top", "right"]].set_visible(False)
        panels[0].legend(frameon=False)
        figure.savefig(file, metadata={"Date": None})
