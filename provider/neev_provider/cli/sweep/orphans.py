"""Orphans: the objects of a project that no state refers to."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from neev_provider.adapters.pulumi.ownership import MANAGER
from neev_provider.adapters.terraform.ownership import MANAGER as TERRAFORM_MANAGER
from neev_provider.cli.sweep.references import StateReferences
from neev_provider.client.agents import Agent
from neev_provider.client.models import parse_timestamp
from neev_provider.client.sandboxes import Sandbox
from neev_provider.client.snapshots import Snapshot
from neev_provider.core.labels import MANAGER_KEY, STACK_KEY, describe_owner, stack_labels

SANDBOX, AGENT, SNAPSHOT = "sandbox", "agent", "snapshot"
PAUSED_PHASES = ("Paused", "Pausing")
SECONDS_BY_UNIT = {"s": 1, "m": 60, "h": 3600, "d": 86400}
BYTES_PER_GB = 1024**3
NOT_GIVEN_REASON = (
    "whose state was not given: add --terraform with the configuration's directory, in that workspace, or a state file"
)
_DURATION = re.compile(r"(\d+)([smhd])")


@dataclass(frozen=True, slots=True)
class RemoteObject:
    """A sandbox, an agent with its sandbox, or a snapshot of one of them."""

    kind: str
    id: str
    name: str
    phase: str
    created_at: float | None
    size: str
    parent_id: str | None = None
    sandbox_id: str | None = None
    """The sandbox of an agent."""
    owner: str | None = None
    """Whose it is, by the labels of the sandbox."""


@dataclass(frozen=True, slots=True)
class SweepFilter:
    """Selects orphans by name, age, phase, id and labels."""

    prefix: str = ""
    min_age_seconds: float = 3600
    phases: Collection[str] = ()
    ids: Collection[str] = ()
    """Only these ids; if empty, any."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Only sandboxes with these labels."""
    owners: Sequence[Mapping[str, str]] = field(default_factory=lambda: [stack_labels(MANAGER)])
    """The labels of each owner whose sandboxes are listed."""
    is_terraform: bool = False
    """Whether sandboxes of other Terraform configurations are looked for, to report that they are left alone."""

    @property
    def is_specific(self) -> bool:
        """Return whether the filter names orphans, which a delete or pause requires."""
        return bool(self.prefix or self.ids or self.labels) or self._names_stacks

    @property
    def includes_unowned(self) -> bool:
        """Return whether sandboxes without an owner are listed, too: with a prefix or an id, and without a stack."""
        return bool(self.prefix or self.ids) and not self._names_stacks

    @property
    def queries(self) -> list[Mapping[str, str]]:
        """Return the labels of each list of sandboxes that is requested."""
        if self.includes_unowned:
            return [self.labels]
        others = [owner for owner in self.owners if owner[MANAGER_KEY] != TERRAFORM_MANAGER]
        terraform = [stack_labels(TERRAFORM_MANAGER)] if self.is_terraform else []
        return [{**owner, **self.labels} for owner in (*others, *terraform)]

    @property
    def includes_agents(self) -> bool:
        """Return whether agents are listed, which have no labels: a state of Terraform selects them by id only."""
        return not any(self.queries) or (self.is_terraform and bool(self.ids) and not self.labels)

    def selects(self, labels: Mapping[str, str] | None) -> bool:
        """Return whether a sandbox with these labels is listed."""
        known = labels or {}
        is_unowned = MANAGER_KEY not in known and self.includes_unowned
        is_owned = any(owner.items() <= known.items() for owner in self.owners)
        return (is_unowned or is_owned) and self.labels.items() <= known.items()

    def is_of_unknown_state(self, labels: Mapping[str, str] | None) -> bool:
        """Return whether a sandbox with these labels is one of a Terraform configuration whose state was not given."""
        known = labels or {}
        is_given = any(owner.items() <= known.items() for owner in self.owners)
        is_managed = known.get(MANAGER_KEY) == TERRAFORM_MANAGER
        return is_managed and not is_given and self.labels.items() <= known.items()

    @property
    def _names_stacks(self) -> bool:
        return all(STACK_KEY in owner for owner in self.owners)

    def matches(self, remote_object: RemoteObject, now: float) -> bool:
        """Return whether the object matches. One without a creation time is never old enough."""
        has_id = not self.ids or remote_object.id in self.ids
        return (
            has_id
            and remote_object.name.startswith(self.prefix)
            and compute_age(remote_object, now) >= self.min_age_seconds
        )


