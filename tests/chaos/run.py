"""`make chaos`: run many stories, report the outcome of each, and count the kills."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from tests.chaos.run_story import StoryResult, run_story
from tests.chaos.stories import generate_story
from tests.chaos.summary import Outcome, missing_kills, render_summary, write_page

LONG_RUN_STORIES = 100
"""The number of stories from which on every kind of kill has to occur."""


def main() -> None:
    """Exit with 1 if a story failed, or if a long run missed a kind of kill."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("engine", type=Path)
    arguments.add_argument("--runs", type=int, default=200)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--jobs", type=int, default=2)
    arguments.add_argument("--write", action="store_true", help="write the table to the page if no story failed")
    given = arguments.parse_args()
    outcomes = []
    with ThreadPoolExecutor(given.jobs) as pool:
        for outcome in pool.map(
            partial(_run_seed, pulumi_bin=given.engine), range(given.seed, given.seed + given.runs)
        ):
            print(outcome, outcome.problem or "", sep="\n" if outcome.problem else "", flush=True)  # noqa: T201
            outcomes.append(outcome)
    print(f"\n{render_summary(outcomes)}")  # noqa: T201
    missing = missing_kills(outcomes) if given.runs >= LONG_RUN_STORIES else []
    if missing:
        print(f"Never: {', '.join(missing)}.")  # noqa: T201
    failed = bool(missing) or any(item.problem for item in outcomes)
    if given.write and not failed:
        write_page(outcomes)
    sys.exit(failed)


def _run_seed(seed: int, pulumi_bin: Path) -> Outcome:
    started = time.monotonic()
    result, trouble = StoryResult(), None
    output = generate_story(seed)
    with tempfile.TemporaryDirectory(prefix=f"chaos-{seed}-") as directory:
        try:
            run_story(output, Path(directory), pulumi_bin, result)
        except Exception:  # noqa: BLE001  whatever it is, the other stories are played, too
            trouble = traceback.format_exc()
    if not result.kills:
        trouble = trouble or "nothing was killed, so it is no story of chaos"
    return Outcome(
        seed, output.adapter, time.monotonic() - started, result.kills, trouble, has_neighbour=result.has_neighbour
    )


if __name__ == "__main__":
    main()
