"""`pulumi-neev recover`: what an interrupted `pulumi up` has left behind is in the state again."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pulumi_neev.cli.telling import DONE, FAILED, TO_DO, as_json, fail, table

if TYPE_CHECKING:
    from pulumi_neev.cli.recovery import Plan

Stack = Annotated[str | None, typer.Option("--stack", "-s", help="The stack; unset, the one that is selected.")]
Directory = Annotated[Path, typer.Option("--cwd", "-C", file_okay=False, exists=True, help="The project's directory.")]
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


def recover(  # noqa: PLR0913  one for each option
    *,
    stack: Stack = None,
    cwd: Directory = Path(),
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Act without asking.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show the plan, as it is without a terminal.")
    ] = False,
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
    from pulumi_neev.cli import recovering  # noqa: PLC0415  loads the provider
    from pulumi_neev.cli.engine import Engine  # noqa: PLC0415  likewise
    from pulumi_neev.core.errors import NeevError  # noqa: PLC0415  likewise

    engine = Engine(cwd)
    try:
        name = stack or engine.selected()
        state, plan = asyncio.run(recovering.planned(engine, name))
        blocked = bool(plan.others) and not drop_others
        if not json:
            _show(name, plan)
        acting = bool(plan.steps) and not blocked and not dry_run and (yes or _agreed(json=json))
        if acting:
            if cancel:
                engine.cancel(name)
            recovering.carry_out(engine, name, state, plan)
    except NeevError as error:
        fail(error)
    if json:
        steps = [{**_step(each), "operation": each.operation, "urn": each.urn} for each in plan.steps]
        as_json({"stack": name, "done": acting, "steps": steps})
    if blocked:
        typer.echo("Nothing is done: --drop-others forgets the creates of other providers too.", err=True)
        raise typer.Exit(FAILED)
    if acting and not json:
        typer.echo("Done. Run `pulumi up` to go on.")
    elif plan.steps and not json:
        typer.echo("Nothing is changed yet: run again with --yes.")
    raise typer.Exit(DONE if acting or not plan.steps else TO_DO)


def _show(stack: str, plan: Plan) -> None:
    if not plan.steps:
        typer.echo(f"{stack}: no operation was interrupted.")
        return
    typer.echo(f"{stack}: {len(plan.steps)} interrupted")
    table((each.action, each.resource, each.id or "-", each.why) for each in plan.steps)


def _step(step: object) -> dict[str, str | None]:
    return {name: getattr(step, name) for name in ("action", "resource", "id", "why")}


def _agreed(*, json: bool) -> bool:
    return not json and sys.stdin.isatty() and sys.stdout.isatty() and typer.confirm("Do it?")
