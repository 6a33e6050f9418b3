"""The table of docs/internals/reliability.md: kills by victim, command and adapter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.stories import COMMANDS, Victim
from tests.engine.adapters import ADAPTERS

PAGE = Path(__file__).parents[2] / "docs" / "internals" / "reliability.md"
BEGIN, END = "<!-- written by `make chaos WRITE=1` -->\n", "<!-- until here -->"
TITLES = {"plugin": "the plugin", "dynamic": "dynamic resources"}


@dataclass(frozen=True)
class Outcome:
    """The outcome of the story of a seed."""

    seed: int
    adapter: str
    seconds: float
    kills: Sequence[tuple[Victim, str]]
    problem: str | None
    has_neighbour: bool = False
    """Whether a foreign stack with the same names ran beside it. A story fails if anything foreign is changed."""

    def __str__(self) -> str:
        killed = ", ".join(f"{victim} in {command}" for victim, command in self.kills) or "nothing"
        how = "FAILED" if self.problem else "ok"
        return f"seed {self.seed}, {self.adapter}: {how}, {self.seconds:.0f} s, killed: {killed}"


def render_summary(outcomes: Iterable[Outcome]) -> str:
    """Return the table and the number of its stories."""
    outcomes = list(outcomes)
    kills = Counter((outcome.adapter, *kill) for outcome in outcomes for kill in outcome.kills)
    commands = list(dict.fromkeys(COMMANDS))
    lines = [
        f"| killed | adapter | {' | '.join(f'during `{command}`' for command in commands)} |",
        f"|---|---|{'---|' * len(commands)}",
    ]
    for victim in Victim:
        for adapter in ADAPTERS:
            numbers = " | ".join(str(kills[adapter, victim, command]) for command in commands)
            lines.append(f"| {victim} | {TITLES[adapter]} | {numbers} |")
    stories = Counter(outcome.adapter for outcome in outcomes)
    through = ", ".join(f"through {TITLES[adapter]}: {stories[adapter]}" for adapter in ADAPTERS)
    failed = ", ".join(str(outcome.seed) for outcome in outcomes if outcome.problem) or "none"
    beside = [outcome for outcome in outcomes if outcome.has_neighbour]
    untouched = sum(outcome.problem is None for outcome in beside)
    return "\n".join(
        [
            *lines,
            f"\nStories: {len(outcomes)} ({through}); kills: {kills.total()}; failed: {failed}.",
            f"Stories beside a foreign stack: {len(beside)}; of these, nothing foreign was changed in {untouched}.",
        ]
    )


def missing_kills(outcomes: Iterable[Outcome]) -> list[str]:
    """Return the kinds of kill that no story had."""
    injected = {kill for outcome in outcomes for kill in outcome.kills}
    kinds = [(victim, command) for victim in Victim for command in dict.fromkeys(COMMANDS)]
    return [f"{victim} during {command}" for victim, command in kinds if (victim, command) not in injected]


def write_page(outcomes: Iterable[Outcome], page: Path = PAGE) -> None:
    """Write the table into the page."""
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n{render_summary(outcomes)}\n\n{END}{after}", encoding="utf-8")
