"""The time and cost of sandboxes in each case, beside resources that only wait for the same time.

Run by ``make bench``. Within a run every case has one turn, directly after its floor, so that a slower machine slows
both. The tables show medians.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from cases import CASES, CONFIGURATIONS, SECONDS, BenchCase
from results import BenchResults, render_table
from stack import HERE, OPERATIONS, OperationFigure, run_case
from terraform import ALL_AT_ONCE, run_configuration
from terraform import OPERATIONS as TERRAFORM_OPERATIONS

DOCUMENT_PATH = HERE.parent / "docs" / "internals" / "performance.md"
CHART_PATH = DOCUMENT_PATH.with_suffix(".svg")


@dataclass(frozen=True, eq=False)
class Part:
    """The cases of one engine, and their place in the document."""

    name: str
    cases: tuple[BenchCase, ...]
    run: Callable[[BenchCase, int, float], dict[str, OperationFigure]]
    operations: Collection[str]
    process_script: str
    """The script that measures the provider's process alone."""
    options: str
    """The options of the engine, for the document."""
    chart: str = ""
    """The chart's line in the document."""

    @property
    def markers(self) -> tuple[str, str]:
        """Return the lines before and after what is written into the document."""
        return f"<!-- {self.name}: written by make bench WRITE=1 -->\n", f"<!-- {self.name}: until here -->"


PULUMI = Part(
    "Pulumi",
    CASES,
    run_case,
    OPERATIONS,
    "plugin_latency.py",
    "`--skip-preview -p 512`. In brackets: the ratio to the floor, for the pool without what an empty program takes.",
    f"![`pulumi up` in seconds]({CHART_PATH.name})\n\n",
)
TERRAFORM = Part(
    "Terraform",
    CONFIGURATIONS,
    run_configuration,
    TERRAFORM_OPERATIONS,
    "provider_process.py",
    f"OpenTofu, `{ALL_AT_ONCE}` except where less is said. In brackets: the ratio to the floor.",
)


def main() -> None:
    """Print the tables; if asked, write them into the document, with a chart."""
    arguments = _parse_arguments()
    parts = {
        part: {item.title: item for item in part.cases if not arguments.case or item.title in arguments.case}
        for part in (PULUMI, TERRAFORM)
    }
    results = BenchResults()
    for turn in range(arguments.runs):
        for part, cases in parts.items():
            for seconds, number, case in _iter_runs(cases.values(), arguments.seconds, arguments.most):
                _print_progress(f"run {turn + 1} of {arguments.runs}: {case.title}, {number} of {seconds:g} s")
                results.add((case.title, number, seconds), part.run(case, number, seconds))
    for part, cases in parts.items():
        if cases:
            shown = "\n".join(render_table(results, cases, part.operations))
            process = _measure_process(part)
            print(f"{shown}\n\n{process}")
            if arguments.write:
                runs = (
                    "One run of each, in turn," if arguments.runs == 1 else f"Medians of {arguments.runs} runs in turn"
                )
                description = f"{runs} on {os.cpu_count()} cores, {part.options}"
                _write(part.markers, f"{description}\n\n{shown}\n\n{part.chart}{process}")
    if arguments.write and parts[PULUMI]:
        from picture import draw_chart  # noqa: PLC0415  drawing needs packages that measuring does not

        draw_chart(results, parts[PULUMI], CHART_PATH)


def _iter_runs(
    cases: Collection[BenchCase], times: Collection[float], most: int
) -> Iterator[tuple[float, int, BenchCase]]:
    """Yield the seconds, the number and the case of each run; cases of the same number follow one another."""
    for seconds in times:
        for number in sorted({number for item in cases for number in item.numbers if number <= most}):
            for case in cases:
                if number in case.numbers:
                    yield seconds, number, case


def _measure_process(part: Part) -> str:
    command = [sys.executable, str(HERE / part.process_script)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def _parse_arguments() -> argparse.Namespace:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=3, help="runs of everything, in turn")
    options.add_argument("--most", type=int, default=1000, help="sandboxes in the largest stack")
    options.add_argument("--seconds", type=float, nargs="+", default=SECONDS, help="what each takes until it is ready")
    options.add_argument("--case", nargs="+", help="only these, by their titles")
    options.add_argument("--quick", action="store_true", help="one run of the smallest stacks: whether it works")
    options.add_argument("--write", action="store_true", help=f"also write {DOCUMENT_PATH.name} and {CHART_PATH.name}")
    arguments = options.parse_args()
    if arguments.quick:
        arguments.runs, arguments.most, arguments.seconds = 1, 1, [0.0]
    return arguments


def _write(markers: tuple[str, str], text: str) -> None:
    begin, end = markers
    before, _, rest = DOCUMENT_PATH.read_text(encoding="utf-8").partition(begin)
    _, _, after = rest.partition(end)
    DOCUMENT_PATH.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")


def _print_progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
