"""The tables of docs/internals/reliability.md: kills by victim, command and adapter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from tests.chaos.stories import COMMANDS, GROUPS, PULUMI, TERRAFORM, VICTIMS, Victim

PAGE = Path(__file__).parents[2] / "docs" / "internals" / "reliability.md"
END = "<!-- until here -->"
TITLES = {"plugin": "the plugin", "dynamic": "dynamic resources", "tofu": "OpenTofu", "terraform": "Terraform"}


@dataclass(frozen=True)
class Table:
    """The adapters that have one table, and the words of its engines."""

    begin: str
    """The line of the page before the table."""
    adapters: tuple[str, ...]
    commands: Mapping[str, str]
    """The names of the commands, by those of the stories."""
    plugin: str
    """The name of the process that serves resources."""


TABLES = (
    Table("<!-- written by `make chaos WRITE=1` -->\n", GROUPS[PULUMI], {name: name for name in COMMANDS}, "plugin"),
    Table(
        "<!-- written by `make chaos ADAPTER=terraform WRITE=1` -->\n",
        GROUPS[TERRAFORM],
        {"up": "apply", "refresh": "apply -refresh-only", "destroy": "destroy"},
        "provider",
    ),
)


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
    """Return the table of each group of adapters that has stories, and the number of its stories."""
    outcomes = list(outcomes)
    by_group = ([outcome for outcome in outcomes if outcome.adapter in table.adapters] for table in TABLES)
    return "\n\n".join(_render_table(table, found) for table, found in zip(TABLES, by_group, strict=True) if found)


def find_missing_kills(outcomes: Iterable[Outcome]) -> list[str]:
    """Return the kinds of kill that no story of a group had, for the groups that have stories."""
    outcomes = list(outcomes)
    missing = []
    for table in TABLES:
        injected = {kill for outcome in outcomes if outcome.adapter in table.adapters for kill in outcome.kills}
        if injected:
            kinds = product(VICTIMS[table.adapters[0]], table.commands)
            missing += [
                f"{_format_victim(table, victim)} during {table.commands[command]}"
                for victim, command in kinds
                if (victim, command) not in injected
            ]
    return missing


def write_page(outcomes: Iterable[Outcome], page: Path = PAGE) -> None:
    """Write the tables into the page."""
    outcomes = list(outcomes)
    for table in TABLES:
        found = [outcome for outcome in outcomes if outcome.adapter in table.adapters]
        if found:
            before, _, rest = page.read_text(encoding="utf-8").partition(table.begin)
            _, _, after = rest.partition(END)
            text = f"{before}{table.begin}\n{_render_table(table, found)}\n\n{END}{after}"
            page.write_text(text, encoding="utf-8")


def _render_table(table: Table, outcomes: Sequence[Outcome]) -> str:
    kills = Counter((outcome.adapter, *kill) for outcome in outcomes for kill in outcome.kills)
    lines = [
        f"| killed | adapter | {' | '.join(f'during `{name}`' for name in table.commands.values())} |",
        f"|---|---|{'---|' * len(table.commands)}",
    ]
    for victim in VICTIMS[table.adapters[0]]:
        for adapter in table.adapters:
            numbers = " | ".join(str(kills[adapter, victim, command]) for command in table.commands)
            lines.append(f"| {_format_victim(table, victim)} | {TITLES[adapter]} | {numbers} |")
    stories = Counter(outcome.adapter for outcome in outcomes)
    through = ", ".join(f"through {TITLES[adapter]}: {stories[adapter]}" for adapter in table.adapters)
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


def _format_victim(table: Table, victim: Victim) -> str:
    return table.plugin if victim is Victim.PLUGIN else victim
