"""What a pool's members are and what has to be done to them: nothing here waits or sends."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from neev_provider.core.resource import Observation
from neev_provider.core.validation import parse
from neev_provider.resources.egress import Egress
from neev_provider.resources.pool.inputs import PoolMember, SandboxPoolInputs
from neev_provider.resources.sandbox import base
from neev_provider.resources.sandbox.base import PAUSED, PENDING, RESTORE_FAILED, Alterable, Machine, MachineOutputs
from neev_provider.resources.sandbox.fork import SandboxFork, SandboxForkInputs
from neev_provider.resources.sandbox.sandbox import Sandbox, SandboxInputs

LEAVING = ("Terminating", "Deleting")
MISSING = "Missing"
IN_PLACE = frozenset(Alterable.model_fields)
"""What can be changed of a member without making it anew."""
Recipe = SandboxInputs | SandboxForkInputs
AnyMachine = Machine[Any, Any]
AnyLive = Observation[MachineOutputs]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a pool has to be."""

    pool: str
    generation: str
    replicas: int
    kind: AnyMachine
    """The kind of resource that each member is like."""
    recipe: Recipe
    """The inputs that each member is like, but for its name."""
    wakes: bool = False
    """The program has just said that the members run: also those that the platform paused."""


@dataclass(frozen=True, slots=True)
class Member:
    """One sandbox of the pool, and what is wrong with it."""

    name: str
    generation: str
    index: int
    live: AnyLive
    problem: str | None = None

    @property
    def broken(self) -> bool:
        """Whether only another one in its place helps."""
        return self.live.outputs.phase in (RESTORE_FAILED, *LEAVING)


@dataclass(frozen=True, slots=True)
class Plan:
    """What has to be done, each in the order in which it is done."""

    make: tuple[str, ...]
    """Names that nothing has."""
    mend: tuple[Member, ...]
    """Made anew under the same name."""
    change: tuple[Member, ...]
    remove: tuple[Member, ...]


def wanted(inputs: SandboxPoolInputs, generation: str, was: SandboxPoolInputs | None = None) -> Wanted:
    """What the inputs say."""
    recipe = _recipe(inputs, was)
    kind: AnyMachine = SandboxFork() if isinstance(recipe, SandboxForkInputs) else Sandbox()
    wakes = was is not None and inputs.paused is False and was.paused is not False
    return Wanted(inputs.name or "", generation, inputs.replicas, kind, recipe, wakes)


def member_name(pool: str, generation: str, index: int) -> str:
    """The name of a member."""
    return f"{pool}-{generation}-{index}"


def is_member(pool: str, name: str) -> bool:
    """Whether a sandbox of this name belongs to the pool; other names may only begin alike."""
    return _place(pool, name) is not None


