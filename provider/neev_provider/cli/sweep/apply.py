"""A project's leftovers looked for, and deleted or paused one by one."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from neev_provider.cli import accounts, recorded_accounts
from neev_provider.cli.output import (
    EXIT_CHANGES_PENDING,
    EXIT_ERROR,
    EXIT_OK,
    RunOptions,
    exit_with_error,
    print_json,
    print_line,
    print_table,
    redact_output,
)
from neev_provider.cli.pulumi_cli import PulumiCli
from neev_provider.cli.recover.plan import list_state_resources
from neev_provider.cli.sweep.orphans import (
    AGENT,
    SANDBOX,
    SNAPSHOT,
    Orphan,
    RemoteObject,
    SweepFilter,
    explain_skipped,
    find_orphans,
    format_age,
    from_agent,
    from_sandbox,
    from_snapshot,
    to_json,
)
from neev_provider.cli.sweep.references import StateReferences, state_references
from neev_provider.client import Api, Settings, connect
from neev_provider.client.http.pagination import gather_all
from neev_provider.client.snapshots import Snapshot
from neev_provider.core.errors import NeevError, NotFound

T = TypeVar("T")
Outcomes = Mapping[str, str]
SUCCESS_OUTCOMES = ("deleted", "paused", "gone already")


@dataclass(frozen=True, slots=True)
class SweepScope:
    """Where the stacks are that may hold something, and which one's configuration names the account."""

    directory: Path
    backend_urls: tuple[str, ...]
    stack: str | None

    @property
    def pulumi_clis(self) -> list[PulumiCli]:
        """One for each backend."""
        return [PulumiCli(self.directory, each) for each in self.backend_urls] or [PulumiCli(self.directory)]

    def resolve_settings(self) -> Settings:
        """The account of the stack, else of the environment.

        Raises:
            WrongAccount: the stack's resources are recorded in another one, so its settings are not to be trusted.
        """
        if not self.stack:
            return accounts.resolve_stack_settings({}, os.environ)
        engine = self.pulumi_clis[0]
        configured = engine.read_config(self.stack)
        recorded_accounts.require_matching_account(
            list_state_resources(engine.export(self.stack, secrets=True)), configured, os.environ
        )
        return accounts.resolve_stack_settings(configured, os.environ)


@redact_output()
def run(scope: SweepScope, sweep_filter: SweepFilter, options: RunOptions, *, pause: bool) -> int:
    """The exit code, after what is left over was shown and, where that is wanted, done away with."""
    try:
        settings = scope.resolve_settings()
        seen = asyncio.run(_run_with_client(settings, lambda api: load_orphans(api, scope.pulumi_clis, sweep_filter)))
        left = [each.unblocked for each in seen.orphans if each.can_be_paused] if pause else seen.orphans
        if not options.json:
            _print_orphans(left, seen.skipped)
        theirs = [each for each in left if each.blocked_by is None]
        acting = bool(theirs) and sweep_filter.is_specific and options.should_apply()
        outcomes = (
            asyncio.run(_run_with_client(settings, lambda api: _sweep_all(api, theirs, sweep_filter, pause=pause)))
            if acting
            else {}
        )
    except NeevError as error:
        exit_with_error(error)
    _print_outcomes(left, seen.skipped, outcomes, options)
    if seen.skipped or not all(each in SUCCESS_OUTCOMES for each in outcomes.values()):
        return EXIT_ERROR
    return EXIT_CHANGES_PENDING if theirs and not acting else EXIT_OK


@dataclass(frozen=True, slots=True)
class SweepCandidates:
    """What is left over, and why each id that was asked for is not."""

    orphans: list[Orphan]
    skipped: Mapping[str, str]


async def load_orphans(api: Api, pulumi_clis: Iterable[PulumiCli], sweep_filter: SweepFilter) -> SweepCandidates:
    """What no stack of the backends holds; raises where a list, a backend or a state cannot be read."""
    # what is there is read first: whatever is in that list, its stack has named in a state before it was made
    things = await _list_objects(api)
    now = api.transport.server_clock.now()
    states = _load_references(pulumi_clis)
    return SweepCandidates(
        find_orphans(things, states, sweep_filter, now), explain_skipped(things, states, sweep_filter, now)
    )


async def sweep_one(api: Api, orphan: Orphan, sweep_filter: SweepFilter, *, pause: bool) -> str:
    """What became of the leftover: `deleted`, `paused`, or why not; it is looked at once more before."""
    thing = orphan.remote_object
    try:
        return await _describe_change(api, orphan, sweep_filter) or await _delete_or_pause(api, thing, pause=pause)
    except NotFound:
        return "gone already"
    except NeevError as error:
        return f"failed: {error}"


