"""Whether what a stack holds is there, well, and going to stay; and what it costs. Nothing here asks anybody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from neev_provider.adapters.pulumi import checkpoint
from neev_provider.cli.doctor.findings import Finding, fail, ok, warn
from neev_provider.cli.sweep.orphans import PAUSED_PHASES, format_age
from neev_provider.cli.sweep.references import StateReferences
from neev_provider.client.agents import Agent
from neev_provider.client.models import ApiObject, parse_timestamp
from neev_provider.client.sandboxes import Resources, Sandbox
from neev_provider.client.snapshots import Snapshot
from neev_provider.core.account import ACCOUNT_KEY

StateEntry = Mapping[str, Any]
ApiObjectT = TypeVar("ApiObjectT", bound=ApiObject)
SANDBOX_TYPES = ("Sandbox", "SandboxFork")
UNHEALTHY_PHASES = ("RestoreFailed", "NotReady", "Unknown", "Failed")
GONE_HINT = "`pulumi refresh` takes it out of the state; `pulumi up` makes it again."
WRONG_ACCOUNT_HINT = (
    "Nothing of the stack is there, and its state does not say where it is: see first that neev:projectId, neev:orgId "
    "and neev:baseUrl are those it was made with. If they are not, it is not gone."
)


@dataclass(frozen=True)
class RemoteInventory:
    """What is there, by id."""

    sandboxes: Mapping[str, Sandbox] = field(default_factory=dict)
    agents: Mapping[str, Agent] = field(default_factory=dict)
    snapshots: Mapping[str, Snapshot] = field(default_factory=dict)

    def merge(self, other: RemoteInventory) -> RemoteInventory:
        """Both together."""
        return RemoteInventory(
            {**self.sandboxes, **other.sandboxes},
            {**self.agents, **other.agents},
            {**self.snapshots, **other.snapshots},
        )

    def of_type(self, kind: str) -> Mapping[str, Sandbox | Agent | Snapshot] | None:
        """Everything of the kind of resource; ``None`` where it has no list of its own."""
        lists: Mapping[str, Mapping[str, Sandbox | Agent | Snapshot]] = {
            **dict.fromkeys(SANDBOX_TYPES, self.sandboxes),
            "Agent": self.agents,
            "Snapshot": self.snapshots,
        }
        return lists.get(kind)


def index_by_id(items: Iterable[ApiObjectT]) -> dict[str, ApiObjectT]:
    """The things by their ids."""
    return {each.id: each for each in items}


def check_interrupted(operations: Sequence[StateEntry], stack: str) -> Iterator[Finding]:
    """Operations that a killed engine left behind."""
    for each in operations:
        yield fail(
            f"{describe_entry(each['resource'])}: {each['type']} was interrupted",
            f"`pulumi-neev recover --stack {stack}` looks what came of it.",
        )


def check_health(entries: Sequence[StateEntry], inventory: RemoteInventory) -> Iterator[Finding]:
    """What is gone, what is unwell, and what is not finished."""
    something_is_there = any(entry["id"] in (inventory.of_type(kind) or ()) for entry, kind in own_resources(entries))
    for entry, kind in own_resources(entries):
        found = inventory.of_type(kind)
        seen = None if found is None else found.get(entry["id"])
        if found is not None and seen is None:
            is_sure = something_is_there or has_recorded_account(entry)
            yield fail(f"{describe_entry(entry)} is gone ({entry['id']})", GONE_HINT if is_sure else WRONG_ACCOUNT_HINT)
        elif seen is not None and (phase := phase_or_status(seen)) in UNHEALTHY_PHASES:
            yield fail(f"{describe_entry(entry)} is {phase}{_describe_problem(seen)}", _remedy(phase))
        elif entry.get("initErrors"):
            yield warn(
                f"{describe_entry(entry)} is not finished: {entry['initErrors'][0]}", "`pulumi up` goes on with it."
            )


def check_expiration(
    entries: Sequence[StateEntry], inventory: RemoteInventory, *, now: float, expires_within_seconds: float
) -> Iterator[Finding]:
    """What the platform will stop or delete before long."""
    for entry, _ in own_resources(entries):
        seen = inventory.sandboxes.get(entry["id"])
        if seen is None or seen.phase in PAUSED_PHASES:
            continue
        ends, idles = parse_timestamp(seen.hard_expires_at), parse_timestamp(seen.idle_expires_at)
        if ends is not None and ends - now <= expires_within_seconds:
            remedy = "Allow more with `maxLifetimeSeconds`, or let it go."
            yield warn(f"{describe_entry(entry)}: its lifetime ends in {format_age(max(0, ends - now))}", remedy)
        # a pause is what an idle window is for, and nothing is lost by it
        if idles is not None and idles - now <= expires_within_seconds and seen.on_idle == "delete":
            remedy = "Allow more with `idleTimeoutSeconds`, or pause with `onIdle`, or let it go."
            yield warn(
                f"{describe_entry(entry)}: if it stays idle it is deleted in {format_age(max(0, idles - now))}", remedy
            )


def summarize_costs(references: StateReferences, inventory: RemoteInventory) -> Finding:
    """What runs, of everything that the stack names in any way."""
    running = [
        each for each in inventory.sandboxes.values() if each.id in references.words and each.phase not in PAUSED_PHASES
    ]
    sizes = [each.resources or Resources() for each in running]
    cores, memory = sum(each.cpu or 0 for each in sizes), sum(each.memory_gb or 0 for each in sizes)
    return ok(f"running sandboxes: {len(running)} ({cores:g} cores, {memory:g} GB of memory); the rest is paused")


def own_resources(entries: Sequence[StateEntry]) -> Iterator[tuple[StateEntry, str]]:
    """The resources that are ours and stay, each with the name of its kind."""
    for entry in entries:
        kind = checkpoint.type_of_token(entry["type"])
        if kind is not None and entry.get("id") and not entry.get("delete"):
            yield entry, kind.resource.name


def has_recorded_account(entry: StateEntry) -> bool:
    """Whether the state says which account the resource is in."""
    return isinstance((entry.get("outputs") or {}).get(ACCOUNT_KEY), Mapping)


def describe_entry(entry: StateEntry) -> str:
    """The kind and the name in the program."""
    return checkpoint.describe_urn(entry["urn"])


def phase_or_status(observed: Sandbox | Agent | Snapshot) -> str:
    """What the platform calls its condition."""
    return observed.phase if isinstance(observed, Sandbox) else observed.status


def _describe_problem(observed: Sandbox | Agent | Snapshot) -> str:
    if isinstance(observed, Snapshot):
        return f": {observed.error_message}" if observed.error_message else ""
    return f": {observed.last_crash.reason}" if observed.last_crash else ""


def _remedy(phase: str) -> str:
    if phase == "RestoreFailed":
        return "Roll it back again with another `rollbackTo`, or replace it: `pulumi up --replace URN`."
    if phase == "Failed":
        return "`pulumi up` replaces it."
    return "It may pass. If not, replace it: `pulumi up --replace URN`."
