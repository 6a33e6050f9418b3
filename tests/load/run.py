"""`make load`: the same run with faults under a rate limit, and without; the table of docs/internals/reliability.md."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.load.scenario import COMMANDS, LoadFigures, run_load

MEGABYTE = 1e6
MAX_MEMORY_BYTES, MAX_REQUEST_RATIO = 200 * MEGABYTE, 1.2
"""The maximum bytes of the plugin, and the maximum ratio of requests to those of the run without faults."""


def main() -> None:
    """Exit with 1 if a bound does not hold."""
    engine, number = Path(sys.argv[1]), int(sys.argv[2])
    figures = {}
    for name, quiet in (("without", True), ("with", False)):
        with tempfile.TemporaryDirectory(prefix="load-") as directory:
            figures[name] = run_load(number, engine, Path(directory), without_faults=quiet)
    print(render_table(number, figures["without"], figures["with"]))  # noqa: T201
    memory = max(figure.memory for figure in figures.values())
    sys.exit(memory >= MAX_MEMORY_BYTES or figures["with"].total > MAX_REQUEST_RATIO * figures["without"].total)


def render_table(number: int, without_faults: LoadFigures, with_faults: LoadFigures) -> str:
    """Return a table with both runs side by side."""
    rows = [
        (f"{number} sandboxes", "without", "with"),
        ("---", "---", "---"),
        *(
            (f"requests of `{command}`", f"{without_faults.requests[command]}", f"{with_faults.requests[command]}")
            for command in COMMANDS
        ),
        (
            "requests",
            f"{without_faults.total}",
            f"{with_faults.total} ({with_faults.total / without_faults.total:.2f} times as many)",
        ),
        ("of these answered with 429", f"{without_faults.throttled_requests}", f"{with_faults.throttled_requests}"),
        ("of these with an injected fault", f"{without_faults.injected_faults}", f"{with_faults.injected_faults}"),
        *(
            (f"runs of `{command}`", f"{without_faults.runs[command]}", f"{with_faults.runs[command]}")
            for command in COMMANDS
        ),
        *(
            (f"seconds of `{command}`", f"{without_faults.seconds[command]:.0f}", f"{with_faults.seconds[command]:.0f}")
            for command in COMMANDS
        ),
        ("memory of the plugin, MB", f"{without_faults.memory / MEGABYTE:.0f}", f"{with_faults.memory / MEGABYTE:.0f}"),
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


if __name__ == "__main__":
    main()
