"""`make reliability`: run every story through both adapters and write the tables of the reliability page."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.engine.adapters import ADAPTERS
from tests.matrix.run_cell import SCENARIOS, run_scenario
from tests.matrix.table import write_page


def main() -> None:
    """Bring the page up to date."""
    engine = Path(sys.argv[1])
    observed: dict[str, dict[str, str]] = {}
    for adapter in ADAPTERS:
        observed[adapter] = {}
        for story in SCENARIOS:
            print(f"{adapter}: {story.name}, {len(story.cells)} cells", flush=True)  # noqa: T201
            with tempfile.TemporaryDirectory(prefix="matrix-") as directory:
                found = run_scenario(story, adapter, engine, Path(directory))
            observed[adapter] |= {cell.name: str(value) for cell, value in found.items()}
    write_page(observed)


if __name__ == "__main__":
    main()
