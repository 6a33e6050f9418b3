"""Checks of a stack's resources: existence, health, expiration and cost. Nothing here sends a request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from neev_provider.adapters.pulumi import checkpoint
from neev_provider.adapters.pulumi.ownership import owner_of_urn
from neev_provider.cli.doctor.engine_commands import PULUMI_COMMANDS, EngineCommands
from neev_provider.cli.doctor.findings import Finding, fail, ok, warn
from neev_provider.cli.sweep.orphans import PAUSED_PHASES, format_age
from neev_provider.cli.sweep.references import StateReferences
from neev_provider.client.agents import Agent
from neev_provider.client.models import ApiObject, parse_timestamp
from neev_provider.client.sandboxes import Resources, Sandbox
from neev_provider.client.snapshots import Snapshot
from neev_provider.core.account import recorded_settings
from neev_provider.core.labels import MANAGER_KEY, describe_owner

StateEntry = Mapping[str, Any]
ApiObjectT = TypeVar("ApiObjectT", bound=ApiObject)
SANDBOX_TYPES = ("Sandbox", "SandboxFork")
UNHEALTHY_PHASES = ("RestoreFailed", "NotReady", "Unknown", "Failed")
RESTORABILITY_WARNINGS = {
    "deprecating": "the API will soon stop restoring it",
    "unsupported": "the API no longer restores it",
}
WRONG_ACCOUNT_HINT = (
    "No object of the {owner} exists in this account, and the state does not record its account. First check that "
    "the project, the organization and the base URL of the settings are those of the create. If they differ, nothing "
    "is deleted."
)


@dataclass(frozen=True)
class RemoteInventory:
    """The objects that exist at the API, by id."""

    sandboxes: Mapping[str, Sandbox] = field(default_factory=dict)
    agents: Mapping[str, Agent] = field(default_factory=dict)
    snapshots: Mapping[str, Snapshot] = field(default_factory=dict)

    def merge(self, other: RemoteInventory) -> RemoteInventory:
        """Return both inventories combined."""
        return RemoteInventory(
            {**self.sandboxes, **other.sandboxes},
            {**self.agents, **other.agents},
            {**self.snapshots, **other.snapshots},
        )

    def of_type(self, kind: str) -> Mapping[str, Sandbox | Agent | Snapshot] | None:
        """Return the objects of a resource type, or `None` if the inventory does not list the type."""
        lists: Mapping[str, Mapping[str, Sandbox | Agent | Snapshot]] = {
            **dict.fromkeys(SANDBOX_TYPES, self.sandboxes),
            "Agent": self.agents,
            "Snapshot": self.snapshots,
        }
        return lists.get(kind)


def index_by_id(items: Iterable[ApiObjectT]) -> dict[str, ApiObjectT]:
    """Return the objects by their ids."""
    return {item.id: item for item in items}


def check_interrupted(operations: Sequence[StateEntry], stack: str) -> Iterator[Finding]:
    """Report the pending operations of a killed engine."""
    for operation in operations:
        yield fail(
            f"{describe_entry(operation['resource'])}: {operation['type']} was interrupted",
            f"`pulumi-neev recover --stack {stack}` looks up its result.",
        )


def check_health(
    entries: Sequence[StateEntry], inventory: RemoteInventory, commands: EngineCommands = PULUMI_COMMANDS
) -> Iterator[Finding]:
    """Report missing, unhealthy and unfinished resources."""
    has_any_object = any(entry["id"] in (inventory.of_type(kind) or ()) for entry, kind in own_resources(entries))
    for entry, kind in own_resources(entries):
        objects = inventory.of_type(kind)
        observed = None if objects is None else objects.get(entry["id"])
        if objects is not None and observed is None:
            is_certain = has_any_object or has_recorded_account(entry)
            yield fail(
                f"{describe_entry(entry)} does not exist ({entry['id']})",
                f"{commands.refresh} removes it from the state; {commands.apply} creates it again."
                if is_certain
                else WRONG_ACCOUNT_HINT.format(owner=commands.owner),
            )
        elif observed is not None and (phase := phase_or_status(observed)) in UNHEALTHY_PHASES:
            yield fail(f"{describe_entry(entry)} is {phase}{_describe_problem(observed)}", _remedy(phase, commands))
        elif isinstance(observed, Snapshot) and (outlook := RESTORABILITY_WARNINGS.get(observed.restorability or "")):
            yield warn(
                f"{describe_entry(entry)} is {observed.restorability}: {outlook}",
                "Capture a new snapshot, for example with another value in `triggers`.",
            )
        elif entry.get("initErrors"):
            reason = entry["initErrors"][0]
            yield warn(f"{describe_entry(entry)} is not finished: {reason}", f"{commands.apply} finishes it.")


def check_expiration(
    entries: Sequence[StateEntry], inventory: RemoteInventory, *, now: float, expires_within_seconds: float
) -> Iterator[Finding]:
    """Warn about sandboxes that the API stops or deletes soon."""
    for entry, _ in own_resources(entries):
        sandbox = inventory.sandboxes.get(entry["id"])
        if sandbox is None or sandbox.phase in PAUSED_PHASES:
            continue
        lifetime_end, idle_end = parse_timestamp(sandbox.hard_expires_at), parse_timestamp(sandbox.idle_expires_at)
        if lifetime_end is not None and lifetime_end - now <= expires_within_seconds:
            remedy = "If it has to stay, raise `maxLifetimeSeconds`."
            yield warn(
                f"{describe_entry(entry)}: its lifetime ends in {format_age(max(0, lifetime_end - now))}", remedy
            )
        # a pause by the idle timeout loses nothing
        if idle_end is not None and idle_end - now <= expires_within_seconds and sandbox.on_idle == "delete":
            remedy = "If it has to stay, raise `idleTimeoutSeconds`, or set `onIdle` to `pause`."
            yield warn(
                f"{describe_entry(entry)}: if it stays idle, it is deleted in {format_age(max(0, idle_end - now))}",
                remedy,
            )


def check_owners(
    entries: Sequence[StateEntry], inventory: RemoteInventory, commands: EngineCommands = PULUMI_COMMANDS
) -> Iterator[Finding]:
    """Warn about sandboxes whose labels name another owner. A fork has the labels of its source."""
    for entry, kind in own_resources(entries):
        sandbox, owner_labels = inventory.sandboxes.get(entry["id"]), _owner_labels(entry)
        if kind != "Sandbox" or sandbox is None or owner_labels is None:
            continue
        labels = sandbox.labels or {}
        if MANAGER_KEY in labels and not owner_labels.items() <= labels.items():
            yield warn(
                f"{describe_entry(entry)} was created by {describe_owner(labels)}",
                f"If that {commands.owner} has it too, remove it from one of both with {commands.forget}.",
            )


def summarize_costs(references: StateReferences, inventory: RemoteInventory) -> Finding:
    """Report the size of all running sandboxes that the state refers to."""
    running = [
        sandbox
        for sandbox in inventory.sandboxes.values()
        if sandbox.id in references.words and sandbox.phase not in PAUSED_PHASES
    ]
    sizes = [item.resources or Resources() for item in running]
    cores, memory = sum(size.cpu or 0 for size in sizes), sum(size.memory_gb or 0 for size in sizes)
    return ok(f"running sandboxes: {len(running)} ({cores:g} cores, {memory:g} GB of memory); the rest is paused")


def own_resources(entries: Sequence[StateEntry]) -> Iterator[tuple[StateEntry, str]]:
    """Yield the resources of this provider that are not pending deletion, each with its type's name."""
    for entry in entries:
        kind = checkpoint.type_of_token(entry["type"])
        if kind is not None and entry.get("id") and not entry.get("delete"):
            yield entry, kind.resource.name


