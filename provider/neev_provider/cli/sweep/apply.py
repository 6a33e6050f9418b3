"""A project's leftovers looked for, and deleted or paused one by one."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from neev_provider.cli import accounts, recorded_accounts
from neev_provider.cli.output import DONE, FAILED, TO_DO, Manner, as_json, discreet, fail, say, table
from neev_provider.cli.pulumi_cli import Engine
from neev_provider.cli.recover.plan import resources
from neev_provider.cli.sweep.orphans import (
    AGENT,
    SANDBOX,
    SNAPSHOT,
    Leftover,
    Thing,
    Wanted,
    ago,
    leftovers,
    of_agent,
    of_sandbox,
    of_snapshot,
    passed_over,
    shown,
)
from neev_provider.cli.sweep.references import Held, held
from neev_provider.client import Api, Settings, connect
from neev_provider.client.http.pagination import gather_all
from neev_provider.client.snapshots import Snapshot
from neev_provider.core.errors import NeevError, NotFound

T = TypeVar("T")
Outcomes = Mapping[str, str]
WELL = ("deleted", "paused", "gone already")


@dataclass(frozen=True, slots=True)
class Place:
    """Where the stacks are that may hold something, and which one's configuration names the account."""

    directory: Path
    backends: tuple[str, ...]
    stack: str | None

    @property
    def engines(self) -> list[Engine]:
        """One for each backend."""
        return [Engine(self.directory, each) for each in self.backends] or [Engine(self.directory)]

    def account(self) -> Settings:
        """The account of the stack, else of the environment.

        Raises:
            WrongAccount: the stack's resources are recorded in another one, so its settings are not to be trusted.
        """
        if not self.stack:
            return accounts.of_stack({}, os.environ)
        engine = self.engines[0]
        configured = engine.config(self.stack)
        recorded_accounts.require_here(resources(engine.export(self.stack, secrets=True)), configured, os.environ)
        return accounts.of_stack(configured, os.environ)


@discreet()
def run(place: Place, wanted: Wanted, manner: Manner, *, pause: bool) -> int:
    """The exit code, after what is left over was shown and, where that is wanted, done away with."""
    try:
        settings = place.account()
        seen = asyncio.run(_connected(settings, lambda api: looked_for(api, place.engines, wanted)))
        left = [each.paused for each in seen.left if each.can_be_paused] if pause else seen.left
        if not manner.json:
            _show(left, seen.passed_over)
        theirs = [each for each in left if each.stays is None]
        acting = bool(theirs) and wanted.may_act and manner.acts()
        outcomes = (
            asyncio.run(_connected(settings, lambda api: _all(api, theirs, wanted, pause=pause))) if acting else {}
        )
    except NeevError as error:
        fail(error)
    _tell(left, seen.passed_over, outcomes, manner)
    if seen.passed_over or not all(each in WELL for each in outcomes.values()):
        return FAILED
    return TO_DO if theirs and not acting else DONE


@dataclass(frozen=True, slots=True)
class Seen:
    """What is left over, and why each id that was asked for is not."""

    left: list[Leftover]
    passed_over: Mapping[str, str]


async def looked_for(api: Api, engines: Iterable[Engine], wanted: Wanted) -> Seen:
    """What no stack of the backends holds; raises where a list, a backend or a state cannot be read."""
    # what is there is read first: whatever is in that list, its stack has named in a state before it was made
    things = await _things(api)
    now = api.transport.server_clock.now()
    states = _held(engines)
    return Seen(leftovers(things, states, wanted, now), passed_over(things, states, wanted, now))


async def swept(api: Api, left: Leftover, wanted: Wanted, *, pause: bool) -> str:
    """What became of the leftover: `deleted`, `paused`, or why not; it is looked at once more before."""
    thing = left.thing
    try:
        return await _changed_since(api, left, wanted) or await _ended(api, thing, pause=pause)
    except NotFound:
        return "gone already"
    except NeevError as error:
        return f"failed: {error}"


