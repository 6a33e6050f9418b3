"""How commands speak: tables for people, JSON for programs, and exit codes that mean the same everywhere."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

import typer

DONE = 0
"""There was nothing to do, or it is done."""
FAILED = 1
"""It could not be done, or something is wrong; what was said tells what."""
TO_DO = 3
"""There is something to do, and it was only shown. (2 is for wrong options.)"""


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
