"""How commands speak: tables for people, JSON for programs, and exit codes that mean the same everywhere.

Nothing is said with a secret in it: whatever the engine opened for the command is struck out here, on the way out.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn

import typer

from neev_provider.core.redaction import Redactor, redact, use_redactor

EXIT_OK = 0
"""There was nothing to do, or it is done."""
EXIT_ERROR = 1
"""It could not be done, or something is wrong; what was said tells what."""
EXIT_CHANGES_PENDING = 3
"""There is something to do, and it was only shown. (2 is for wrong options.)"""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How the user wants a command to go about it."""

    yes: bool = False
    dry_run: bool = False
    json: bool = False

    def should_apply(self) -> bool:
        """Whether to act: as said, else as the user says in a terminal, who has seen what would be done."""
        if self.dry_run or self.yes:
            return not self.dry_run
        return not self.json and sys.stdin.isatty() and sys.stdout.isatty() and typer.confirm("Do it?")


@contextmanager
def redact_output() -> Iterator[None]:
    """What the engine opens in here is struck out of everything that is said in here."""
    with use_redactor(Redactor.from_values()):
        yield


def print_line(line: str) -> None:
    """The line is shown."""
    typer.echo(redact(line))


def print_table(rows: Iterable[Sequence[str]]) -> None:
    """The rows are shown in aligned columns."""
    rows = [[redact(text) for text in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        padded = [text.ljust(width) for text, width in zip(row, widths, strict=True)]
        typer.echo("  " + "  ".join(padded).rstrip())


def print_json(value: Any) -> None:
    """The value is shown as JSON."""
    typer.echo(json.dumps(_redact_value(value), indent=2))


def exit_with_error(message: object) -> NoReturn:
    """The command ends with this as its last words."""
    typer.echo(f"pulumi-neev: {redact(str(message))}", err=True)
    raise typer.Exit(EXIT_ERROR)


def _redact_value(value: Any) -> Any:
    """The value with its texts redacted; a text of JSON would lose its quotes where a secret is a number."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {name: _redact_value(each) for name, each in value.items()}
    return [_redact_value(each) for each in value] if isinstance(value, list) else value
