"""`pulumi-neev sweep`: sandboxes, agents and snapshots that no stack holds any more."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from neev_provider.cli.options import Directory, DryRun, Json, Yes
from neev_provider.cli.output import RunOptions

MIN_AGE_SECONDS = 600
"""Seconds for which nothing is ever swept: something may be making it at this moment."""


def sweep(  # noqa: PLR0913  one for each option
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Only what has one of these ids.")] = None,
    *,
    prefix: Annotated[str, typer.Option(help="Only what has a name that begins so; for acting, this or ids.")] = "",
    older_than: Annotated[str, typer.Option(help="Only what is older: 90m, 12h, 2d; at least 10m.")] = "1h",
    phase: Annotated[list[str] | None, typer.Option(help="Only what is in this phase; may be repeated.")] = None,
    backend: Annotated[
        list[str] | None, typer.Option(help="Where stacks are, as for `pulumi login`; may be repeated. Unset: here.")
    ] = None,
    pause: Annotated[bool, typer.Option("--pause", help="Pause instead of deleting anything.")] = False,
    stack: Annotated[str | None, typer.Option(help="Whose configuration names the account. Unset: NEEV_….")] = None,
    cwd: Directory = Path(),
    yes: Yes = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """List what no stack holds any more, and delete or pause it.

    Reads every state of the backends first, secrets included: what is written anywhere in one of them is held, also
    what an interrupted create names. Where one of them cannot be read, nothing is deleted. Stacks on a backend that
    is not named here are not known, so give every one that the project's stacks are on.

    Of sandboxes, agents and snapshots that are named by their ids, those that are no leftovers are passed over, each
    with the reason.

    Exit codes: 0 nothing is left over, or it was done away with; 1 an error, or an id was passed over; 3 something is
    left over, and it was only shown.

    Examples:
    pulumi-neev sweep

    pulumi-neev sweep --prefix pr- --older-than 12h --yes

    pulumi-neev sweep 5d3f2dc8-fe21-4ec4-bacf-3a46ddf1079e --older-than 10m --yes

    pulumi-neev sweep --prefix pr- --phase Ready --pause --yes --backend s3://states
    """
    from neev_provider.cli.sweep import apply  # noqa: PLC0415  loads the provider
    from neev_provider.cli.sweep.orphans import SweepFilter, parse_duration  # noqa: PLC0415  likewise

    try:
        span = parse_duration(older_than)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--older-than") from None
    if span < MIN_AGE_SECONDS:
        raise typer.BadParameter("must be at least 10m", param_hint="--older-than")
    place = apply.SweepScope(cwd, tuple(backend or ()), stack)
    wanted = SweepFilter(prefix, span, frozenset(phase or ()), tuple(ids or ()))
    if yes and not wanted.is_specific:
        raise typer.BadParameter("this or ids are needed for acting", param_hint="--prefix")
    raise typer.Exit(apply.run(place, wanted, RunOptions(yes=yes, dry_run=dry_run, json=json), pause=pause))
