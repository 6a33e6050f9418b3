"""`make chaos`: plays many stories, tells how each went, and sums up what was killed."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.chaos.playing import Tale, play
from tests.chaos.stories import COMMANDS, Victim, story


@dataclass(frozen=True)
class Outcome:
    """How the story of a seed ended."""

    seed: int
    seconds: float
    tale: Tale
    trouble: str | None

    def __str__(self) -> str:
        killed = ", ".join(f"{victim} in {command}" for victim, command in self.tale.kills) or "nothing met its moment"
        return f"seed {self.seed}: {'FAILED' if self.trouble else 'ok'}, {self.seconds:.0f} s, killed: {killed}"


def main() -> None:
    """Exits with 1 where a story failed."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("engine", type=Path)
    arguments.add_argument("--runs", type=int, default=200)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--jobs", type=int, default=2)
    given = arguments.parse_args()
    outcomes = []
    with ThreadPoolExecutor(given.jobs) as pool:
        for outcome in pool.map(partial(_played, engine=given.engine), range(given.seed, given.seed + given.runs)):
            print(outcome, outcome.trouble or "", sep="\n" if outcome.trouble else "", flush=True)  # noqa: T201
            outcomes.append(outcome)
    print(summary(outcomes))  # noqa: T201
    sys.exit(any(each.trouble for each in outcomes))


def _played(seed: int, engine: Path) -> Outcome:
    started = time.monotonic()
    tale, trouble = Tale(), None
    with tempfile.TemporaryDirectory(prefix=f"chaos-{seed}-") as directory:
        try:
            play(story(seed), Path(directory), engine, tale)
        except Exception:  # noqa: BLE001  whatever it is, the other stories are played, too
            trouble = traceback.format_exc()
    return Outcome(seed, time.monotonic() - started, tale, trouble)


def summary(outcomes: Iterable[Outcome]) -> str:
    """The table of docs/reliability.md: which process was killed how often during which command."""
    outcomes = list(outcomes)
    kills = Counter(kill for each in outcomes for kill in each.tale.kills)
    commands = list(dict.fromkeys(COMMANDS))
    lines = [
        f"| killed | {' | '.join(f'during `{command}`' for command in commands)} |",
        f"|---|{'---|' * len(commands)}",
        *(f"| {victim} | {' | '.join(str(kills[victim, command]) for command in commands)} |" for victim in Victim),
    ]
    failed = [each.seed for each in outcomes if each.trouble]
    lines.append(f"\n{len(outcomes)} stories, {kills.total()} kills, failed: {failed or 'none'}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
