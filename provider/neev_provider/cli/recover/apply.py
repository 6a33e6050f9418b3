"""Looks up the pending operations of a stack, and imports a state that contains what they created."""

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
from neev_provider.core.errors import NeevError
from neev_provider.core.tasks import gather_all


class StateChanged(NeevError):
    """The stack's state has changed since the plan was built."""

    default_hint = "Another process uses the stack. Nothing was changed: run the same command again."


class ForeignOperationsPending(NeevError):
    """The import would lose pending operations of other providers."""

    default_hint = "Nothing was changed. Check them first; --drop-foreign drops them."


@redact_output()
def run(cwd: Path, stack: str | None, options: RunOptions, *, cancel: bool, drop_foreign: bool) -> int:
    """Print the plan, apply it if the options allow it, and return the exit code."""
    pulumi_cli = PulumiCli(cwd)
    try:
        name = stack or pulumi_cli.read_selected_stack()
        state, plan = asyncio.run(load_plan(pulumi_cli, name))
        if not options.json:
            _print_plan(name, plan)
        if plan.foreign_steps and not drop_foreign and not options.dry_run:
            raise ForeignOperationsPending("creates of other providers were interrupted, and an import drops them")
        # an engine that was killed between two operations leaves only its lock
        has_changes = bool(plan.steps) or cancel
        is_applied = has_changes and options.should_apply()
        if is_applied and cancel:
            pulumi_cli.cancel(name)
        if is_applied and plan.steps:
            apply_plan(pulumi_cli, name, state, plan)
    except NeevError as error:
        exit_with_error(error)
    _print_result(name, plan, options, applied=is_applied, has_changes=has_changes)
    return EXIT_OK if is_applied or not has_changes else EXIT_CHANGES_PENDING


async def load_plan(pulumi_cli: PulumiCli, stack: str) -> tuple[Deployment, RecoveryPlan]:
    """Return the current state and the plan. Raises if anything is unclear."""
    state = pulumi_cli.export(stack, secrets=True)
    pending = list_pending_operations(state)
    if not any(map(resource_for_lookup, pending)):
        return state, build_plan(state, {})
    lookup = OperationLookup(pulumi_cli, stack, state)
    async with AsyncExitStack() as clients:
        results = await gather_all(lookup.find(item, clients) for item in pending)
    return state, build_plan(state, {index: result for index, result in enumerate(results) if result is not None})


def apply_plan(pulumi_cli: PulumiCli, stack: str, state: Deployment, plan: RecoveryPlan) -> None:
    """Import the plan's state: one command that changes everything or nothing."""
    if pulumi_cli.export(stack, secrets=True) != state:
        raise StateChanged(f"the state of {stack} has changed since the plan was built")
    pulumi_cli.import_(stack, plan.state)


def _print_plan(stack: str, plan: RecoveryPlan) -> None:
    if plan.steps:
        print_line(f"{stack}: {len(plan.steps)} interrupted")
        print_table((step.action, step.resource, step.id or "-", step.why) for step in plan.steps)
    else:
        print_line(f"{stack}: no operation was interrupted.")


def _print_result(stack: str, plan: RecoveryPlan, options: RunOptions, *, applied: bool, has_changes: bool) -> None:
    if options.json:
        names = ("action", "operation", "resource", "urn", "id", "why")
        steps = [{name: getattr(step, name) for name in names} for step in plan.steps]
        print_json({"stack": stack, "done": applied, "steps": steps})
    elif applied:
        print_line("Done. Run `pulumi up` to continue.")
    elif has_changes:
        print_line("Nothing is changed yet. Run again with --yes to apply the plan.")
