"""`make reliability`: run every scenario through each adapter and write the tables of the reliability page."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.chaos.stacks import find_engines
from tests.matrix.projects import ADAPTERS, Engines
from tests.matrix.run_cell import SCENARIOS, run_scenario
from tests.matrix.table import Words, read_committed, write_page


def main() -> None:
    """Bring the page up to date, or only the tables of the adapters that are named."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("engine", type=Path)
    arguments.add_argument("--adapters", nargs="+", choices=ADAPTERS, default=ADAPTERS)
    given = arguments.parse_args()
    engines = find_engines(given.engine)
    names = [cell.name for story in SCENARIOS for cell in story.cells]
    write_page(
        {
            name: _run_scenarios(name, engines) if name in given.adapters else read_committed(name, names)
            for name in ADAPTERS
        }
    )


def _run_scenarios(adapter: str, engines: Engines) -> Words:
    """Return the words for the results of every scenario through the adapter."""
    observed: dict[str, str] = {}
    for story in SCENARIOS:
        print(f"{adapter}: {story.name}, {len(story.cells)} cells", flush=True)  # noqa: T201
        with tempfile.TemporaryDirectory(prefix="matrix-") as directory:
            found = run_scenario(story, adapter, engines, Path(directory))
        observed |= {cell.name: str(value) for cell, value in found.items()}
    return observed


if __name__ == "__main__":
    main()
