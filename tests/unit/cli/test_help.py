"""The help of every command, as docs/cli.md describes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from neev_provider.cli.app import app


def list_commands(command: Any, *path: str) -> Iterator[tuple[str, ...]]:
    """Yield the paths of all commands."""
    if path:
        yield path
    for name, value in getattr(command, "commands", {}).items():
        yield from list_commands(value, *path, name)


COMMANDS = {" ".join(path): path for path in list_commands(typer.main.get_command(app))}


def read_help(command: str) -> str:
    """Return the help of the command as one line."""
    return " ".join(CliRunner().invoke(app, [*COMMANDS[command], "--help"], env={"COLUMNS": "200"}).output.split())


def test_list_commands_returns_all_commands() -> None:
    assert {"doctor", "recover", "sweep", "plugin", "plugin install", "emulator"} == set(COMMANDS)


@pytest.mark.parametrize("command", sorted(set(COMMANDS) - {"emulator", "plugin"}))
def test_the_help_of_each_command_has_an_example(command: str) -> None:
    _, is_there, examples = read_help(command).partition("Example")
    assert is_there
    assert f"pulumi-neev {command}" in examples


@pytest.mark.parametrize("command", ["doctor", "recover", "sweep"])
def test_commands_that_read_stacks_have_a_json_option(command: str) -> None:
    assert "--json" in read_help(command)
