"""Finds the orphans of a project, and deletes or pauses them one by one."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from neev_provider.adapters.pulumi.ownership import MANAGER
from neev_provider.adapters.shared.hints import PULUMI, render
from neev_provider.cli import accounts, recorded_accounts
from neev_provider.cli.doctor.environment import read_project
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
from neev_provider.cli.pulumi_cli import PulumiCli, StackName
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
from neev_provider.client.snapshots import Snapshot
from neev_provider.core.errors import ConfigError, NeevError, NotFound
from neev_provider.core.labels import stack_labels
from neev_provider.core.tasks import gather_all

T = TypeVar("T")
Outcomes = Mapping[str, str]
SUCCESS_OUTCOMES = ("deleted", "paused", "already deleted")


@dataclass(frozen=True, slots=True)
class SweepScope:
    """The backends to read, and the stack whose orphans are meant and whose configuration selects the account."""

    directory: Path
    backend_urls: tuple[str, ...]
    stack: str | None

    @property
    def owner_labels(self) -> dict[str, str]:
        """Return the labels of what the stack created; without a stack, of what any stack did.

        Raises:
            ConfigError: the project of the stack is unknown.
        """
        if not self.stack:
            return stack_labels(MANAGER)
        name = self._parse_name(self.stack)
        if not name.project:
            raise ConfigError(
                f"the project of the stack {self.stack} is unknown: {self.directory.resolve()} is not in a project",
                hint="Name the stack in full (ORGANIZATION/PROJECT/STACK), or the project's directory with --cwd.",
            )
        return stack_labels(MANAGER, name.project, name.stack)

    @property
    def pulumi_clis(self) -> list[PulumiCli]:
        """Return one `PulumiCli` for each backend."""
        return [PulumiCli(self.directory, url) for url in self.backend_urls] or [PulumiCli(self.directory)]

    def resolve_settings(self) -> Settings:
        """Return the settings of the stack, else of the environment. A removed stack has no settings.

        Raises:
            WrongAccount: the state records another account than the settings select.
        """
        pulumi_cli = self.pulumi_clis[0]
        if not self.stack or not self._has_stack(pulumi_cli, self.stack):
            return accounts.resolve_stack_settings({}, os.environ)
        stack_config = pulumi_cli.read_config(self.stack)
        recorded_accounts.require_matching_account(
            list_state_resources(pulumi_cli.export(self.stack, secrets=True)), stack_config, os.environ
        )
        return accounts.resolve_stack_settings(stack_config, os.environ)

    def explain_missing_stack(self) -> str | None:
        """Return that no backend has the stack, with those that exist; ``None`` if one has it or none is named."""
        names = sorted({name for pulumi_cli in self.pulumi_clis for name in pulumi_cli.list_stacks()})
        if not self.stack or self._parse_name(self.stack) in map(self._parse_name, names):
            return None
        return f"There is no stack {self.stack}, and no sandbox has its labels. Stacks: {', '.join(names) or 'none'}."

    def _has_stack(self, pulumi_cli: PulumiCli, stack: str) -> bool:
        return self._parse_name(stack) in map(self._parse_name, pulumi_cli.list_stacks())

    def _parse_name(self, stack: str) -> StackName:
        return StackName.parse(stack, read_project(self.directory).get("name"))


@redact_output()
def run(scope: SweepScope, sweep_filter: SweepFilter, options: RunOptions, *, pause: bool) -> int:
    """Print the orphans, delete or pause them if the options allow it, and return the exit code."""
    try:
        settings = scope.resolve_settings()
        candidates = asyncio.run(
            _run_with_client(settings, lambda api: load_orphans(api, scope.pulumi_clis, sweep_filter))
        )
        missing_stack = scope.explain_missing_stack() if candidates.is_empty else None
        orphans = candidates.orphans
        if pause:
            orphans = [orphan.unblocked for orphan in orphans if orphan.can_be_paused]
        if not options.json:
            _print_orphans(orphans, candidates.skipped, missing_stack)
        unblocked = [orphan for orphan in orphans if orphan.blocked_by is None]
        is_applied = bool(unblocked) and sweep_filter.is_specific and options.should_apply()
        outcomes = (
            asyncio.run(_run_with_client(settings, lambda api: _sweep_all(api, unblocked, sweep_filter, pause=pause)))
            if is_applied
            else {}
        )
    except NeevError as error:
        exit_with_error(error)
    if options.json:
        _print_json(orphans, candidates.skipped, outcomes, missing_stack)
    else:
        _print_outcomes(orphans, outcomes, is_specific=sweep_filter.is_specific)
    if candidates.skipped or not all(outcome in SUCCESS_OUTCOMES for outcome in outcomes.values()):
        return EXIT_ERROR
    return EXIT_CHANGES_PENDING if unblocked and not is_applied else EXIT_OK


@dataclass(frozen=True, slots=True)
class SweepCandidates:
    """The orphans, and why each requested id that is none was skipped."""

    orphans: list[Orphan]
    skipped: Mapping[str, str]
    is_empty: bool
    """Whether the API has nothing that the filter lists, orphan or not."""


async def load_orphans(api: Api, pulumi_clis: Iterable[PulumiCli], sweep_filter: SweepFilter) -> SweepCandidates:
    """Return the orphans. Raises if a list, a backend or a state cannot be read."""
    # objects are listed before states are read: a state names each object before it is created
    objects = await _list_objects(api, sweep_filter)
    now = api.transport.server_clock.now()
    references = _load_references(pulumi_clis)
    orphans = find_orphans(objects, references, sweep_filter, now)
    return SweepCandidates(orphans, explain_skipped(objects, references, sweep_filter, now), is_empty=not objects)


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


def _load_references(pulumi_clis: Iterable[PulumiCli]) -> StateReferences:
    return state_references(
        pulumi_cli.export(stack, secrets=True) for pulumi_cli in pulumi_clis for stack in pulumi_cli.list_stacks()
    )


async def _list_objects(api: Api, sweep_filter: SweepFilter) -> list[RemoteObject]:
    """Return the selected agents, the selected sandboxes that belong to no agent, and the snapshots of both."""
    # agents have no labels
    listed_agents = () if sweep_filter.list_labels else await api.agents.list()
    agents = {item.sandbox_id: from_agent(item) for item in listed_agents}
    listed = await api.sandboxes.list(labels=sweep_filter.list_labels)
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


def _print_orphans(orphans: Sequence[Orphan], skipped: Outcomes, missing_stack: str | None) -> None:
    for id, why in skipped.items():
        print_line(f"{id} is skipped: {why}")
    if orphans:
        print_line(f"Orphans, which no stack refers to: {len(orphans)}")
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
    else:
        print_line(missing_stack or "There are no orphans.")


def _print_json(orphans: Sequence[Orphan], skipped: Outcomes, outcomes: Outcomes, missing_stack: str | None) -> None:
    found = [{**to_json(orphan), "outcome": outcomes.get(orphan.remote_object.id)} for orphan in orphans]
    others = [{"id": id, "why": why} for id, why in skipped.items()]
    print_json({"done": bool(outcomes), "orphans": found, "skipped": others, "missingStack": missing_stack})


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
