"""`make load`: the same run with faults under a rate limit, and without; the table of docs/reliability.md."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.load.scenario import COMMANDS, Figures, play

MEGABYTE = 1e6
MOST_MEMORY, MOST_REQUESTS = 200 * MEGABYTE, 1.2
"""Bytes of the plugin, and requests in proportion to those of the run without faults."""


def main() -> None:
    """Exits with 1 where a bound does not hold."""
    engine, number = Path(sys.argv[1]), int(sys.argv[2])
    figures = {}
    for name, calm in (("without", True), ("with", False)):
        with tempfile.TemporaryDirectory(prefix="load-") as directory:
            figures[name] = play(number, engine, Path(directory), calm=calm)
    print(table(number, figures["without"], figures["with"]))  # noqa: T201
    memory = max(each.memory for each in figures.values())
    sys.exit(memory >= MOST_MEMORY or figures["with"].total > MOST_REQUESTS * figures["without"].total)


def table(number: int, calm: Figures, troubled: Figures) -> str:
    """Both runs side by side."""
    rows = [
        (f"{number} sandboxes", "without", "with"),
        ("---", "---", "---"),
        *(
            (f"requests of `{command}`", f"{calm.requests[command]}", f"{troubled.requests[command]}")
            for command in COMMANDS
        ),
        ("requests", f"{calm.total}", f"{troubled.total} ({troubled.total / calm.total:.2f} times as many)"),
        ("of these answered with 429", f"{calm.refused}", f"{troubled.refused}"),
        ("of these struck by a fault", f"{calm.struck}", f"{troubled.struck}"),
        *((f"runs of `{command}`", f"{calm.runs[command]}", f"{troubled.runs[command]}") for command in COMMANDS),
        *(
            (f"seconds of `{command}`", f"{calm.seconds[command]:.0f}", f"{troubled.seconds[command]:.0f}")
            for command in COMMANDS
        ),
        ("memory of the plugin, MB", f"{calm.memory / MEGABYTE:.0f}", f"{troubled.memory / MEGABYTE:.0f}"),
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


if __name__ == "__main__":
    main()
