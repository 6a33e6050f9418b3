"""The command `pulumi-neev recover`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from neev_provider.cli.options import Directory, DryRun, Json, Stack, Yes
from neev_provider.cli.output import RunOptions


def recover(  # noqa: PLR0913  one for each option
    *,
    stack: Stack = None,
    cwd: Directory = Path(),
    yes: Yes = False,
    dry_run: DryRun = False,
    cancel: Annotated[
        bool, typer.Option("--cancel", help="First release the lock of a killed engine with `pulumi cancel`.")
    ] = False,
    drop_foreign: Annotated[
        bool, typer.Option("--drop-foreign", help="Also drop interrupted creates of other providers.")
    ] = False,
    json: Json = False,
) -> None:
    """Add what an interrupted `pulumi up` created to the state, and clear its pending operations.

    If the engine was killed, the state contains a pending operation for each create, but not its result. Recover looks
    up each result by the labels of the stack and its name, prints a plan, and applies it with `--yes` or after a prompt
    in a terminal. It changes the state with one `pulumi stack import`, so it can be killed and run again. If anything
    is unclear, it changes nothing.

    Exit codes: 0: nothing to do, or done; 1: error; 3: there are changes, and they were only printed.

    Examples:
    pulumi-neev recover --stack dev

    pulumi-neev recover --stack dev --cancel --yes
    """
    from neev_provider.cli.recover import apply  # noqa: PLC0415  loads the provider

    options = RunOptions(yes=yes, dry_run=dry_run, json=json)
    raise typer.Exit(apply.run(cwd, stack, options, cancel=cancel, drop_foreign=drop_foreign))
