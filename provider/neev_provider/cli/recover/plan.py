"""The plan of `recover`: computed from a stack's state and the results of its pending operations."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from neev_provider.adapters.pulumi import checkpoint
from neev_provider.cli.recover.ownership import EGRESS_RULE_TYPE, SANDBOX_CHILD_TYPES, UnverifiedMatch
from neev_provider.core.lifecycle import AnyResource, StoredResource
from neev_provider.core.resource import Resource

CREATE_OPERATION = "creating"
UNFINISHED_PROBLEM = "recovered after its create was interrupted; the next `pulumi up` finishes it"
StateEntry = dict[str, Any]
StackState = dict[str, Any]


class Action(StrEnum):
    """What the plan does with a pending operation."""

    IMPORT = "import"
    """Adds the created object to the state."""
    RETIRE = "retire"
    """Adds the created object to the state as one that the next update deletes."""
    DROP = "drop"
    """Drops the operation: there is no object."""
    LEAVE = "leave"
    """Drops the operation and leaves the object alone: it may be foreign."""
    FOREIGN = "foreign"
    """The operation of another provider, or of an unknown resource type."""


@dataclass(frozen=True, slots=True)
class RecoveryStep:
    """One pending operation, with the action and its reason."""

    action: Action
    operation: str
    urn: str
    why: str
    id: str | None = None

    @property
    def resource(self) -> str:
        """Return the type and the resource name."""
        return checkpoint.describe_urn(self.urn)


@dataclass(frozen=True, slots=True)
class RecoveryPlan:
    """The steps, and the state after them."""

    steps: tuple[RecoveryStep, ...]
    state: StackState

    @property
    def foreign_steps(self) -> tuple[RecoveryStep, ...]:
        """Return the creates that only their own provider can look up."""
        return tuple(step for step in self.steps if step.action is Action.FOREIGN)


def list_pending_operations(state: Mapping[str, Any]) -> list[StateEntry]:
    """Return the pending operations of the state."""
    return list((state.get("deployment") or {}).get("pending_operations") or ())


def list_state_resources(state: Mapping[str, Any]) -> list[StateEntry]:
    """Return the resources of the state."""
    return list((state.get("deployment") or {}).get("resources") or ())


def resource_for_lookup(operation: Mapping[str, Any]) -> AnyResource | None:
    """Return the resource that can look up the result of the operation, or `None`."""
    kind = checkpoint.type_of_token(operation["resource"]["type"])
    return kind.resource if kind and operation["type"] == CREATE_OPERATION and _can_be_found(kind.resource) else None


def build_plan(state: StackState, results: Mapping[int, StoredResource | UnverifiedMatch]) -> RecoveryPlan:
    """Return the plan. `results`: what each operation created or matched, by its index."""
    after = copy.deepcopy(state)
    deployment = after["deployment"]
    deployment["resources"] = entries = list_state_resources(after)
    pending = list_pending_operations(after)
    deployment["pending_operations"] = []
    return RecoveryPlan(
        tuple(_build_step(item, results.get(index), entries) for index, item in enumerate(pending)), after
    )


def _build_step(
    operation: StateEntry, result: StoredResource | UnverifiedMatch | None, entries: list[StateEntry]
) -> RecoveryStep:
    pending, operation_type = operation["resource"], operation["type"]
    urn = pending["urn"]
    if operation_type != CREATE_OPERATION:
        return RecoveryStep(
            Action.DROP,
            operation_type,
            urn,
            "the state is as it was before; the next `pulumi up` repeats the operation",
        )
    if _is_state_only(pending):
        return RecoveryStep(Action.DROP, operation_type, urn, "it exists only in the state")
    kind = checkpoint.type_of_token(pending["type"])
    if kind is None:
        return RecoveryStep(Action.FOREIGN, operation_type, urn, "only its own provider can look it up")
    if result is None:
        return RecoveryStep(Action.DROP, operation_type, urn, _not_found_reason(kind.resource))
    if isinstance(result, UnverifiedMatch):
        return RecoveryStep(
            Action.LEAVE,
            operation_type,
            urn,
            f"{result.reason}; {_next_step_hint(pending, kind.resource, result.id)}",
            result.id,
        )
    return _add_if_absent(pending, result, entries)


def _add_if_absent(pending: StateEntry, created: StoredResource, entries: list[StateEntry]) -> RecoveryStep:
    """Add the created object to the state, unless the state contains it."""
    if any((entry["type"], entry.get("id")) == (pending["type"], created.id) for entry in entries):
        return RecoveryStep(Action.DROP, CREATE_OPERATION, pending["urn"], "the state already contains it", created.id)
    return _insert_entry(checkpoint.recovered_resource(pending, created, problem=UNFINISHED_PROBLEM), created, entries)


def _insert_entry(entry: StateEntry, created: StoredResource, entries: list[StateEntry]) -> RecoveryStep:
    """Insert the entry. The state may contain an earlier one with the same URN."""
    urn, created_at = entry["urn"], created.state.get("createdAt")
    facts = [f"created {created_at}"] if created_at else ["it exists"]
    reason = ", ".join([*facts, *([created.problem] if created_at and created.problem else [])])
    position = next((i for i, item in enumerate(entries) if item["urn"] == urn and not item.get("delete")), None)
    if position is None:
        entries.append(entry)
        return RecoveryStep(Action.IMPORT, CREATE_OPERATION, urn, reason, created.id)
    existing = entries[position]
    if existing.get("pendingReplacement"):
        entries[position] = entry
        return RecoveryStep(
            Action.IMPORT,
            CREATE_OPERATION,
            urn,
            f"{reason}; it replaces a resource that is already deleted",
            created.id,
        )
    newer = _is_newer(created_at, (existing.get("outputs") or {}).get("createdAt"))
    if newer is None:
        return RecoveryStep(
            Action.DROP,
            CREATE_OPERATION,
            urn,
            f"the state has another one ({existing.get('id')}); check both",
            created.id,
        )
    old, new = (existing, entry) if newer else (entry, existing)
    # the engine requires the resource that stays before the one that it deletes
    entries[position : position + 1] = [new, {**old, "delete": True}]
    if newer:
        return RecoveryStep(
            Action.IMPORT,
            CREATE_OPERATION,
            urn,
            f"{reason}; the next `pulumi up` deletes {existing.get('id')}",
            created.id,
        )
    return RecoveryStep(
        Action.RETIRE,
        CREATE_OPERATION,
        urn,
        f"{reason}, before {existing.get('id')}; the next `pulumi up` deletes it",
        created.id,
    )


def _is_state_only(pending: StateEntry) -> bool:
    """Return whether it is a stack, component or provider, which exist only in the state."""
    return not pending.get("custom") or pending["type"].startswith("pulumi:providers:")


def _next_step_hint(pending: StateEntry, resource: AnyResource, id: str) -> str:
    is_rule = resource.name == EGRESS_RULE_TYPE
    if resource.name in SANDBOX_CHILD_TYPES and not is_rule:
        return "the next `pulumi up` creates it again"
    alternative = "remove it from the program" if is_rule else "choose another name"
    if pending["type"].startswith(checkpoint.NATIVE_PREFIX):
        name = pending["urn"].rpartition("::")[2]
        return f"if it is this stack's, `pulumi import {pending['type']} {name} {id}`; if not, {alternative}"
    return f"if it is this stack's, delete it; if not, {alternative}"


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
