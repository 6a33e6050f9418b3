"""Which things of a project are left over: chosen from what is there and from what states hold."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from neev_provider.cli.sweep.references import StateReferences
from neev_provider.client.agents import Agent
from neev_provider.client.models import parse_timestamp
from neev_provider.client.sandboxes import Sandbox
from neev_provider.client.snapshots import Snapshot

SANDBOX, AGENT, SNAPSHOT = "sandbox", "agent", "snapshot"
PAUSED_PHASES = ("Paused", "Pausing")
SECONDS_BY_UNIT = {"s": 1, "m": 60, "h": 3600, "d": 86400}
BYTES_PER_GB = 1024**3
_DURATION = re.compile(r"(\d+)([smhd])")


@dataclass(frozen=True, slots=True)
class RemoteObject:
    """A sandbox, an agent with its sandbox, or a snapshot `of` one of them."""

    kind: str
    id: str
    name: str
    phase: str
    created_at: float | None
    size: str
    parent_id: str | None = None
    sandbox_id: str | None = None
    """The sandbox that goes with an agent."""


@dataclass(frozen=True, slots=True)
class SweepFilter:
    """Which of the things that no state holds are meant."""

    prefix: str = ""
    min_age_seconds: float = 3600
    phases: Collection[str] = ()
    ids: Collection[str] = ()
    """Only these; none, any."""

    @property
    def is_specific(self) -> bool:
        """Whether it says enough of what is meant for something to be done about it."""
        return bool(self.prefix or self.ids)

    def matches(self, remote_object: RemoteObject, now: float) -> bool:
        """Whether the thing is old enough and has the right name; one without an age is never old enough."""
        is_meant = not self.ids or remote_object.id in self.ids
        return (
            is_meant
            and remote_object.name.startswith(self.prefix)
            and compute_age(remote_object, now) >= self.min_age_seconds
        )


@dataclass(frozen=True, slots=True)
class Orphan:
    """A thing that no state holds, and why it has to stay all the same, where it has."""

    remote_object: RemoteObject
    age_seconds: float
    snapshots: frozenset[str] = frozenset()
    """What was taken from it, which goes with it."""
    blocked_by: str | None = None

    @property
    def can_be_paused(self) -> bool:
        """Whether it runs and can be paused; its snapshots are not touched by that."""
        return self.remote_object.kind != SNAPSHOT and self.remote_object.phase not in PAUSED_PHASES

    @property
    def unblocked(self) -> Orphan:
        """The same for a pause, which takes no snapshot with it."""
        return replace(self, blocked_by=None)


def find_orphans(
    remote_objects: Iterable[RemoteObject], references: StateReferences, sweep_filter: SweepFilter, now: float
) -> list[Orphan]:
    """What is left over, the oldest first."""
    remote_objects = list(remote_objects)
    free = {
        each.id for each in remote_objects if not _is_referenced(each, references) and sweep_filter.matches(each, now)
    }
    of: dict[str | None, list[RemoteObject]] = {}
    for each in remote_objects:
        of.setdefault(each.parent_id, []).append(each)
    found = [
        Orphan(each, compute_age(each, now), *_snapshots_and_blocker(of.get(each.id, ()), free))
        for each in remote_objects
        if each.id in free and _has_phase(each, sweep_filter.phases)
    ]
    return sorted(found, key=lambda each: -each.age_seconds)


def explain_skipped(
    remote_objects: Iterable[RemoteObject], references: StateReferences, sweep_filter: SweepFilter, now: float
) -> dict[str, str]:
    """Why each of the wanted ids is no leftover that is meant; nothing for one that is."""
    remote_objects = list(remote_objects)
    by_id = {each.id: each for each in remote_objects}
    agents = {each.sandbox_id: each for each in remote_objects if each.sandbox_id}

    def why(id: str) -> str | None:
        if id in agents:
            return f"it is the sandbox of the agent {agents[id].id}, and goes only with it"
        thing = by_id.get(id)
        if thing is None:
            return "the project has no sandbox, agent or snapshot with this id"
        if _is_referenced(thing, references):
            return "a stack holds it"
        if not sweep_filter.matches(thing, now):
            youngest = format_age(sweep_filter.min_age_seconds)
            return f"it is younger than {youngest}, or its name does not begin with --prefix"
        return None if _has_phase(thing, sweep_filter.phases) else f"it is {thing.phase}"

    return {id: reason for id in sweep_filter.ids if (reason := why(id)) is not None}


def compute_age(remote_object: RemoteObject, now: float) -> float:
    """Seconds since the thing was made; none at all where it does not say when."""
    return 0 if remote_object.created_at is None else now - remote_object.created_at


def from_sandbox(sandbox: Sandbox) -> RemoteObject:
    """The sandbox as a thing."""
    size = sandbox.resources
    parts = [] if size is None else [(size.cpu, " cpu"), (size.memory_gb, " GB"), (size.disk_gb, " GB disk")]
    said = ", ".join(f"{value:g}{unit}" for value, unit in parts if value is not None)
    return RemoteObject(SANDBOX, sandbox.id, sandbox.name, sandbox.phase, parse_timestamp(sandbox.created_at), said)


def from_agent(agent: Agent) -> RemoteObject:
    """The agent as a thing, which its sandbox goes with; the API does not say its size."""
    return RemoteObject(
        AGENT, agent.id, agent.name, agent.status, parse_timestamp(agent.created_at), "", sandbox_id=agent.sandbox_id
    )


def from_snapshot(snapshot: Snapshot, parent_id: str | None = None) -> RemoteObject:
    """The snapshot as a thing: of its sandbox, or of what has that."""
    said = "" if snapshot.size_bytes is None else f"{snapshot.size_bytes / BYTES_PER_GB:.2f} GB"
    whose = parent_id or snapshot.sandbox_id
    return RemoteObject(
        SNAPSHOT, snapshot.id, snapshot.name or "", snapshot.status, parse_timestamp(snapshot.created_at), said, whose
    )


def parse_duration(text: str) -> float:
    """The seconds of `90m`, `2d` or `1h30m`; raises ``ValueError`` for anything else."""
    parts = _DURATION.findall(text)
    if not parts or "".join(map("".join, parts)) != text:
        raise ValueError(f"{text!r} is no duration; write 90m, 1h30m or 2d")
    return sum(int(number) * SECONDS_BY_UNIT[unit] for number, unit in parts)


def format_age(span: float) -> str:
    """The seconds as people say them: `3d 4h`, `25m`."""
    minutes = int(span) // 60
    days, hours = divmod(minutes // 60, 24)
    return f"{days}d {hours}h" if days else f"{hours}h {minutes % 60}m" if hours else f"{minutes}m"


def to_json(orphan: Orphan) -> dict[str, Any]:
    """The leftover as JSON."""
    thing = orphan.remote_object
    said = {name: getattr(thing, name) for name in ("kind", "name", "id", "phase", "size")}
    return {**said, "ageSeconds": round(orphan.age_seconds), "stays": orphan.blocked_by}


def _is_referenced(remote_object: RemoteObject, references: StateReferences) -> bool:
    return (remote_object.id, remote_object.name) in references or (remote_object.sandbox_id or "", None) in references


def _has_phase(remote_object: RemoteObject, phases: Collection[str]) -> bool:
    return not phases or (remote_object.kind != SNAPSHOT and remote_object.phase in phases)


def _snapshots_and_blocker(
    snapshots: Sequence[RemoteObject], unreferenced_ids: Collection[str]
) -> tuple[frozenset[str], str | None]:
    kept = [each.name or each.id for each in snapshots if each.id not in unreferenced_ids]
    stays = f"its snapshot {kept[0]} would go with it, and is not left over" if kept else None
    return frozenset(each.id for each in snapshots), stays
