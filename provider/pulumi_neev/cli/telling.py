"""How commands speak: tables for people, JSON for programs, and exit codes that mean the same everywhere."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import typer

DONE = 0
"""There was nothing to do, or it is done."""
FAILED = 1
"""It could not be done, or something is wrong; what was said tells what."""
TO_DO = 3
"""There is something to do, and it was only shown. (2 is for wrong options.)"""


@dataclass(frozen=True, slots=True)
class Manner:
    """How the user wants a command to go about it."""

    yes: bool = False
    dry_run: bool = False
    json: bool = False

    def acts(self) -> bool:
        """Whether to act: as said, else as the user says in a terminal, who has seen what would be done."""
        if self.dry_run or self.yes:
            return not self.dry_run
        return not self.json and sys.stdin.isatty() and sys.stdout.isatty() and typer.confirm("Do it?")


def say(line: str) -> None:
    """The line is shown."""
    typer.echo(line)


def table(rows: Iterable[Sequence[str]]) -> None:
    """The rows are shown in aligned columns."""
    rows = [list(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        padded = [text.ljust(width) for text, width in zip(row, widths, strict=True)]
        typer.echo("  " + "  ".join(padded).rstrip())


def as_json(value: Any) -> None:
    """The value is shown as JSON."""
    typer.echo(json.dumps(value, indent=2))


def fail(message: object) -> NoReturn:
    """The command ends with this as its last words."""
    typer.echo(f"pulumi-neev: {message}", err=True)
    raise typer.Exit(FAILED)
