"""All commands, and how the arguments are taken apart."""

import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated

import typer

from pulumi_neev.cli import emulator
from pulumi_neev.cli.doctor import doctor
from pulumi_neev.cli.recover import recover
from pulumi_neev.cli.sweep import sweep

app = typer.Typer(name="pulumi-neev", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(emulator.app, name="emulator")
app.command()(doctor)
app.command()(recover)
app.command()(sweep)


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs `pulumi-neev`; what follows `--` is a command for the emulator to run, untouched."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    own = given.index("--") if "--" in given else len(given)
    app(args=given[:own], obj=tuple(given[own + 1 :]), prog_name="pulumi-neev")


def _show_version(asked: bool) -> None:  # noqa: FBT001 - the shape that typer calls
    if asked:
        typer.echo(version("pulumi-neev"))
        raise typer.Exit


@app.callback()
def _root(
    *, _version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True)] = False
) -> None:
    """Pulumi resources for NeevAI sandboxes: the tools around them."""
