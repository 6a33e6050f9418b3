"""What to do about the interrupted operations of a stack: worked out from its state and what was found."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from neev_provider.adapters.pulumi import checkpoint
from neev_provider.cli.recover.ownership import SANDBOX_CHILD_TYPES, UnverifiedMatch
from neev_provider.core.lifecycle import AnyResource, StoredResource
from neev_provider.core.resource import Resource

CREATE_OPERATION = "creating"
UNFINISHED_PROBLEM = "recovered after its creation was interrupted; the next `pulumi up` finishes it"
StateEntry = dict[str, Any]
StackState = dict[str, Any]


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
    FOREIGN = "other"
    """It is another provider's, or of a kind that this version does not know."""


@dataclass(frozen=True, slots=True)
class RecoveryStep:
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
class RecoveryPlan:
    """What becomes of every operation, and the state after it."""

    steps: tuple[RecoveryStep, ...]
    state: StackState

    @property
    def foreign_steps(self) -> tuple[RecoveryStep, ...]:
        """Creates that only their own provider could look up."""
        return tuple(step for step in self.steps if step.action is Action.FOREIGN)


def list_pending_operations(state: Mapping[str, Any]) -> list[StateEntry]:
    """The operations that were interrupted."""
    return list((state.get("deployment") or {}).get("pending_operations") or ())


def list_state_resources(state: Mapping[str, Any]) -> list[StateEntry]:
    """The resources that the state holds."""
    return list((state.get("deployment") or {}).get("resources") or ())


def resource_for_lookup(operation: Mapping[str, Any]) -> AnyResource | None:
    """The kind of resource that can look up what the operation made."""
    kind = checkpoint.type_of_token(operation["resource"]["type"])
    return kind.resource if kind and operation["type"] == CREATE_OPERATION and _can_be_found(kind.resource) else None


def build_plan(state: StackState, results: Mapping[int, StoredResource | UnverifiedMatch]) -> RecoveryPlan:
    """The steps, and the state that they lead to; ``found`` is what each operation made or met, by its index."""
    after = copy.deepcopy(state)
    deployment = after["deployment"]
    deployment["resources"] = entries = list_state_resources(after)
    pending = list_pending_operations(after)
    deployment["pending_operations"] = []
    return RecoveryPlan(
        tuple(_build_step(each, results.get(index), entries) for index, each in enumerate(pending)), after
    )


def _build_step(
    operation: StateEntry, result: StoredResource | UnverifiedMatch | None, entries: list[StateEntry]
) -> RecoveryStep:
    begun, what = operation["resource"], operation["type"]
    urn = begun["urn"]
    if what != CREATE_OPERATION:
        return RecoveryStep(
            Action.DROP, what, urn, "the state is as before it began; the next `pulumi up` does what is still to do"
        )
    if _is_state_only(begun):
        return RecoveryStep(Action.DROP, what, urn, "it exists only in the state, so there is nothing to look for")
    kind = checkpoint.type_of_token(begun["type"])
    if kind is None:
        return RecoveryStep(Action.FOREIGN, what, urn, "only its own provider could tell whether it exists")
    if result is None:
        return RecoveryStep(Action.DROP, what, urn, _not_found_reason(kind.resource))
    if isinstance(result, UnverifiedMatch):
        return RecoveryStep(
            Action.LEAVE, what, urn, f"{result.reason}; {_next_step_hint(begun, kind.resource, result.id)}", result.id
        )
    return _add_if_absent(begun, result, entries)


def _add_if_absent(pending: StateEntry, created: StoredResource, entries: list[StateEntry]) -> RecoveryStep:
    """What was made is in the state, once."""
    if any((each["type"], each.get("id")) == (pending["type"], created.id) for each in entries):
        return RecoveryStep(Action.DROP, CREATE_OPERATION, pending["urn"], "the state has it already", created.id)
    return _insert_entry(checkpoint.recovered_resource(pending, created, problem=UNFINISHED_PROBLEM), created, entries)


def _insert_entry(entry: StateEntry, created: StoredResource, entries: list[StateEntry]) -> RecoveryStep:
    """The entry is in its place: the state may hold an earlier one with the same URN."""
    urn, born = entry["urn"], created.state.get("createdAt")
    what = f"made {born}, {created.problem}" if born and created.problem else f"made {born}" if born else "it exists"
    place = next((i for i, each in enumerate(entries) if each["urn"] == urn and not each.get("delete")), None)
    if place is None:
        entries.append(entry)
        return RecoveryStep(Action.IMPORT, CREATE_OPERATION, urn, what, created.id)
    there = entries[place]
    if there.get("pendingReplacement"):
        entries[place] = entry
        return RecoveryStep(
            Action.IMPORT, CREATE_OPERATION, urn, f"{what}; it replaces what is deleted already", created.id
        )
    newer = _is_newer(born, (there.get("outputs") or {}).get("createdAt"))
    if newer is None:
        return RecoveryStep(
            Action.DROP,
            CREATE_OPERATION,
            urn,
            f"the state has another one ({there.get('id')}); look at both",
            created.id,
        )
    old, new = (there, entry) if newer else (entry, there)
    # the engine wants the one that stays before the one that goes
    entries[place : place + 1] = [new, {**old, "delete": True}]
    if newer:
        return RecoveryStep(
            Action.IMPORT, CREATE_OPERATION, urn, f"{what}; the next `pulumi up` deletes {there.get('id')}", created.id
        )
    return RecoveryStep(
        Action.RETIRE,
        CREATE_OPERATION,
        urn,
        f"{what}, before {there.get('id')}; the next `pulumi up` deletes it",
        created.id,
    )


def _is_state_only(pending: StateEntry) -> bool:
    """Whether it is the stack, a component or a provider: nothing outside of the state is made for one."""
    return not pending.get("custom") or pending["type"].startswith("pulumi:providers:")


def _next_step_hint(pending: StateEntry, resource: AnyResource, id: str) -> str:
    if resource.name in SANDBOX_CHILD_TYPES:
        return "the next `pulumi up` writes it anew"
    if pending["type"].startswith(checkpoint.NATIVE_PREFIX):
        name = pending["urn"].rpartition("::")[2]
        return f"if it is this stack's, `pulumi import {pending['type']} {name} {id}`; if not, choose another name"
    return "if it is this stack's, delete it; if not, choose another name"


def _is_newer(one: str | None, other: str | None) -> bool | None:
    if one is None or other is None:
        return None
    return datetime.fromisoformat(one) >= datetime.fromisoformat(other)


def _not_found_reason(resource: AnyResource) -> str:
    if _can_be_found(resource):
        return "nothing of it is there; the next `pulumi up` makes it"
    return "nobody can tell how far it came; the next `pulumi up` does it (again)"


def _can_be_found(resource: AnyResource) -> bool:
    return type(resource).find_created is not Resource.find_created
