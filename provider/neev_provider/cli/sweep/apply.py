"""Finds the orphans of a project, and deletes or pauses them one by one."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from neev_provider.adapters.shared.hints import PULUMI, render
from neev_provider.cli.options import MIN_AGE
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
from neev_provider.cli.sweep.orphans import (
    AGENT,
    NOT_GIVEN_REASON,
    SANDBOX,
    SNAPSHOT,
    Orphan,
    RemoteObject,
    SweepFilter,
    explain_skipped,
    find_orphans,
    find_younger_orphans,
    format_age,
    from_agent,
    from_sandbox,
    from_snapshot,
    parse_duration,
    to_json,
)
from neev_provider.cli.sweep.references import StateReferences
from neev_provider.cli.sweep.scope import SweepScope
from neev_provider.client import Api, Settings, connect
from neev_provider.client.sandboxes import Sandbox
from neev_provider.client.snapshots import Snapshot
from neev_provider.core.errors import NeevError, NotFound
from neev_provider.core.plurals import count_noun
from neev_provider.core.tasks import gather_all

T = TypeVar("T")
Outcomes = Mapping[str, str]
SUCCESS_OUTCOMES = ("deleted", "paused", "already deleted")
MAX_OWNERS = 5
"""Number of owners whose sandboxes are left alone with a line of their own."""


@redact_output()
def run(scope: SweepScope, sweep_filter: SweepFilter, options: RunOptions, *, pause: bool) -> int:
    """Print the orphans, delete or pause them if the options allow it, and return the exit code."""
    try:
        settings = scope.resolve_settings()
        candidates = asyncio.run(
            _run_with_client(settings, lambda api: load_orphans(api, scope.load_references, sweep_filter))
        )
        missing_stack = scope.explain_missing_stack() if candidates.is_empty else None
        orphans = candidates.orphans
        if pause:
            orphans = [orphan.unblocked for orphan in orphans if orphan.can_be_paused]
        if not options.json:
            _print_orphans(orphans, candidates, missing_stack, sweep_filter.min_age_seconds)
        unblocked = [orphan for orphan in orphans if orphan.blocked_by is None]
        is_applied = bool(unblocked) and sweep_filter.is_specific and options.should_apply()
        outcomes = (
            asyncio.run(_run_with_client(settings, lambda api: _sweep_all(api, unblocked, sweep_filter, pause=pause)))
            if is_applied
            else {}
        )
    except NeevError as error:
        exit_with_error(error, scope.vocabulary)
    if options.json:
        _print_json(orphans, candidates, outcomes, missing_stack)
    else:
        _print_outcomes(orphans, outcomes, is_specific=sweep_filter.is_specific)
    if candidates.skipped or not all(outcome in SUCCESS_OUTCOMES for outcome in outcomes.values()):
        return EXIT_ERROR
    return EXIT_CHANGES_PENDING if unblocked and not is_applied else EXIT_OK


@dataclass(frozen=True, slots=True)
class SweepCandidates:
    """The orphans, and why each requested id that is none was skipped."""

    orphans: list[Orphan]
    younger: list[Orphan]
    """What would be an orphan if it were old enough."""
    skipped: Mapping[str, str]
    is_empty: bool
    """Whether the API has nothing that the filter lists, orphan or not."""
    not_given: Counter[str]
    """The matching sandboxes of each Terraform configuration whose state was not given: they are left alone."""


async def load_orphans(
    api: Api, load_references: Callable[[], StateReferences], sweep_filter: SweepFilter
) -> SweepCandidates:
    """Return the orphans. Raises if a list, a backend or a state cannot be read."""
    # objects are listed before states are read: a state names each object before it is created
    sandboxes = await _list_sandboxes(api, sweep_filter)
    objects = await _list_objects(api, sandboxes, sweep_filter)
    now = api.transport.server_clock.now()
    references = load_references()
    not_given = [from_sandbox(item) for item in sandboxes if sweep_filter.is_of_unknown_state(item.labels)]
    return SweepCandidates(
        find_orphans(objects, references, sweep_filter, now),
        find_younger_orphans(objects, references, sweep_filter, now),
        explain_skipped(objects, references, sweep_filter, now, not_given),
        is_empty=not objects,
        not_given=Counter(str(item.owner) for item in not_given if sweep_filter.matches(item, now)),
    )


async def sweep_one(api: Api, orphan: Orphan, sweep_filter: SweepFilter, *, pause: bool) -> str:
    """Read the orphan again, delete or pause it, and return the outcome."""
    remote_object = orphan.remote_object
    try:
        change = await _describe_change(api, orphan, sweep_filter)
        return change or await _delete_or_pause(api, remote_object, pause=pause)
    except NotFound:
        return "already deleted"
    except NeevError as error:
        return f"failed: {render(error, PULUMI)}"


async def _describe_change(api: Api, orphan: Orphan, sweep_filter: SweepFilter) -> str | None:
    remote_object = orphan.remote_object
    current, snapshots = await _reload(api, remote_object)
    if snapshots - orphan.snapshots:
        return "skipped: it has a new snapshot"
    is_same = (current.id, current.name, current.created_at) == (
        remote_object.id,
        remote_object.name,
        remote_object.created_at,
    )
    if not is_same or not sweep_filter.matches(current, api.transport.server_clock.now()):
        return "skipped: it has changed"
    if sweep_filter.phases and current.phase not in sweep_filter.phases:
        return f"skipped: its phase is {current.phase}"
    return None


async def _reload(api: Api, remote_object: RemoteObject) -> tuple[RemoteObject, set[str]]:
    """Return the current object, and the snapshots that a delete would take with it."""
    if remote_object.kind == SNAPSHOT:
        return from_snapshot(await api.snapshots.get(remote_object.id)), set()
    if remote_object.kind == AGENT:
        current = from_agent(await api.agents.get(remote_object.id))
    else:
        current = from_sandbox(await api.sandboxes.get(remote_object.id))
    return current, {snapshot.id for snapshot in await _list_snapshots(api, current.sandbox_id or current.id)}


async def _delete_or_pause(api: Api, remote_object: RemoteObject, *, pause: bool) -> str:
    if pause:
        await (api.agents if remote_object.kind == AGENT else api.sandboxes).pause(remote_object.id)
        return "paused"
    delete = {SANDBOX: api.sandboxes.delete, AGENT: api.agents.delete, SNAPSHOT: api.snapshots.delete}
    await delete[remote_object.kind](remote_object.id)
    return "deleted"


async def _list_sandboxes(api: Api, sweep_filter: SweepFilter) -> list[Sandbox]:
    """Return every sandbox of the lists that the filter requests, once."""
    lists = await gather_all(api.sandboxes.list(labels=labels) for labels in sweep_filter.queries)
    return list({item.id: item for listed in lists for item in listed}.values())


async def _list_objects(api: Api, listed: Iterable[Sandbox], sweep_filter: SweepFilter) -> list[RemoteObject]:
    """Return the selected agents, the selected sandboxes that belong to no agent, and the snapshots of both."""
    listed_agents = await api.agents.list() if sweep_filter.includes_agents else ()
    agents = {item.sandbox_id: from_agent(item) for item in listed_agents}
    sandboxes = {item.id: item for item in listed if sweep_filter.selects(item.labels)}
    snapshots = await gather_all(_list_snapshots(api, id) for id in sandboxes)
    parent_ids = {id: agents[id].id for id in sandboxes if id in agents}
    return [
        *agents.values(),
        *(from_sandbox(value) for id, value in sandboxes.items() if id not in agents),
        *(
            from_snapshot(snapshot, parent_ids.get(id))
            for id, of_sandbox in zip(sandboxes, snapshots, strict=True)
            for snapshot in of_sandbox
        ),
    ]


async def _list_snapshots(api: Api, sandbox_id: str) -> tuple[Snapshot, ...]:
    """Return the snapshots of a sandbox: none if it does not exist any more."""
    try:
        return await api.snapshots.list(sandbox_id)
    except NotFound:
        return ()


async def _run_with_client(settings: Settings, operation: Callable[[Api], Awaitable[T]]) -> T:
    async with connect(settings) as api:
        return await operation(api)


async def _sweep_all(api: Api, orphans: Sequence[Orphan], sweep_filter: SweepFilter, *, pause: bool) -> Outcomes:
    return {orphan.remote_object.id: await sweep_one(api, orphan, sweep_filter, pause=pause) for orphan in orphans}


def _print_orphans(
    orphans: Sequence[Orphan], candidates: SweepCandidates, missing_stack: str | None, min_age_seconds: float
) -> None:
    for id, why in candidates.skipped.items():
        print_line(f"{id} is skipped: {why}")
    _print_not_given(candidates.not_given)
    if orphans:
        print_line(f"Orphans, which no state refers to: {len(orphans)}")
        print_table(
            (
                *_identity_columns(orphan),
                orphan.remote_object.phase,
                format_age(orphan.age_seconds),
                orphan.remote_object.size,
                orphan.remote_object.owner or "",
                orphan.blocked_by or "",
            )
            for orphan in orphans
        )
    if candidates.younger:
        can_be_lower = min_age_seconds > parse_duration(MIN_AGE)
        remedy = f"`--older-than {MIN_AGE}` lists those of {MIN_AGE} and more" if can_be_lower else "run it again later"
        number = count_noun(len(candidates.younger), "orphan")
        print_line(f"Younger than {format_age(min_age_seconds)}, so left alone: {number}; {remedy}.")
    elif not orphans:
        print_line(missing_stack or "There are no orphans.")


def _print_not_given(not_given: Counter[str]) -> None:
    """Print what other Terraform configurations have: the owners with the most sandboxes, then how many more."""
    for owner, count in not_given.most_common(MAX_OWNERS):
        print_line(f"Left alone: {count} of {owner}, {NOT_GIVEN_REASON}.")
    others = not_given.most_common()[MAX_OWNERS:]
    if others:
        print_line(f"Left alone, too: {sum(count for _, count in others)} of {count_noun(len(others), 'other owner')}.")


def _print_json(
    orphans: Sequence[Orphan], candidates: SweepCandidates, outcomes: Outcomes, missing_stack: str | None
) -> None:
    found = [{**to_json(orphan), "outcome": outcomes.get(orphan.remote_object.id)} for orphan in orphans]
    others = [{"id": id, "why": why} for id, why in candidates.skipped.items()]
    not_given = [{"owner": owner, "sandboxes": count} for owner, count in candidates.not_given.items()]
    print_json(
        {
            "done": bool(outcomes),
            "orphans": found,
            "younger": [to_json(orphan) for orphan in candidates.younger],
            "skipped": others,
            "missingStack": missing_stack,
            "notGiven": not_given,
        }
    )


def _print_outcomes(orphans: Sequence[Orphan], outcomes: Outcomes, *, is_specific: bool) -> None:
    if outcomes:
        print_table(
            (*_identity_columns(orphan), outcomes[orphan.remote_object.id])
            for orphan in orphans
            if orphan.remote_object.id in outcomes
        )
    elif any(orphan.blocked_by is None for orphan in orphans):
        missing = "--yes" if is_specific else "--prefix, --stack, --label or ids, and --yes"
        print_line(f"Nothing is changed yet. Run again with {missing}.")


def _identity_columns(orphan: Orphan) -> tuple[str, str, str]:
    return orphan.remote_object.kind, orphan.remote_object.name or "-", orphan.remote_object.id
