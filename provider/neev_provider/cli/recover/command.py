"""`pulumi-neev recover`: what an interrupted `pulumi up` has left behind is in the state again."""

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
        bool, typer.Option("--cancel", help="Take the lock of a killed engine away first, as `pulumi cancel` does.")
    ] = False,
    drop_others: Annotated[
        bool, typer.Option("--drop-others", help="Also forget creates of other providers that were interrupted.")
    ] = False,
    json: Json = False,
) -> None:
    """Bring what an interrupted `pulumi up` made into the state, and clear its operations.

    After a killed engine the state knows that a create had begun, but not what came of it. This looks each up by
    its name, shows what it would do, and does it on --yes or when asked to in a terminal. The state is changed by
    one `pulumi stack import`, so it is safe to be killed and to be run twice. Where anything is unclear, nothing is
    changed.

    Exit codes: 0 nothing to do, or done; 1 an error; 3 there is something to do, and it was only shown.

    Examples:
    pulumi-neev recover --stack dev

    pulumi-neev recover --stack dev --cancel --yes
    """
    from neev_provider.cli.recover import apply  # noqa: PLC0415  loads the provider

    manner = RunOptions(yes=yes, dry_run=dry_run, json=json)
    raise typer.Exit(apply.run(cwd, stack, manner, cancel=cancel, drop_foreign=drop_others))
