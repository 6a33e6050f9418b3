"""The command `pulumi-neev recover`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from neev_provider.cli.options import Directory, DryRun, Engine, Json, Stack, Yes
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
    terraform: Annotated[
        Path | None,
        typer.Option(
            "--terraform", metavar="DIR", file_okay=False, exists=True, help="Directory of a Terraform configuration."
        ),
    ] = None,
    engine: Engine = None,
    json: Json = False,
) -> None:
    """Add what an interrupted `pulumi up` or `terraform apply` created to the state.

    If Pulumi was killed, the state contains a pending operation for each create, but not its result. Recover looks
    up each result by the labels of the stack and its name, prints a plan, and applies it with `--yes` or after a prompt
    in a terminal. It changes the state with one `pulumi stack import`, which also clears the pending operations, so it
    can be killed and run again. If anything is unclear, it changes nothing.

    If Terraform was killed, the state contains nothing of a create. With `--terraform`, recover matches what has the
    labels of the configuration and workspace and is in no state with the planned creates, by type and explicit name,
    and runs `terraform import` for each match.

    Exit codes: 0: nothing to do, or done; 1: error; 3: there are changes, and they were only printed.

    Examples:

    pulumi-neev recover --stack dev

    pulumi-neev recover --stack dev --cancel --yes

    pulumi-neev recover --terraform infra --yes
    """
    options = RunOptions(yes=yes, dry_run=dry_run, json=json)
    if terraform is not None:
        from neev_provider.cli.recover import terraform as terraform_recovery  # noqa: PLC0415  loads the provider

        if stack or cancel or drop_foreign:
            raise typer.BadParameter("cannot be combined with options for stacks", param_hint="--terraform")
        raise typer.Exit(terraform_recovery.run(terraform, engine, options))
    from neev_provider.cli.recover import apply  # noqa: PLC0415  likewise

    raise typer.Exit(apply.run(cwd, stack, options, cancel=cancel, drop_foreign=drop_foreign))
