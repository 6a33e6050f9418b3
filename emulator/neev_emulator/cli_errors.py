"""How the command ends with an error."""

from typing import NoReturn

import typer


def exit_with_error(message: str) -> NoReturn:
    """Print the message and exit with status 1."""
    typer.echo(f"neev-emulator: {message}", err=True)
    raise typer.Exit(1)
