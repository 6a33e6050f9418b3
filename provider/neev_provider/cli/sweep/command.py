"""The command `pulumi-neev sweep`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from neev_provider.cli.options import MIN_AGE, Directory, DryRun, Engine, Json, Terraform, Yes
from neev_provider.cli.output import RunOptions, exit_with_error
from neev_provider.core.errors import NeevError

PHASES = [
    *("Ready", "Paused", "Pending", "Pausing", "Resuming", "NotReady", "RestoreFailed", "Unknown"),
    *("Provisioning", "Failed"),  # of agents
]
"""Phases that shells complete. The API may have others."""


def sweep(  # noqa: PLR0913  one for each option
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="Only objects with one of these ids.")
    ] = None,
    *,
    prefix: Annotated[
        str,
        typer.Option(
            help="Only objects whose name begins with this; without --stack also those without labels that name their "
            "owner."
        ),
    ] = "",
    older_than: Annotated[
        str, typer.Option(help=f"Only objects that are older than this: 90m, 12h, 2d. Minimum: {MIN_AGE}.")
    ] = "1h",
    phase: Annotated[
        list[str] | None,
        typer.Option(help="Only objects in this phase. May be repeated.", autocompletion=lambda: PHASES),
    ] = None,
    backend: Annotated[
        list[str] | None,
        typer.Option(help="Backend URL, as for `pulumi login`. May be repeated. Defaults to the current one."),
    ] = None,
    pause: Annotated[bool, typer.Option("--pause", help="Pause instead of delete.")] = False,
    stack: Annotated[
        str | None,
        typer.Option(
            help="Only sandboxes that this stack created, and their snapshots. Its configuration, else the "
            "environment, names the account. Outside of the project's directory: ORGANIZATION/PROJECT/STACK."
        ),
    ] = None,
    label: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="Only sandboxes with this label. May be repeated.")
    ] = None,
    terraform: Terraform = None,
    engine: Engine = None,
    cwd: Directory = Path(),
    yes: Yes = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """List orphans (sandboxes, agents and snapshots that no state refers to), and delete or pause them.

    Without --prefix and ids, sweep lists only sandboxes whose labels say that pulumi-neev created them. It never lists
    a sandbox whose labels name another owner. With --stack or --label, it lists no agents, which have no labels. To
    delete or pause, --prefix, --stack, --label or ids are required.

    A fork has the labels of its source, so it counts as created by the source's stack.

    Sweep first reads the states of all stacks of the backends, secrets included. Every id and name in a state counts as
    a reference, also in a pending operation. If a state cannot be read, sweep deletes nothing. Name every backend
    that has stacks of this project: sweep does not know the stacks of other backends.

    With --terraform, sweep lists what the configuration created in its workspace and its state does not name. It reads
    the states of Pulumi only together with --backend or --stack, and lists an agent only if its id is given. It never
    deletes what has the labels of a Terraform configuration and workspace whose state was not given.

    If ids are given, sweep skips those that are no orphans, and prints the reason. It also says how many orphans are
    younger than --older-than.

    Exit codes: 0: no orphans, or all orphans were deleted; 1: error, or an id was skipped; 3: there are orphans, and
    they were only printed.

    Examples:

    pulumi-neev sweep

    pulumi-neev sweep --stack pr-7 --yes

    pulumi-neev sweep --label team=search --older-than 2d --yes

    pulumi-neev sweep --prefix pr- --older-than 12h --yes

    pulumi-neev sweep 5d3f2dc8-fe21-4ec4-bacf-3a46ddf1079e --older-than 10m --yes

    pulumi-neev sweep --prefix pr- --phase Ready --pause --yes --backend s3://states

    pulumi-neev sweep --terraform infra --terraform production.tfstate --yes
    """
    from neev_provider.cli.sweep import apply  # noqa: PLC0415  loads the provider
    from neev_provider.cli.sweep.orphans import SweepFilter, parse_duration  # noqa: PLC0415  likewise
    from neev_provider.cli.sweep.scope import SweepScope  # noqa: PLC0415  likewise

    try:
        min_age_seconds = parse_duration(older_than)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--older-than") from None
    if min_age_seconds < parse_duration(MIN_AGE):
        raise typer.BadParameter(f"must be at least {MIN_AGE}", param_hint="--older-than")
    labels = dict(text.split("=", 1) for text in label or () if "=" in text)
    if len(labels) < len(label or ()):
        raise typer.BadParameter("must be KEY=VALUE, each key once", param_hint="--label")
    scope = SweepScope(cwd, tuple(backend or ()), stack, tuple(terraform or ()), engine)
    try:
        owners = scope.owners
    except NeevError as error:
        exit_with_error(error, scope.vocabulary)
    phases = frozenset(phase or ())
    sweep_filter = SweepFilter(
        prefix, min_age_seconds, phases, tuple(ids or ()), labels, owners, is_terraform=bool(terraform)
    )
    if yes and not sweep_filter.is_specific:
        raise typer.BadParameter("--yes requires --prefix, --stack, --label or ids", param_hint="--prefix")
    raise typer.Exit(apply.run(scope, sweep_filter, RunOptions(yes=yes, dry_run=dry_run, json=json), pause=pause))