@dataclass(frozen=True, slots=True)
class Orphan:
    """An object that no state refers to, and what blocks its deletion."""

    remote_object: RemoteObject
    age_seconds: float
    snapshots: frozenset[str] = frozenset()
    """Ids of its snapshots, which are deleted with it."""
    blocked_by: str | None = None

    @property
    def can_be_paused(self) -> bool:
        """Return whether it is running. A pause does not affect its snapshots."""
        return self.remote_object.kind != SNAPSHOT and self.remote_object.phase not in PAUSED_PHASES

    @property
    def unblocked(self) -> Orphan:
        """Return the orphan for a pause, which no snapshot blocks."""
        return replace(self, blocked_by=None)


def find_orphans(
    remote_objects: Iterable[RemoteObject], references: StateReferences, sweep_filter: SweepFilter, now: float
) -> list[Orphan]:
    """Return the matching orphans, oldest first."""
    remote_objects = list(remote_objects)
    unreferenced_ids = {
        item.id for item in remote_objects if not _is_referenced(item, references) and sweep_filter.matches(item, now)
    }
    snapshots_by_parent: dict[str | None, list[RemoteObject]] = {}
    for item in remote_objects:
        snapshots_by_parent.setdefault(item.parent_id, []).append(item)
    orphans = [
        Orphan(
            item,
            compute_age(item, now),
            *_snapshots_and_blocker(snapshots_by_parent.get(item.id, ()), unreferenced_ids),
        )
        for item in remote_objects
        if item.id in unreferenced_ids and _has_phase(item, sweep_filter.phases)
    ]
    return sorted(orphans, key=lambda orphan: -orphan.age_seconds)


def find_younger_orphans(
    remote_objects: Iterable[RemoteObject], references: StateReferences, sweep_filter: SweepFilter, now: float
) -> list[Orphan]:
    """Return what would be an orphan if it were old enough, oldest first."""
    # the API's clock has whole seconds, so an age may be less than 0
    any_age = find_orphans(remote_objects, references, replace(sweep_filter, min_age_seconds=-math.inf), now)
    return [orphan for orphan in any_age if orphan.age_seconds < sweep_filter.min_age_seconds]


def explain_skipped(
    remote_objects: Iterable[RemoteObject],
    references: StateReferences,
    sweep_filter: SweepFilter,
    now: float,
    not_given: Iterable[RemoteObject] = (),
) -> dict[str, str]:
    """Return the reason for each requested id that is not a matching orphan.

    `not_given` are sandboxes of Terraform configurations whose state is not known.
    """
    remote_objects = list(remote_objects)
    by_id = {item.id: item for item in remote_objects}
    agents = {item.sandbox_id: item for item in remote_objects if item.sandbox_id}
    owners = {item.id: item.owner for item in not_given}

    def explain(id: str) -> str | None:
        if id in agents:
            return f"it is the sandbox of the agent {agents[id].id}, and can only be deleted with the agent"
        if id in owners:
            return f"it was created by {owners[id]}, {NOT_GIVEN_REASON}"
        remote_object = by_id.get(id)
        if remote_object is None:
            return "the project has no sandbox, agent or snapshot with this id, or its labels do not match"
        if _is_referenced(remote_object, references):
            return "a state refers to it"
        if not sweep_filter.matches(remote_object, now):
            min_age = format_age(sweep_filter.min_age_seconds)
            return f"it is younger than {min_age}, or its name does not begin with --prefix"
        has_phase = _has_phase(remote_object, sweep_filter.phases)
        return None if has_phase else f"its phase is {remote_object.phase}"

    return {id: reason for id in sweep_filter.ids if (reason := explain(id)) is not None}


