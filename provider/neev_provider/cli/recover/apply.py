"""A stack's interrupted operations looked up, and its state brought in line with what they made."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from neev_provider.cli.output import DONE, TO_DO, Manner, as_json, discreet, fail, say, table
from neev_provider.cli.pulumi_cli import Deployment, Engine
from neev_provider.cli.recover.plan import Plan, operations, plan, searched
from neev_provider.cli.recover.search import Search
from neev_provider.client.http.pagination import gather_all
from neev_provider.core.errors import NeevError


class Changed(NeevError):
    """The stack's state is another one than the plan was made for."""

    default_hint = "Something else works on the stack. Nothing was changed: run the same command again."


class InTheWay(NeevError):
    """The stack has something that would be lost."""

    default_hint = "Nothing was changed. Look at them first; --drop-others forgets them."


@discreet()
def run(cwd: Path, stack: str | None, manner: Manner, *, cancel: bool, drop_others: bool) -> int:
    """The exit code, after the plan was shown and, where that is wanted, carried out."""
    engine = Engine(cwd)
    try:
        name = stack or engine.selected()
        state, made = asyncio.run(planned(engine, name))
        if not manner.json:
            _show(name, made)
        if made.others and not drop_others and not manner.dry_run:
            raise InTheWay("creates of other providers were interrupted, and an import forgets them")
        # an engine that was killed between two operations leaves nothing but its lock
        to_do = bool(made.steps) or cancel
        acting = to_do and manner.acts()
        if acting and cancel:
            engine.cancel(name)
        if acting and made.steps:
            carry_out(engine, name, state, made)
    except NeevError as error:
        fail(error)
    _tell(name, made, manner, done=acting, to_do=to_do)
    return DONE if acting or not to_do else TO_DO


async def planned(engine: Engine, stack: str) -> tuple[Deployment, Plan]:
    """The state as it is, and what is to be done about it; raises where anything is unclear."""
    state = engine.export(stack, secrets=True)
    pending = operations(state)
    if not any(map(searched, pending)):
        return state, plan(state, {})
    search = Search(engine, stack, state)
    async with AsyncExitStack() as clients:
        answers = await gather_all(search.of(each, clients) for each in pending)
    return state, plan(state, {index: made for index, made in enumerate(answers) if made is not None})


def carry_out(engine: Engine, stack: str, state: Deployment, made: Plan) -> None:
    """The stack's state is the plan's, by one import: before it nothing has changed, after it everything has."""
    if engine.export(stack, secrets=True) != state:
        raise Changed(f"the state of {stack} has changed since the plan was made")
    engine.import_(stack, made.state)


def _show(stack: str, made: Plan) -> None:
    if made.steps:
        say(f"{stack}: {len(made.steps)} interrupted")
        table((each.action, each.resource, each.id or "-", each.why) for each in made.steps)
    else:
        say(f"{stack}: no operation was interrupted.")


def _tell(stack: str, made: Plan, manner: Manner, *, done: bool, to_do: bool) -> None:
    if manner.json:
        names = ("action", "operation", "resource", "urn", "id", "why")
        steps = [{name: getattr(each, name) for name in names} for each in made.steps]
        as_json({"stack": stack, "done": done, "steps": steps})
    elif done:
        say("Done. Run `pulumi up` to go on.")
    elif to_do:
        say("Nothing is changed yet: run again with --yes.")
