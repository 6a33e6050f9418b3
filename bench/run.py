"""The time and cost of sandboxes in each case, beside resources that only wait for the same time.

Run by ``make bench``. Within a run every case has one turn, directly after its floor, so that a slower machine slows
both. The tables show medians.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

from cases import CASES, SECONDS
from results import BenchResults, render_table
from stack import HERE, run_case

DOCUMENT_PATH = HERE.parent / "docs" / "internals" / "performance.md"
CHART_PATH = DOCUMENT_PATH.with_suffix(".svg")
BEGIN_MARKER, END_MARKER = "<!-- written by make bench WRITE=1 -->\n", "<!-- until here -->"


def main() -> None:
    """Print the tables; if asked, write them into the document, with a chart."""
    arguments = _parse_arguments()
    cases = {item.title: item for item in CASES if not arguments.case or item.title in arguments.case}
    results = BenchResults()
    for turn in range(arguments.runs):
        for seconds in arguments.seconds:
            for number in sorted({number for item in cases.values() for number in item.numbers}):
                for case in cases.values():
                    if number in case.numbers and number <= arguments.most:
                        _print_progress(f"run {turn + 1} of {arguments.runs}: {case.title}, {number} of {seconds:g} s")
                        results.add((case.title, number, seconds), run_case(case, number, seconds))
    shown = "\n".join(render_table(results, cases))
    latency = subprocess.run(
        [sys.executable, str(HERE / "plugin_latency.py")], check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    print(f"{shown}\n\n{latency}")
    if arguments.write:
        from picture import draw_chart  # noqa: PLC0415  drawing needs packages that measuring does not

        draw_chart(results, cases, CHART_PATH)
        _write(
            f"{_describe_environment(arguments.runs)}\n\n{shown}\n\n"
            f"![`pulumi up` in seconds]({CHART_PATH.name})\n\n{latency}"
        )


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


def _describe_environment(runs: int) -> str:
    return (
        f"Medians of {runs} runs in turn on {os.cpu_count()} cores, `--skip-preview -p 512`. In brackets: the ratio to "
        "the floor, for the pool without what an empty program takes."
    )


def _write(text: str) -> None:
    before, _, rest = DOCUMENT_PATH.read_text(encoding="utf-8").partition(BEGIN_MARKER)
    _, _, after = rest.partition(END_MARKER)
    DOCUMENT_PATH.write_text(f"{before}{BEGIN_MARKER}\n{text}\n{END_MARKER}{after}", encoding="utf-8")


def _print_progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
