"""Output of the commands: tables, JSON and exit codes.

Secrets that the engine decrypted for a command are redacted here, in everything that the command prints.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn

import typer

from neev_provider.adapters.shared.hints import PULUMI, Vocabulary, render
from neev_provider.core.errors import NeevError
from neev_provider.core.redaction import Redactor, redact, use_redactor

EXIT_OK = 0
"""Nothing to do, or all of it is done."""
EXIT_ERROR = 1
"""The command failed, or a check failed."""
EXIT_CHANGES_PENDING = 3
"""There are changes to make, and the command only printed them. (2 means invalid options.)"""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The options that decide whether a command changes anything, and how it prints."""

    yes: bool = False
    dry_run: bool = False
    json: bool = False

    def should_apply(self) -> bool:
        """Return whether to make the changes: by the options, else by the answer to a prompt in a terminal."""
        if self.dry_run or self.yes:
            return not self.dry_run
        return not self.json and sys.stdin.isatty() and sys.stdout.isatty() and typer.confirm("Apply these changes?")


@contextmanager
def redact_output() -> Iterator[None]:
    """Redact, within this context, every secret that the engine decrypts in it."""
    with use_redactor(Redactor.from_values()):
        yield


def print_line(line: str) -> None:
    """Print the line, redacted."""
    typer.echo(redact(line))


def print_table(rows: Iterable[Sequence[str]]) -> None:
    """Print the rows in aligned columns, redacted."""
    rows = [[redact(text) for text in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        padded = [text.ljust(width) for text, width in zip(row, widths, strict=True)]
        typer.echo("  " + "  ".join(padded).rstrip())


def print_json(value: Any) -> None:
    """Print the value as JSON, redacted."""
    typer.echo(json.dumps(_redact_value(value), indent=2))


def exit_with_error(message: object, vocabulary: Vocabulary = PULUMI) -> NoReturn:
    """Print the message, in the words of an engine, to stderr and exit with `EXIT_ERROR`."""
    text = render(message, vocabulary) if isinstance(message, NeevError) else str(message)
    typer.echo(f"pulumi-neev: {redact(text)}", err=True)
    raise typer.Exit(EXIT_ERROR)


def _redact_value(value: Any) -> Any:
    """Return the value with its strings redacted. In encoded JSON, a secret number would take the quotes with it."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {name: _redact_value(item) for name, item in value.items()}
    return [_redact_value(item) for item in value] if isinstance(value, list) else value
