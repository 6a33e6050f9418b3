"""Whether a thing that was found is what the interrupted create of a stack made, or may be somebody else's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from neev_provider.adapters.pulumi import checkpoint
from neev_provider.adapters.pulumi.marshal import reveal
from neev_provider.client import Api
from neev_provider.client.http.idempotency import CREATED_AT_TOLERANCE
from neev_provider.client.models import parse_timestamp
from neev_provider.core.diff import AUTONAMED_KEY
from neev_provider.core.lifecycle import AnyResource, StoredResource
from neev_provider.resources.image.steps import DIGEST_LENGTH
from neev_provider.resources.pool.plan import is_member

StateEntry = Mapping[str, Any]
STACK_TYPE = "pulumi:pulumi:Stack"
SANDBOX_CHILD_TYPES = ("File", "Directory", "PreviewPort")
"""Kinds whose things are in a sandbox and have no time of creation: they belong to whom the sandbox belongs."""
POOL_TYPE, IMAGE_TYPE = "SandboxPool", "GoldenImage"


@dataclass(frozen=True, slots=True)
class UnverifiedMatch:
    """A thing that has the place of what a create asked for, and that nothing shows to be made by it."""

    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class CreateTimeRange:
    """The time in which a create can have made something, in seconds by this machine's clock."""

    earliest: float | None
    latest: float

    def explain_mismatch(self, created_at: float | None, clock_lead: float) -> str | None:
        """Return why what was created then may be another's; ``ahead`` is the lead of the platform's clock."""
        if created_at is None or self.earliest is None:
            return "nothing says whether this create made it"
        if created_at - clock_lead < self.earliest - CREATED_AT_TOLERANCE:
            earliest = _format_time(self.earliest + clock_lead)
            return f"it was made {_format_time(created_at)}, and this create began after {earliest}"
        if created_at - clock_lead > self.latest + CREATED_AT_TOLERANCE:
            latest = _format_time(self.latest + clock_lead)
            return f"it was made {_format_time(created_at)}, and this create had ended by {latest}"
        return None


def compute_create_time_range(
    state: StateEntry, pending: StateEntry, resource: AnyResource, updates: Iterable[StateEntry]
) -> CreateTimeRange:
    """Return the time in which the create can have made something, as far as the engine's records tell.

    The records do not have the moment at which a create began. It is later than the last update that succeeded, and
    than the creation of whatever the engine makes before it: the stack, the provider, the parent and what it depends
    on. It is earlier than the last write of the state, which the create noted in it.
    """
    deployment = state["deployment"]
    before = _prerequisite_times(pending, deployment.get("resources") or ())
    ended = [
        _parse_time(each, "endTime") for each in updates if (each["kind"], each["result"]) == ("update", "succeeded")
    ]
    known = [moment for moment in (*ended, *before) if moment is not None]
    written = _parse_time(deployment.get("manifest") or {}, "time") or 0.0
    allowed = (pending.get("customTimeouts") or {}).get("create") or resource.timeouts.create
    return CreateTimeRange(max(known) if known else None, written + allowed)


def decode_inputs(pending: StateEntry) -> dict[str, Any]:
    """Return the inputs of the create, in clear."""
    inputs: dict[str, Any] = reveal(checkpoint.decode_state(pending.get("inputs") or {}))
    return inputs


def has_generated_name(pending: StateEntry) -> bool:
    """Return whether the name was made for this very create, so that nothing else has it."""
    return bool(decode_inputs(pending).get(AUTONAMED_KEY))


def own_sandbox_ids(entries: Iterable[StateEntry]) -> set[str]:
    """Return the ids of the sandboxes that the stack's resources are or have."""
    return {id for each in entries if not each.get("external") for id in _sandbox_ids(each)}


async def list_created_objects(api: Api, resource: AnyResource, created: StoredResource) -> dict[str, float | None]:
    """Return what there is of the thing at the platform: each id with its time of creation."""
    if resource.name not in (POOL_TYPE, IMAGE_TYPE):
        return {created.id: parse_timestamp(created.state.get("createdAt"))}
    built = re.compile(re.escape(created.id) + rf"-[0-9a-f]{{{DIGEST_LENGTH}}}")
    there = await api.sandboxes.list(name=f"{created.id}-")
    return {
        each.id: parse_timestamp(each.created_at)
        for each in there
        if (is_member(created.id, each.name) if resource.name == POOL_TYPE else built.fullmatch(each.name))
    }


def _sandbox_ids(entry: StateEntry) -> Iterator[str]:
    kind = checkpoint.type_of_token(entry["type"])
    if kind is None:
        return
    outputs = reveal(checkpoint.decode_state(entry.get("outputs") or {}))
    match kind.resource.name:
        case "Sandbox" | "SandboxFork":
            yield str(entry.get("id"))
        case "Agent":
            yield str(outputs.get("sandboxId"))
        case "SandboxPool":
            yield from (str(each["id"]) for each in outputs.get("members") or ())


def _prerequisite_times(pending: StateEntry, entries: Sequence[StateEntry]) -> list[float | None]:
    """The times of what the engine makes before it begins the create."""
    earlier = {pending.get("parent"), str(pending.get("provider") or "").rpartition("::")[0]}
    lists = [pending.get("dependencies"), *(pending.get("propertyDependencies") or {}).values()]
    needed = {urn for urns in lists for urn in urns or ()}
    first = [each for each in entries if each["type"] == STACK_TYPE or each["urn"] in earlier | needed]
    return [
        *(_parse_time(each, "created") for each in first),
        *(_parse_time(each, "modified") for each in first if each["urn"] in needed),
    ]


def _format_time(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _parse_time(entry: StateEntry, name: str) -> float | None:
    return parse_timestamp(entry.get(name))
