"""`make chaos`: plays many stories, tells how each went, and sums up what was killed."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from tests.chaos.run_story import Tale, play
from tests.chaos.stories import story
from tests.chaos.summary import Outcome, never_killed, summary, write

LONG = 100
"""Stories among which each kind of kill has to be."""


def main() -> None:
    """Exits with 1 where a story failed, or where so many stories have left out a kind of kill."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("engine", type=Path)
    arguments.add_argument("--runs", type=int, default=200)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--jobs", type=int, default=2)
    arguments.add_argument("--write", action="store_true", help="put the table into docs/reliability.md if all is well")
    given = arguments.parse_args()
    outcomes = []
    with ThreadPoolExecutor(given.jobs) as pool:
        for outcome in pool.map(partial(_played, engine=given.engine), range(given.seed, given.seed + given.runs)):
            print(outcome, outcome.trouble or "", sep="\n" if outcome.trouble else "", flush=True)  # noqa: T201
            outcomes.append(outcome)
    print(f"\n{summary(outcomes)}")  # noqa: T201
    missing = never_killed(outcomes) if given.runs >= LONG else []
    if missing:
        print(f"Never: {', '.join(missing)}.")  # noqa: T201
    failed = bool(missing) or any(each.trouble for each in outcomes)
    if given.write and not failed:
        write(outcomes)
    sys.exit(failed)


def _played(seed: int, engine: Path) -> Outcome:
    started = time.monotonic()
    tale, trouble = Tale(), None
    told = story(seed)
    with tempfile.TemporaryDirectory(prefix=f"chaos-{seed}-") as directory:
        try:
            play(told, Path(directory), engine, tale)
        except Exception:  # noqa: BLE001  whatever it is, the other stories are played, too
            trouble = traceback.format_exc()
    if not tale.kills:
        trouble = trouble or "nothing was killed, so it is no story of chaos"
    return Outcome(seed, told.face, time.monotonic() - started, tale.kills, trouble)


if __name__ == "__main__":
    main()
