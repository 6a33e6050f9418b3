"""The application: all commands of `pulumi-neev`."""

import os
import sys
from collections.abc import Sequence
from importlib.metadata import entry_points
from typing import Annotated

import typer

from neev_provider.adapters.shared.distribution import VERSION
from neev_provider.cli.doctor.command import doctor
from neev_provider.cli.plugin.command import app as plugin_app
from neev_provider.cli.recover.command import recover
from neev_provider.cli.sweep.command import sweep

_COMPLETION_VARIABLE = "_PULUMI_NEEV_COMPLETE"
"""A shell that completes a command sets it."""
_INSTALL_COMPLETION = "--install-completion"

# plain text, also of help and errors: it has no colours that a pipe or NO_COLOR would have to remove
app = typer.Typer(
    name="pulumi-neev",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["--help", "-h"]},
)
app.command(short_help="Check the machine, the account, and a state.")(doctor)
app.command(short_help="Bring what an interrupted update created into the state.")(recover)
app.command(short_help="List orphans, and delete or pause them.")(sweep)
app.add_typer(plugin_app, name="plugin")


@app.command("emulator")
def _emulator() -> None:
    """Run `neev-emulator`, an emulator of the API on this machine."""
    sys.exit("pulumi-neev: the emulator is not installed. Run: pip install 'pulumi-neev[emulator]'")


def _add_emulator() -> None:
    """Put the commands of `neev-emulator` in the place of the one above, if they are installed."""
    # by their entry point: the provider works without the emulator, and imports nothing of it
    for entry in entry_points(group="pulumi_neev.commands", name="emulator"):
        app.add_typer(entry.load(), name=entry.name)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `pulumi-neev`."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["emulator"] or _COMPLETION_VARIABLE in os.environ:
        _add_emulator()
    unwritable: tuple[type[OSError], ...] = (OSError,) if _INSTALL_COMPLETION in given else ()
    try:
        app(args=given, prog_name="pulumi-neev")
    except unwritable as error:
        sys.exit(f"pulumi-neev: cannot write {error.filename}: {error.strerror}")


def _show_version(requested: bool) -> None:  # noqa: FBT001 - the shape that typer calls
    if requested:
        typer.echo(VERSION)
        raise typer.Exit


@app.callback()
def _root(
    *,
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Check, recover and clean up NeevAI sandboxes that Pulumi manages, and run an emulator of the API."""
