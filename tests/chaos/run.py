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
from tests.chaos.stacks import Engines, find_engines, is_playable
from tests.chaos.stories import ALL, PULUMI, TERRAFORM, Story, generate_stories
from tests.chaos.summary import Outcome, find_missing_kills, render_summary, write_page

LONG_RUN_STORIES = 100
"""The number of stories from which on every kind of kill has to occur."""


def main() -> None:
    """Exit with 1 if a story failed, or if a long run missed a kind of kill."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("engine", type=Path)
    arguments.add_argument("--runs", type=int, default=200)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--jobs", type=int, default=2)
    arguments.add_argument("--adapter", choices=(PULUMI, TERRAFORM, ALL), default=PULUMI)
    arguments.add_argument("--write", action="store_true", help="write the table to the page if no story failed")
    given = arguments.parse_args()
    seeds = range(given.seed, given.seed + given.runs)
    engines = find_engines(given.engine)
    stories = [
        story
        for seed in seeds
        for story in generate_stories(seed, given.adapter)
        if is_playable(story.adapter, engines)
    ]
    outcomes = []
    with ThreadPoolExecutor(given.jobs) as pool:
        for outcome in pool.map(partial(_run_story, engines), stories):
            print(outcome, outcome.problem or "", sep="\n" if outcome.problem else "", flush=True)  # noqa: T201
            outcomes.append(outcome)
    print(f"\n{render_summary(outcomes)}")  # noqa: T201
    missing = find_missing_kills(outcomes) if given.runs >= LONG_RUN_STORIES else []
    if missing:
        print(f"Never: {', '.join(missing)}.")  # noqa: T201
    failed = bool(missing) or any(item.problem for item in outcomes)
    if given.write and not failed:
        write_page(outcomes)
    sys.exit(failed)


def _run_story(engines: Engines, story: Story) -> Outcome:
    started = time.monotonic()
    result, trouble = StoryResult(), None
    with tempfile.TemporaryDirectory(prefix=f"chaos-{story.seed}-") as directory:
        try:
            run_story(story, Path(directory), engines, result)
        except Exception:  # noqa: BLE001  the other stories run after any error
            trouble = traceback.format_exc()
    if not result.kills:
        trouble = trouble or "no process was killed"
    seconds = time.monotonic() - started
    return Outcome(story.seed, story.adapter, seconds, result.kills, trouble, has_neighbour=result.has_neighbour)


if __name__ == "__main__":
    main()