async def _describe_change(api: Api, orphan: Orphan, sweep_filter: SweepFilter) -> str | None:
    thing = orphan.remote_object
    seen, snapshots = await _reload(api, thing)
    if snapshots - orphan.snapshots:
        return "left: it has a new snapshot"
    same = (seen.id, seen.name, seen.created_at) == (thing.id, thing.name, thing.created_at)
    if not same or not sweep_filter.matches(seen, api.transport.server_clock.now()):
        return "left: it is not what it was"
    if sweep_filter.phases and seen.phase not in sweep_filter.phases:
        return f"left: it is {seen.phase} by now"
    return None


async def _reload(api: Api, remote_object: RemoteObject) -> tuple[RemoteObject, set[str]]:
    """The thing as it is now, and the snapshots that would go with it."""
    if remote_object.kind == SNAPSHOT:
        return from_snapshot(await api.snapshots.get(remote_object.id)), set()
    if remote_object.kind == AGENT:
        seen = from_agent(await api.agents.get(remote_object.id))
    else:
        seen = from_sandbox(await api.sandboxes.get(remote_object.id))
    return seen, {each.id for each in await _list_snapshots(api, seen.sandbox_id or seen.id)}


async def _delete_or_pause(api: Api, remote_object: RemoteObject, *, pause: bool) -> str:
    if pause:
        await (api.agents if remote_object.kind == AGENT else api.sandboxes).pause(remote_object.id)
        return "paused"
    delete = {SANDBOX: api.sandboxes.delete, AGENT: api.agents.delete, SNAPSHOT: api.snapshots.delete}
    await delete[remote_object.kind](remote_object.id)
    return "deleted"


def _load_references(pulumi_clis: Iterable[PulumiCli]) -> StateReferences:
    return state_references(
        engine.export(stack, secrets=True) for engine in pulumi_clis for stack in engine.list_stacks()
    )


async def _list_objects(api: Api) -> list[RemoteObject]:
    """Every agent, every sandbox that is nobody's inside, and every snapshot."""
    agents = {each.sandbox_id: from_agent(each) for each in await api.agents.list()}
    sandboxes = {each.id: each for each in await api.sandboxes.list()}
    taken = await gather_all(_list_snapshots(api, id) for id in sandboxes)
    whose = {id: agents[id].id for id in sandboxes if id in agents}
    return [
        *agents.values(),
        *(from_sandbox(each) for id, each in sandboxes.items() if id not in agents),
        *(from_snapshot(each, whose.get(id)) for id, some in zip(sandboxes, taken, strict=True) for each in some),
    ]


async def _list_snapshots(api: Api, sandbox_id: str) -> tuple[Snapshot, ...]:
    """The snapshots of a sandbox; one that is gone has none."""
    try:
        return await api.snapshots.list(sandbox_id)
    except NotFound:
        return ()


async def _run_with_client(settings: Settings, operation: Callable[[Api], Awaitable[T]]) -> T:
    async with connect(settings) as api:
        return await operation(api)


async def _sweep_all(api: Api, orphans: Sequence[Orphan], sweep_filter: SweepFilter, *, pause: bool) -> Outcomes:
    return {each.remote_object.id: await sweep_one(api, each, sweep_filter, pause=pause) for each in orphans}


def _print_orphans(orphans: Sequence[Orphan], skipped: Outcomes) -> None:
    for id, why in skipped.items():
        print_line(f"{id} is passed over: {why}")
    if orphans:
        print_line(f"{len(orphans)} left over, held by no stack:")
        print_table(
            (
                *_identity_columns(each),
                each.remote_object.phase,
                format_age(each.age_seconds),
                each.remote_object.size,
                each.blocked_by or "",
            )
            for each in orphans
        )
    else:
        print_line("Nothing is left over.")


def _print_outcomes(orphans: Sequence[Orphan], skipped: Outcomes, outcomes: Outcomes, options: RunOptions) -> None:
    if options.json:
        found = [{**to_json(each), "outcome": outcomes.get(each.remote_object.id)} for each in orphans]
        others = [{"id": id, "why": why} for id, why in skipped.items()]
        print_json({"done": bool(outcomes), "leftovers": found, "passedOver": others})
    elif outcomes:
        print_table(
            (*_identity_columns(each), outcomes[each.remote_object.id])
            for each in orphans
            if each.remote_object.id in outcomes
        )
    elif any(each.blocked_by is None for each in orphans):
        print_line("Nothing is done yet: run again with --prefix, or with ids, and --yes.")


def _identity_columns(orphan: Orphan) -> tuple[str, str, str]:
    return orphan.remote_object.kind, orphan.remote_object.name or "-", orphan.remote_object.id
