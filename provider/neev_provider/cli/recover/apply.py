"""A stack's interrupted operations looked up, and its state brought in line with what they made."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from neev_provider.cli.output import (
    EXIT_CHANGES_PENDING,
    EXIT_OK,
    RunOptions,
    exit_with_error,
    print_json,
    print_line,
    print_table,
    redact_output,
)
from neev_provider.cli.pulumi_cli import Deployment, PulumiCli
from neev_provider.cli.recover.plan import RecoveryPlan, build_plan, list_pending_operations, resource_for_lookup
from neev_provider.cli.recover.search import OperationLookup
from neev_provider.client.http.pagination import gather_all
from neev_provider.core.errors import NeevError


class StateChanged(NeevError):
    """The stack's state is another one than the plan was made for."""

    default_hint = "Something else works on the stack. Nothing was changed: run the same command again."


class ForeignOperationsPending(NeevError):
    """The stack has something that would be lost."""

    default_hint = "Nothing was changed. Look at them first; --drop-others forgets them."


@redact_output()
def run(cwd: Path, stack: str | None, options: RunOptions, *, cancel: bool, drop_foreign: bool) -> int:
    """The exit code, after the plan was shown and, where that is wanted, carried out."""
    engine = PulumiCli(cwd)
    try:
        name = stack or engine.read_selected_stack()
        state, made = asyncio.run(load_plan(engine, name))
        if not options.json:
            _print_plan(name, made)
        if made.foreign_steps and not drop_foreign and not options.dry_run:
            raise ForeignOperationsPending("creates of other providers were interrupted, and an import forgets them")
        # an engine that was killed between two operations leaves nothing but its lock
        to_do = bool(made.steps) or cancel
        acting = to_do and options.should_apply()
        if acting and cancel:
            engine.cancel(name)
        if acting and made.steps:
            apply_plan(engine, name, state, made)
    except NeevError as error:
        exit_with_error(error)
    _print_result(name, made, options, applied=acting, has_changes=to_do)
    return EXIT_OK if acting or not to_do else EXIT_CHANGES_PENDING


async def load_plan(pulumi_cli: PulumiCli, stack: str) -> tuple[Deployment, RecoveryPlan]:
    """The state as it is, and what is to be done about it; raises where anything is unclear."""
    state = pulumi_cli.export(stack, secrets=True)
    pending = list_pending_operations(state)
    if not any(map(resource_for_lookup, pending)):
        return state, build_plan(state, {})
    search = OperationLookup(pulumi_cli, stack, state)
    async with AsyncExitStack() as clients:
        answers = await gather_all(search.find(each, clients) for each in pending)
    return state, build_plan(state, {index: made for index, made in enumerate(answers) if made is not None})


def apply_plan(pulumi_cli: PulumiCli, stack: str, state: Deployment, plan: RecoveryPlan) -> None:
    """The stack's state is the plan's, by one import: before it nothing has changed, after it everything has."""
    if pulumi_cli.export(stack, secrets=True) != state:
        raise StateChanged(f"the state of {stack} has changed since the plan was made")
    pulumi_cli.import_(stack, plan.state)


def _print_plan(stack: str, plan: RecoveryPlan) -> None:
    if plan.steps:
        print_line(f"{stack}: {len(plan.steps)} interrupted")
        print_table((each.action, each.resource, each.id or "-", each.why) for each in plan.steps)
    else:
        print_line(f"{stack}: no operation was interrupted.")


def _print_result(stack: str, plan: RecoveryPlan, options: RunOptions, *, applied: bool, has_changes: bool) -> None:
    if options.json:
        names = ("action", "operation", "resource", "urn", "id", "why")
        steps = [{name: getattr(each, name) for name in names} for each in plan.steps]
        print_json({"stack": stack, "done": applied, "steps": steps})
    elif applied:
        print_line("Done. Run `pulumi up` to go on.")
    elif has_changes:
        print_line("Nothing is changed yet: run again with --yes.")
