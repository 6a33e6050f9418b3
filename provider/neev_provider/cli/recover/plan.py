"""What to do about the interrupted operations of a stack: worked out from its state and what was found."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from neev_provider.adapters.pulumi import checkpoint
from neev_provider.cli.recover.ownership import INSIDE, Unproven
from neev_provider.core.lifecycle import AnyResource, StoredResource
from neev_provider.core.resource import Resource

CREATING = "creating"
UNFINISHED = "recovered after its creation was interrupted; the next `pulumi up` finishes it"
Entry = dict[str, Any]
State = dict[str, Any]


class Action(StrEnum):
    """What becomes of an operation."""

    IMPORT = "import"
    """What it made becomes the resource."""
    RETIRE = "retire"
    """What it made is there twice; the next update deletes the older one."""
    DROP = "drop"
    """It is forgotten: there is nothing to keep."""
    LEAVE = "leave"
    """What is there may be somebody else's: it is left alone, and the operation is forgotten."""
    OTHER = "other"
    """It is another provider's, or of a kind that this version does not know."""


@dataclass(frozen=True, slots=True)
class Step:
    """One operation, and what becomes of it and why."""

    action: Action
    operation: str
    urn: str
    why: str
    id: str | None = None

    @property
    def resource(self) -> str:
        """The kind and the name in the program."""
        return checkpoint.describe_urn(self.urn)


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of every operation, and the state after it."""

    steps: tuple[Step, ...]
    state: State

    @property
    def others(self) -> tuple[Step, ...]:
        """Creates that only their own provider could look up."""
        return tuple(step for step in self.steps if step.action is Action.OTHER)


def operations(state: Mapping[str, Any]) -> list[Entry]:
    """The operations that were interrupted."""
    return list((state.get("deployment") or {}).get("pending_operations") or ())


def resources(state: Mapping[str, Any]) -> list[Entry]:
    """The resources that the state holds."""
    return list((state.get("deployment") or {}).get("resources") or ())


def searched(operation: Mapping[str, Any]) -> AnyResource | None:
    """The kind of resource that can look up what the operation made."""
    kind = checkpoint.type_of_token(operation["resource"]["type"])
    return kind.resource if kind and operation["type"] == CREATING and _can_be_found(kind.resource) else None


def plan(state: State, found: Mapping[int, StoredResource | Unproven]) -> Plan:
    """The steps, and the state that they lead to; ``found`` is what each operation made or met, by its index."""
    after = copy.deepcopy(state)
    deployment = after["deployment"]
    deployment["resources"] = entries = resources(after)
    pending = operations(after)
    deployment["pending_operations"] = []
    return Plan(tuple(_step(each, found.get(index), entries) for index, each in enumerate(pending)), after)


def _step(operation: Entry, made: StoredResource | Unproven | None, entries: list[Entry]) -> Step:
    begun, what = operation["resource"], operation["type"]
    urn = begun["urn"]
    if what != CREATING:
        return Step(
            Action.DROP, what, urn, "the state is as before it began; the next `pulumi up` does what is still to do"
        )
    if _is_the_engines_own(begun):
        return Step(Action.DROP, what, urn, "it exists only in the state, so there is nothing to look for")
    kind = checkpoint.type_of_token(begun["type"])
    if kind is None:
        return Step(Action.OTHER, what, urn, "only its own provider could tell whether it exists")
    if made is None:
        return Step(Action.DROP, what, urn, _nothing(kind.resource))
    if isinstance(made, Unproven):
        return Step(Action.LEAVE, what, urn, f"{made.why}; {_way_on(begun, kind.resource, made.id)}", made.id)
    return _held_once(begun, made, entries)


def _held_once(begun: Entry, made: StoredResource, entries: list[Entry]) -> Step:
    """What was made is in the state, once."""
    if any((each["type"], each.get("id")) == (begun["type"], made.id) for each in entries):
        return Step(Action.DROP, CREATING, begun["urn"], "the state has it already", made.id)
    return _placed(checkpoint.recovered_resource(begun, made, problem=UNFINISHED), made, entries)


def _placed(entry: Entry, made: StoredResource, entries: list[Entry]) -> Step:
    """The entry is in its place: the state may hold an earlier one with the same URN."""
    urn, born = entry["urn"], made.state.get("createdAt")
    what = f"made {born}, {made.problem}" if born and made.problem else f"made {born}" if born else "it exists"
    place = next((i for i, each in enumerate(entries) if each["urn"] == urn and not each.get("delete")), None)
    if place is None:
        entries.append(entry)
        return Step(Action.IMPORT, CREATING, urn, what, made.id)
    there = entries[place]
    if there.get("pendingReplacement"):
        entries[place] = entry
        return Step(Action.IMPORT, CREATING, urn, f"{what}; it replaces what is deleted already", made.id)
    newer = _newer(born, (there.get("outputs") or {}).get("createdAt"))
    if newer is None:
        return Step(Action.DROP, CREATING, urn, f"the state has another one ({there.get('id')}); look at both", made.id)
    old, new = (there, entry) if newer else (entry, there)
    # the engine wants the one that stays before the one that goes
    entries[place : place + 1] = [new, {**old, "delete": True}]
    if newer:
        return Step(Action.IMPORT, CREATING, urn, f"{what}; the next `pulumi up` deletes {there.get('id')}", made.id)
    return Step(
        Action.RETIRE, CREATING, urn, f"{what}, before {there.get('id')}; the next `pulumi up` deletes it", made.id
    )


def _is_the_engines_own(begun: Entry) -> bool:
    """Whether it is the stack, a component or a provider: nothing outside of the state is made for one."""
    return not begun.get("custom") or begun["type"].startswith("pulumi:providers:")


def _way_on(begun: Entry, resource: AnyResource, id: str) -> str:
    if resource.name in INSIDE:
        return "the next `pulumi up` writes it anew"
    if begun["type"].startswith(checkpoint.NATIVE_PREFIX):
        name = begun["urn"].rpartition("::")[2]
        return f"if it is this stack's, `pulumi import {begun['type']} {name} {id}`; if not, choose another name"
    return "if it is this stack's, delete it; if not, choose another name"


def _newer(one: str | None, other: str | None) -> bool | None:
    if one is None or other is None:
        return None
    return datetime.fromisoformat(one) >= datetime.fromisoformat(other)


def _nothing(resource: AnyResource) -> str:
    if _can_be_found(resource):
        return "nothing of it is there; the next `pulumi up` makes it"
    return "nobody can tell how far it came; the next `pulumi up` does it (again)"


def _can_be_found(resource: AnyResource) -> bool:
    return type(resource).find_created is not Resource.find_created