def compute_age(remote_object: RemoteObject, now: float) -> float:
    """Return the seconds since the object was created; 0 if its creation time is unknown."""
    return 0 if remote_object.created_at is None else now - remote_object.created_at


def from_sandbox(sandbox: Sandbox) -> RemoteObject:
    """Return the sandbox as a remote object."""
    resources = sandbox.resources
    parts = []
    if resources is not None:
        parts = [(resources.cpu, " cpu"), (resources.memory_gb, " GB"), (resources.disk_gb, " GB disk")]
    size = ", ".join(f"{value:g}{unit}" for value, unit in parts if value is not None)
    created_at, owner = parse_timestamp(sandbox.created_at), describe_owner(sandbox.labels)
    return RemoteObject(SANDBOX, sandbox.id, sandbox.name, sandbox.phase, created_at, size, owner=owner)


def from_agent(agent: Agent) -> RemoteObject:
    """Return the agent as a remote object. The API does not report its size."""
    return RemoteObject(
        AGENT, agent.id, agent.name, agent.status, parse_timestamp(agent.created_at), "", sandbox_id=agent.sandbox_id
    )


def from_snapshot(snapshot: Snapshot, parent_id: str | None = None) -> RemoteObject:
    """Return the snapshot as a remote object of its sandbox, or of the sandbox's agent."""
    size = "" if snapshot.size_bytes is None else f"{snapshot.size_bytes / BYTES_PER_GB:.2f} GB"
    parent_id = parent_id or snapshot.sandbox_id
    return RemoteObject(
        SNAPSHOT,
        snapshot.id,
        snapshot.name or "",
        snapshot.status,
        parse_timestamp(snapshot.created_at),
        size,
        parent_id,
    )


def parse_duration(text: str) -> float:
    """Return the seconds of `90m`, `2d` or `1h30m`.

    Raises:
        ValueError: the text is no duration.
    """
    parts = _DURATION.findall(text)
    if not parts or "".join(map("".join, parts)) != text:
        raise ValueError(f"{text!r} is not a duration. Write, for example, 90m, 1h30m or 2d")
    return sum(int(number) * SECONDS_BY_UNIT[unit] for number, unit in parts)


def format_age(span: float) -> str:
    """Return the seconds as text: `3d 4h`, `25m`."""
    minutes = int(span) // 60
    days, hours = divmod(minutes // 60, 24)
    return f"{days}d {hours}h" if days else f"{hours}h {minutes % 60}m" if hours else f"{minutes}m"


def to_json(orphan: Orphan) -> dict[str, Any]:
    """Return the orphan as JSON."""
    fields = {name: getattr(orphan.remote_object, name) for name in ("kind", "name", "id", "phase", "size", "owner")}
    return {**fields, "ageSeconds": round(orphan.age_seconds), "blockedBy": orphan.blocked_by}


def _is_referenced(remote_object: RemoteObject, references: StateReferences) -> bool:
    return (remote_object.id, remote_object.name) in references or (remote_object.sandbox_id or "", None) in references


def _has_phase(remote_object: RemoteObject, phases: Collection[str]) -> bool:
    return not phases or (remote_object.kind != SNAPSHOT and remote_object.phase in phases)


def _snapshots_and_blocker(
    snapshots: Sequence[RemoteObject], unreferenced_ids: Collection[str]
) -> tuple[frozenset[str], str | None]:
    referenced = [snapshot.name or snapshot.id for snapshot in snapshots if snapshot.id not in unreferenced_ids]
    blocker = f"its snapshot {referenced[0]} would be deleted with it, and is not an orphan" if referenced else None
    return frozenset(snapshot.id for snapshot in snapshots), blocker