def recorded(stored: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the members that the state names, as far as they can be read."""
    return [each for each in stored.get("members") or () if isinstance(each, Mapping)]


def generation_of(pool: str, name: str) -> str | None:
    """Return the generation in a member's name; None where the name is no member's."""
    place = _place(pool, name)
    return place[1] if place else None


def placed(pool: str, lives: Iterable[AnyLive]) -> list[Member]:
    """The members among the sandboxes."""
    places = ((live, _place(pool, str(live.inputs["name"]))) for live in lives)
    return [Member(place[0], place[1], int(place[2]), live) for live, place in places if place]


def survey(wanted: Wanted, lives: Iterable[AnyLive]) -> list[Member]:
    """The members, those that are to stay first, each with what is wrong with it."""
    judged = [_judged(wanted, member) for member in placed(wanted.pool, lives)]
    return sorted(judged, key=lambda each: (not stays(wanted, each), each.index, each.generation))


def stays(wanted: Wanted, member: Member) -> bool:
    """Whether the pool has a place for the member."""
    return member.generation == wanted.generation and member.index < wanted.replicas


def plan(wanted: Wanted, members: Collection[Member]) -> Plan:
    """What makes the members that there are the ones that are wanted."""
    staying = [each for each in members if stays(wanted, each)]
    there = {each.index for each in staying}
    missing = (index for index in range(wanted.replicas) if index not in there)
    return Plan(
        make=tuple(member_name(wanted.pool, wanted.generation, index) for index in missing),
        mend=tuple(each for each in staying if each.broken),
        change=tuple(each for each in staying if each.problem and not each.broken),
        remove=tuple(
            sorted((each for each in members if not stays(wanted, each)), key=lambda each: _turn(wanted, each))
        ),
    )


def shown(wanted: Wanted, members: Iterable[Member], taken: Collection[str] = ()) -> list[PoolMember]:
    """The members as the outputs list them: one for each index, then what is left over; others have `taken` names."""
    names = [member_name(wanted.pool, wanted.generation, index) for index in range(wanted.replicas)]
    problems = {name: "another sandbox has its name" if name in taken else "it is missing" for name in names}
    found = {name: PoolMember(name=name, phase=MISSING, problem=problem) for name, problem in problems.items()}
    for each in members:
        outputs = each.live.outputs
        found[each.name] = PoolMember(
            name=each.name,
            id=each.live.id,
            phase=outputs.phase,
            connect_url=outputs.connect_url,
            problem=each.problem,
        )
    return list(found.values())


def is_ready(live: AnyLive) -> bool:
    """Whether the member can be used."""
    return base.is_ready(live.outputs)


def in_service(live: AnyLive) -> bool:
    """Whether the member is Ready, or paused, which is somebody's wish."""
    return live.outputs.phase == PAUSED or is_ready(live)


def common(lives: Collection[AnyLive], *, everything: bool = False) -> dict[str, Any]:
    """The inputs that can be changed in place, or everything, as most of the members have it."""
    names = SandboxPoolInputs.properties if everything else Alterable.properties
    return {name: _most(live.inputs.get(name) for live in lives) for name in names}


def share(of: int) -> int:
    """A quarter, which is how far a change goes at a time where the program does not say."""
    return max(1, ceil(of / 4))


def for_new_ones(recipe: Recipe, kept: Mapping[str, Any]) -> Recipe:
    """The inputs of a member that comes to others: where the program says nothing it is like them."""
    known = {name: value for name, value in kept.items() if name in Alterable.properties and value is not None}
    return parse(type(recipe), {**known, **recipe.to_properties()})


def _recipe(inputs: SandboxPoolInputs, was: SandboxPoolInputs | None) -> Recipe:
    forks = inputs.source_sandbox_id is not None
    model: type[Recipe] = SandboxForkInputs if forks else SandboxInputs
    said = inputs.model_dump(include=set(model.model_fields) - {"name", "egress"}, exclude_none=True)
    taken_out = was is not None and was.egress is not None
    egress = inputs.egress or (Egress() if taken_out or not forks else None)
    return parse(model, {**said, "egress": egress})


def _place(pool: str, name: str) -> re.Match[str] | None:
    return re.fullmatch(rf"{re.escape(pool)}-([0-9a-f]{{6}})-(0|[1-9][0-9]{{0,3}})", name)


def _judged(wanted: Wanted, member: Member) -> Member:
    return Member(member.name, member.generation, member.index, member.live, _problem(wanted, member))


def _problem(wanted: Wanted, member: Member) -> str | None:
    phase = member.live.outputs.phase
    if member.index >= wanted.replicas:
        return "it is one too many"
    if member.generation != wanted.generation:
        return "it is made from another source"
    if phase in LEAVING:
        return "it is being deleted"
    if phase == RESTORE_FAILED:
        return f"it failed ({RESTORE_FAILED})"
    if phase == PENDING:
        return "it has not been ready yet"
    differing = _differing(wanted, member.live)
    return f"not as asked for: {', '.join(differing)}" if differing else None


def _differing(wanted: Wanted, live: AnyLive) -> list[str]:
    asked = wanted.recipe.model_dump(mode="json", by_alias=True, include=set(IN_PLACE), exclude_none=True)
    is_as = wanted.kind.refreshed_inputs(asked, live)
    differing = [name for name in asked if is_as.get(name) != asked[name]]
    asleep = wanted.wakes and live.outputs.phase == PAUSED and "paused" not in differing
    return [*differing, "paused"] if asleep else differing


def _turn(wanted: Wanted, member: Member) -> tuple[bool, bool, int]:
    """Those that serve nobody first, then the highest index, then older generations as their successors come up."""
    surplus = member.index >= wanted.replicas
    return in_service(member.live), not surplus, -member.index if surplus else member.index


def _most(values: Iterable[Any]) -> Any:
    counted = Counter(json.dumps(value, sort_keys=True) for value in values)
    return json.loads(counted.most_common(1)[0][0]) if counted else None
