"""How long N sandboxes take through each face, beside resources that only sleep; and how many requests they cost.

Run by ``make bench``. Each pair is run in turn, so that a machine that slows down slows both; the medians count.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys

import pool
from stack import HERE, PARALLEL, Case, Figure, run

PAIRS = (
    (Case("dynamic", "dynamic", {}), Case("dynamic, only sleeping", "dynamic_sleep", {})),
    (
        Case("plugin", "plugin", {"BENCH_TYPE": "neev:index:Sandbox"}),
        Case("plugin, only sleeping", "plugin", {"BENCH_TYPE": "sleep:index:Sleep"}),
    ),
)


def main() -> None:
    """The table is printed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("-n", type=int, default=200, help="resources in a stack")
    options.add_argument("--seconds", type=float, default=5.0, help="what each takes to provision")
    options.add_argument("--runs", type=int, default=3, help="runs of each, in turn")
    asked = options.parse_args()
    print(
        f"\n{asked.n} resources of {asked.seconds:g} s, up --skip-preview -p {PARALLEL}, medians of {asked.runs} runs\n"
    )
    print(f"{'':24}{'wall':>8}{'ratio':>8}{'requests each':>16}")
    for ours, floor in PAIRS:
        figures: dict[str, list[Figure]] = {ours.title: [], floor.title: []}
        for _ in range(asked.runs):
            for case in (floor, ours):
                figures[case.title].append(run(case, asked.n, asked.seconds))
        _print(ours.title, figures[ours.title], figures[floor.title], asked.n)
        _print(floor.title, figures[floor.title], figures[floor.title], asked.n)
    pool.table(asked.seconds, asked.runs)
    sys.stdout.flush()
    subprocess.run([sys.executable, str(HERE / "plugin_latency.py")], check=True)


def _print(title: str, figures: list[Figure], floor: list[Figure], n: int) -> None:
    ratio = statistics.median(mine.seconds / its.seconds for mine, its in zip(figures, floor, strict=True))
    seconds = statistics.median(each.seconds for each in figures)
    requests = statistics.median(each.requests for each in figures) / n
    print(f"{title:24}{seconds:7.1f}s{ratio:8.2f}{requests:16.3f}", flush=True)


if __name__ == "__main__":
    main()