async def _changed_since(api: Api, left: Leftover, wanted: Wanted) -> str | None:
    thing = left.thing
    seen, snapshots = await _seen(api, thing)
    if snapshots - left.snapshots:
        return "left: it has a new snapshot"
    same = (seen.id, seen.name, seen.created) == (thing.id, thing.name, thing.created)
    if not same or not wanted.takes(seen, api.transport.server_clock.now()):
        return "left: it is not what it was"
    if wanted.phases and seen.phase not in wanted.phases:
        return f"left: it is {seen.phase} by now"
    return None


async def _seen(api: Api, thing: Thing) -> tuple[Thing, set[str]]:
    """The thing as it is now, and the snapshots that would go with it."""
    if thing.kind == SNAPSHOT:
        return of_snapshot(await api.snapshots.get(thing.id)), set()
    if thing.kind == AGENT:
        seen = of_agent(await api.agents.get(thing.id))
    else:
        seen = of_sandbox(await api.sandboxes.get(thing.id))
    return seen, {each.id for each in await _snapshots(api, seen.inside or seen.id)}


async def _ended(api: Api, thing: Thing, *, pause: bool) -> str:
    if pause:
        await (api.agents if thing.kind == AGENT else api.sandboxes).pause(thing.id)
        return "paused"
    delete = {SANDBOX: api.sandboxes.delete, AGENT: api.agents.delete, SNAPSHOT: api.snapshots.delete}
    await delete[thing.kind](thing.id)
    return "deleted"


def _held(engines: Iterable[Engine]) -> Held:
    return held(engine.export(stack, secrets=True) for engine in engines for stack in engine.stacks())


async def _things(api: Api) -> list[Thing]:
    """Every agent, every sandbox that is nobody's inside, and every snapshot."""
    agents = {each.sandbox_id: of_agent(each) for each in await api.agents.list()}
    sandboxes = {each.id: each for each in await api.sandboxes.list()}
    taken = await gather_all(_snapshots(api, id) for id in sandboxes)
    whose = {id: agents[id].id for id in sandboxes if id in agents}
    return [
        *agents.values(),
        *(of_sandbox(each) for id, each in sandboxes.items() if id not in agents),
        *(of_snapshot(each, whose.get(id)) for id, some in zip(sandboxes, taken, strict=True) for each in some),
    ]


async def _snapshots(api: Api, sandbox: str) -> tuple[Snapshot, ...]:
    """The snapshots of a sandbox; one that is gone has none."""
    try:
        return await api.snapshots.list(sandbox)
    except NotFound:
        return ()


async def _connected(settings: Settings, work: Callable[[Api], Awaitable[T]]) -> T:
    async with connect(settings) as api:
        return await work(api)


async def _all(api: Api, left: Sequence[Leftover], wanted: Wanted, *, pause: bool) -> Outcomes:
    return {each.thing.id: await swept(api, each, wanted, pause=pause) for each in left}


def _show(left: Sequence[Leftover], passed_over: Outcomes) -> None:
    for id, why in passed_over.items():
        say(f"{id} is passed over: {why}")
    if left:
        say(f"{len(left)} left over, held by no stack:")
        table((*_named(each), each.thing.phase, ago(each.age), each.thing.size, each.stays or "") for each in left)
    else:
        say("Nothing is left over.")


def _tell(left: Sequence[Leftover], passed_over: Outcomes, outcomes: Outcomes, manner: Manner) -> None:
    if manner.json:
        found = [{**shown(each), "outcome": outcomes.get(each.thing.id)} for each in left]
        others = [{"id": id, "why": why} for id, why in passed_over.items()]
        as_json({"done": bool(outcomes), "leftovers": found, "passedOver": others})
    elif outcomes:
        table((*_named(each), outcomes[each.thing.id]) for each in left if each.thing.id in outcomes)
    elif any(each.stays is None for each in left):
        say("Nothing is done yet: run again with --prefix, or with ids, and --yes.")


def _named(left: Leftover) -> tuple[str, str, str]:
    return left.thing.kind, left.thing.name or "-", left.thing.id
