"""The command `pulumi-neev plugin install`."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True)


@app.callback()
def plugin() -> None:
    """Install the native plugin for Pulumi."""


@app.command()
def install(
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a plugin of this version that this command did not install.")
    ] = False,
) -> None:
    """Install the native plugin where Pulumi looks for it.

    Pulumi then finds the plugin without PATH, and does not warn of it. The plugin is that of this environment: keep the
    environment, and run the command again after an upgrade of the package. `pulumi plugin rm resource neev` removes it.

    Example:

    pulumi-neev plugin install
    """
    from neev_provider.cli.plugin.install import run  # noqa: PLC0415  loads the provider

    run(force=force)
