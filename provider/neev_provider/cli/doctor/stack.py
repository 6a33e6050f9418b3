"""Whether what a stack holds is there, well, and going to stay; and what it costs. Nothing here asks anybody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from neev_provider.adapters.pulumi import checkpoint
from neev_provider.cli.doctor.findings import Finding, bad, ok, warn
from neev_provider.cli.sweep.orphans import SLEEPING, ago
from neev_provider.cli.sweep.references import Held
from neev_provider.client.agents import Agent
from neev_provider.client.models import ApiObject, parse_timestamp
from neev_provider.client.sandboxes import Resources, Sandbox
from neev_provider.client.snapshots import Snapshot
from neev_provider.core.account import ACCOUNT_KEY

Entry = Mapping[str, Any]
W = TypeVar("W", bound=ApiObject)
SANDBOXES = ("Sandbox", "SandboxFork")
UNWELL = ("RestoreFailed", "NotReady", "Unknown", "Failed")
REFRESH = "`pulumi refresh` takes it out of the state; `pulumi up` makes it again."
UNSURE = (
    "Nothing of the stack is there, and its state does not say where it is: see first that neev:projectId, neev:orgId "
    "and neev:baseUrl are those it was made with. If they are not, it is not gone."
)


@dataclass(frozen=True)
class Platform:
    """What is there, by id."""

    sandboxes: Mapping[str, Sandbox] = field(default_factory=dict)
    agents: Mapping[str, Agent] = field(default_factory=dict)
    snapshots: Mapping[str, Snapshot] = field(default_factory=dict)

    def with_(self, other: Platform) -> Platform:
        """Both together."""
        return Platform(
            {**self.sandboxes, **other.sandboxes},
            {**self.agents, **other.agents},
            {**self.snapshots, **other.snapshots},
        )

    def of(self, kind: str) -> Mapping[str, Sandbox | Agent | Snapshot] | None:
        """Everything of the kind of resource; ``None`` where it has no list of its own."""
        lists: Mapping[str, Mapping[str, Sandbox | Agent | Snapshot]] = {
            **dict.fromkeys(SANDBOXES, self.sandboxes),
            "Agent": self.agents,
            "Snapshot": self.snapshots,
        }
        return lists.get(kind)


def by_id(things: Iterable[W]) -> dict[str, W]:
    """The things by their ids."""
    return {each.id: each for each in things}


def interrupted(operations: Sequence[Entry], stack: str) -> Iterator[Finding]:
    """Operations that a killed engine left behind."""
    for each in operations:
        yield bad(
            f"{named(each['resource'])}: {each['type']} was interrupted",
            f"`pulumi-neev recover --stack {stack}` looks what came of it.",
        )


def health(entries: Sequence[Entry], platform: Platform) -> Iterator[Finding]:
    """What is gone, what is unwell, and what is not finished."""
    something_is_there = any(entry["id"] in (platform.of(kind) or ()) for entry, kind in ours(entries))
    for entry, kind in ours(entries):
        found = platform.of(kind)
        seen = None if found is None else found.get(entry["id"])
        if found is not None and seen is None:
            is_sure = something_is_there or says_where_it_is(entry)
            yield bad(f"{named(entry)} is gone ({entry['id']})", REFRESH if is_sure else UNSURE)
        elif seen is not None and (phase := phase_of(seen)) in UNWELL:
            yield bad(f"{named(entry)} is {phase}{_why(seen)}", _cure(phase))
        elif entry.get("initErrors"):
            yield warn(f"{named(entry)} is not finished: {entry['initErrors'][0]}", "`pulumi up` goes on with it.")


def expiry(entries: Sequence[Entry], platform: Platform, *, now: float, soon: float) -> Iterator[Finding]:
    """What the platform will stop or delete before long."""
    for entry, _ in ours(entries):
        seen = platform.sandboxes.get(entry["id"])
        if seen is None or seen.phase in SLEEPING:
            continue
        ends, idles = parse_timestamp(seen.hard_expires_at), parse_timestamp(seen.idle_expires_at)
        if ends is not None and ends - now <= soon:
            remedy = "Allow more with `maxLifetimeSeconds`, or let it go."
            yield warn(f"{named(entry)}: its lifetime ends in {ago(max(0, ends - now))}", remedy)
        # a pause is what an idle window is for, and nothing is lost by it
        if idles is not None and idles - now <= soon and seen.on_idle == "delete":
            remedy = "Allow more with `idleTimeoutSeconds`, or pause with `onIdle`, or let it go."
            yield warn(f"{named(entry)}: if it stays idle it is deleted in {ago(max(0, idles - now))}", remedy)


def costs(states: Held, platform: Platform) -> Finding:
    """What runs, of everything that the stack names in any way."""
    running = [each for each in platform.sandboxes.values() if each.id in states.words and each.phase not in SLEEPING]
    sizes = [each.resources or Resources() for each in running]
    cores, memory = sum(each.cpu or 0 for each in sizes), sum(each.memory_gb or 0 for each in sizes)
    return ok(f"running sandboxes: {len(running)} ({cores:g} cores, {memory:g} GB of memory); the rest is paused")


def ours(entries: Sequence[Entry]) -> Iterator[tuple[Entry, str]]:
    """The resources that are ours and stay, each with the name of its kind."""
    for entry in entries:
        kind = checkpoint.type_of_token(entry["type"])
        if kind is not None and entry.get("id") and not entry.get("delete"):
            yield entry, kind.resource.name


def says_where_it_is(entry: Entry) -> bool:
    """Whether the state says which account the resource is in."""
    return isinstance((entry.get("outputs") or {}).get(ACCOUNT_KEY), Mapping)


def named(entry: Entry) -> str:
    """The kind and the name in the program."""
    return checkpoint.describe_urn(entry["urn"])


def phase_of(seen: Sandbox | Agent | Snapshot) -> str:
    """What the platform calls its condition."""
    return seen.phase if isinstance(seen, Sandbox) else seen.status


def _why(seen: Sandbox | Agent | Snapshot) -> str:
    if isinstance(seen, Snapshot):
        return f": {seen.error_message}" if seen.error_message else ""
    return f": {seen.last_crash.reason}" if seen.last_crash else ""


def _cure(phase: str) -> str:
    if phase == "RestoreFailed":
        return "Roll it back again with another `rollbackTo`, or replace it: `pulumi up --replace URN`."
    if phase == "Failed":
        return "`pulumi up` replaces it."
    return "It may pass. If not, replace it: `pulumi up --replace URN`."