def has_recorded_account(entry: StateEntry) -> bool:
    """Return whether the state records the account of the resource."""
    return bool(recorded_settings(entry.get("outputs") or {}))


def describe_entry(entry: StateEntry) -> str:
    """Return the type and the resource name, or the address that the entry has."""
    return str(entry.get("address") or checkpoint.describe_urn(entry["urn"]))


def phase_or_status(observed: Sandbox | Agent | Snapshot) -> str:
    """Return the phase of a sandbox, or the status of an agent or snapshot."""
    return observed.phase if isinstance(observed, Sandbox) else observed.status


def _describe_problem(observed: Sandbox | Agent | Snapshot) -> str:
    if isinstance(observed, Snapshot):
        return f": {observed.error_message}" if observed.error_message else ""
    return f": {observed.last_crash.reason}" if observed.last_crash else ""


def _owner_labels(entry: StateEntry) -> Mapping[str, str] | None:
    """Return the labels of the state's owner, if it is known."""
    if "ownerLabels" in entry:
        labels: Mapping[str, str] | None = entry["ownerLabels"]
        return labels
    owner = owner_of_urn(entry["urn"])
    return None if owner is None else owner.stack_labels()


def _remedy(phase: str, commands: EngineCommands) -> str:
    if phase == "RestoreFailed":
        return f"Roll it back again with another `rollbackToSnapshotId`, or replace it: {commands.replace}."
    if phase == "Failed":
        return f"{commands.apply} replaces it."
    return f"It may recover. If not, replace it: {commands.replace}."
