"""A stack's interrupted operations looked up, and its state brought in line with what they made."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from pulumi_neev.cli import accounts
from pulumi_neev.cli.engine import Deployment, Engine
from pulumi_neev.cli.recovery import Entry, Plan, operations, plan, resources, searched
from pulumi_neev.cli.telling import DONE, TO_DO, Manner, as_json, fail, say, table
from pulumi_neev.client import Api, Settings, connect
from pulumi_neev.client.pages import together
from pulumi_neev.core import lifecycle
from pulumi_neev.core.errors import InputError, NeevError
from pulumi_neev.core.lifecycle import AnyResource, Stored
from pulumi_neev.faces.checkpoint import opened
from pulumi_neev.faces.values import plain


class Changed(NeevError):
    """The stack's state is another one than the plan was made for."""

    advice = "Something else works on the stack. Nothing was changed: run the same command again."


class InTheWay(NeevError):
    """The stack has something that would be lost."""

    advice = "Nothing was changed. Look at them first; --drop-others forgets them."


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
    configured = engine.config(stack) if any(map(searched, pending)) else {}
    async with AsyncExitStack() as clients:
        connected: dict[Settings, Api] = {}

        async def looked_up(operation: Entry) -> Stored | None:
            resource, begun = searched(operation), operation["resource"]
            if resource is None:
                return None
            settings = accounts.of_resource(begun, resources(state), configured, os.environ)
            if settings not in connected:
                connected[settings] = connect(settings)
                clients.push_async_callback(connected[settings].aclose)
            return await _found(resource, connected[settings], begun)

        answers = await together(map(looked_up, pending))
    return state, plan(state, {index: made for index, made in enumerate(answers) if made is not None})


def carry_out(engine: Engine, stack: str, state: Deployment, made: Plan) -> None:
    """The stack's state is the plan's, by one import: before it nothing has changed, after it everything has."""
    if engine.export(stack, secrets=True) != state:
        raise Changed(f"the state of {stack} has changed since the plan was made")
    engine.import_(stack, made.state)


async def _found(resource: AnyResource, api: Api, begun: Mapping[str, Any]) -> Stored | None:
    asked = plain(opened(begun.get("inputs") or {}))
    try:
        return await lifecycle.find(resource, api, asked)
    except InputError as error:
        raise InputError(begun["urn"], f"its stored inputs cannot be used: {error.fact}") from error


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
