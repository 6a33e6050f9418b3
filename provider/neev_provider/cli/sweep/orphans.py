"""Which things of a project are left over: chosen from what is there and from what states hold."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from neev_provider.cli.sweep.references import Held
from neev_provider.client.agents import Agent
from neev_provider.client.models import parse_timestamp
from neev_provider.client.sandboxes import Sandbox
from neev_provider.client.snapshots import Snapshot

SANDBOX, AGENT, SNAPSHOT = "sandbox", "agent", "snapshot"
SLEEPING = ("Paused", "Pausing")
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
GB = 1024**3
_DURATION = re.compile(r"(\d+)([smhd])")


@dataclass(frozen=True, slots=True)
class Thing:
    """A sandbox, an agent with its sandbox, or a snapshot `of` one of them."""

    kind: str
    id: str
    name: str
    phase: str
    created: float | None
    size: str
    of: str | None = None
    inside: str | None = None
    """The sandbox that goes with an agent."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of the things that no state holds are meant."""

    prefix: str = ""
    older_than: float = 3600
    phases: Collection[str] = ()
    ids: Collection[str] = ()
    """Only these; none, any."""

    @property
    def may_act(self) -> bool:
        """Whether it says enough of what is meant for something to be done about it."""
        return bool(self.prefix or self.ids)

    def takes(self, thing: Thing, now: float) -> bool:
        """Whether the thing is old enough and has the right name; one without an age is never old enough."""
        is_meant = not self.ids or thing.id in self.ids
        return is_meant and thing.name.startswith(self.prefix) and age(thing, now) >= self.older_than


@dataclass(frozen=True, slots=True)
class Leftover:
    """A thing that no state holds, and why it has to stay all the same, where it has."""

    thing: Thing
    age: float
    snapshots: frozenset[str] = frozenset()
    """What was taken from it, which goes with it."""
    stays: str | None = None

    @property
    def can_be_paused(self) -> bool:
        """Whether it runs and can be paused; its snapshots are not touched by that."""
        return self.thing.kind != SNAPSHOT and self.thing.phase not in SLEEPING

    @property
    def paused(self) -> Leftover:
        """The same for a pause, which takes no snapshot with it."""
        return replace(self, stays=None)


def leftovers(things: Iterable[Thing], states: Held, wanted: Wanted, now: float) -> list[Leftover]:
    """What is left over, the oldest first."""
    things = list(things)
    free = {each.id for each in things if not _is_held(each, states) and wanted.takes(each, now)}
    of: dict[str | None, list[Thing]] = {}
    for each in things:
        of.setdefault(each.of, []).append(each)
    found = [
        Leftover(each, age(each, now), *_snapshots(of.get(each.id, ()), free))
        for each in things
        if each.id in free and _has_phase(each, wanted.phases)
    ]
    return sorted(found, key=lambda each: -each.age)


def passed_over(things: Iterable[Thing], states: Held, wanted: Wanted, now: float) -> dict[str, str]:
    """Why each of the wanted ids is no leftover that is meant; nothing for one that is."""
    things = list(things)
    by_id = {each.id: each for each in things}
    agents = {each.inside: each for each in things if each.inside}

    def why(id: str) -> str | None:
        if id in agents:
            return f"it is the sandbox of the agent {agents[id].id}, and goes only with it"
        thing = by_id.get(id)
        if thing is None:
            return "the project has no sandbox, agent or snapshot with this id"
        if _is_held(thing, states):
            return "a stack holds it"
        if not wanted.takes(thing, now):
            return f"it is younger than {ago(wanted.older_than)}, or its name does not begin with --prefix"
        return None if _has_phase(thing, wanted.phases) else f"it is {thing.phase}"

    return {id: reason for id in wanted.ids if (reason := why(id)) is not None}


def age(thing: Thing, now: float) -> float:
    """Seconds since the thing was made; none at all where it does not say when."""
    return 0 if thing.created is None else now - thing.created


def of_sandbox(seen: Sandbox) -> Thing:
    """The sandbox as a thing."""
    size = seen.resources
    parts = [] if size is None else [(size.cpu, " cpu"), (size.memory_gb, " GB"), (size.disk_gb, " GB disk")]
    said = ", ".join(f"{value:g}{unit}" for value, unit in parts if value is not None)
    return Thing(SANDBOX, seen.id, seen.name, seen.phase, parse_timestamp(seen.created_at), said)


def of_agent(seen: Agent) -> Thing:
    """The agent as a thing, which its sandbox goes with; the API does not say its size."""
    return Thing(AGENT, seen.id, seen.name, seen.status, parse_timestamp(seen.created_at), "", inside=seen.sandbox_id)


def of_snapshot(seen: Snapshot, of: str | None = None) -> Thing:
    """The snapshot as a thing: of its sandbox, or of what has that."""
    said = "" if seen.size_bytes is None else f"{seen.size_bytes / GB:.2f} GB"
    whose = of or seen.sandbox_id
    return Thing(SNAPSHOT, seen.id, seen.name or "", seen.status, parse_timestamp(seen.created_at), said, whose)


def duration(text: str) -> float:
    """The seconds of `90m`, `2d` or `1h30m`; raises ``ValueError`` for anything else."""
    parts = _DURATION.findall(text)
    if not parts or "".join(map("".join, parts)) != text:
        raise ValueError(f"{text!r} is no duration; write 90m, 1h30m or 2d")
    return sum(int(number) * UNITS[unit] for number, unit in parts)


def ago(span: float) -> str:
    """The seconds as people say them: `3d 4h`, `25m`."""
    minutes = int(span) // 60
    days, hours = divmod(minutes // 60, 24)
    return f"{days}d {hours}h" if days else f"{hours}h {minutes % 60}m" if hours else f"{minutes}m"


def shown(left: Leftover) -> dict[str, Any]:
    """The leftover as JSON."""
    thing = left.thing
    said = {name: getattr(thing, name) for name in ("kind", "name", "id", "phase", "size")}
    return {**said, "ageSeconds": round(left.age), "stays": left.stays}


def _is_held(thing: Thing, states: Held) -> bool:
    return (thing.id, thing.name) in states or (thing.inside or "", None) in states


def _has_phase(thing: Thing, phases: Collection[str]) -> bool:
    return not phases or (thing.kind != SNAPSHOT and thing.phase in phases)


def _snapshots(taken: Sequence[Thing], free: Collection[str]) -> tuple[frozenset[str], str | None]:
    kept = [each.name or each.id for each in taken if each.id not in free]
    stays = f"its snapshot {kept[0]} would go with it, and is not left over" if kept else None
    return frozenset(each.id for each in taken), stays
