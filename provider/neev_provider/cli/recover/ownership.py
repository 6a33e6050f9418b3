"""Evidence that an object was created by the interrupted create of a stack, and not by somebody else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from neev_provider.adapters.pulumi import checkpoint
from neev_provider.adapters.pulumi.dynamic.provider import URN
from neev_provider.adapters.pulumi.ownership import owner_of_urn
from neev_provider.client import Api
from neev_provider.client.http.idempotency import CREATED_AT_TOLERANCE
from neev_provider.client.models import format_timestamp, parse_timestamp
from neev_provider.core.diff import AUTONAMED_KEY
from neev_provider.core.labels import Owner, is_foreign
from neev_provider.core.lifecycle import AnyResource, StoredResource
from neev_provider.resources.image.steps import DIGEST_LENGTH
from neev_provider.resources.pool.plan import is_member

StateEntry = Mapping[str, Any]
STACK_TYPE = "pulumi:pulumi:Stack"
POOL_TYPE, IMAGE_TYPE = "SandboxPool", "GoldenImage"
EGRESS_RULE_TYPE = "EgressRule"
SANDBOX_CHILD_TYPES = ("File", "Directory", "PreviewPort", EGRESS_RULE_TYPE, "Process")
"""Resource types inside a sandbox. Their creation times are not compared; whoever owns the sandbox owns them."""


@dataclass(frozen=True, slots=True)
class UnverifiedMatch:
    """An object that matches a create, without evidence that the create made it."""

    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class CreateTimeRange:
    """The time range in which a create can have created an object, in seconds by this machine's clock."""

    earliest: float | None
    latest: float

    def explain_mismatch(self, created_at: float | None, clock_lead: float) -> str | None:
        """Return why an object of this time may be foreign, or `None`; `clock_lead`: seconds the API is ahead."""
        if created_at is None or self.earliest is None:
            return "there is no evidence that this create made it"
        if created_at - clock_lead < self.earliest - CREATED_AT_TOLERANCE:
            earliest = _format_time(self.earliest + clock_lead)
            return f"it was created {_format_time(created_at)}, before this create began ({earliest})"
        if created_at - clock_lead > self.latest + CREATED_AT_TOLERANCE:
            latest = _format_time(self.latest + clock_lead)
            return f"it was created {_format_time(created_at)}, after this create ended ({latest})"
        return None


def compute_create_time_range(
    state: StateEntry, pending: StateEntry, resource: AnyResource, updates: Iterable[StateEntry]
) -> CreateTimeRange:
    """Return the time range of a create, computed from the engine's records.

    The records do not contain the start of a create. It is later than the last successful update and the creation of
    the stack, the provider, the parent and the dependencies. It is earlier than the last write of the state, which
    added the pending operation.
    """
    deployment = state["deployment"]
    prerequisite_times = _prerequisite_times(pending, deployment.get("resources") or ())
    end_times = [
        _parse_time(update, "endTime")
        for update in updates
        if (update["kind"], update["result"]) == ("update", "succeeded")
    ]
    lower_bounds = [moment for moment in (*end_times, *prerequisite_times) if moment is not None]
    written_at = _parse_time(deployment.get("manifest") or {}, "time") or 0.0
    timeout = (pending.get("customTimeouts") or {}).get("create") or resource.timeouts.create
    return CreateTimeRange(max(lower_bounds) if lower_bounds else None, written_at + timeout)


def decode_inputs(pending: StateEntry) -> dict[str, Any]:
    """Return the inputs of the create in plain text, without the outputs that a dynamic resource adds to them."""
    kind = checkpoint.type_of_token(str(pending.get("type")))
    outputs = kind.resource.outputs.properties if kind else {}
    values = checkpoint.decode_state(pending.get("inputs") or {}).values
    return {name: value for name, value in values.items() if name not in outputs}


def has_generated_name(pending: StateEntry) -> bool:
    """Return whether the provider generated the name for this create, so that no other object has it."""
    return bool(decode_inputs(pending).get(AUTONAMED_KEY))


def own_sandbox_ids(entries: Iterable[StateEntry]) -> set[str]:
    """Return the ids of the stack's sandboxes, also of its agents and pools."""
    return {id for entry in entries if not entry.get("external") for id in _sandbox_ids(entry)}


def find_owner(pending: StateEntry) -> Owner | None:
    """Return the owner that the labels of what the create made name; ``None`` for forks, which inherit labels."""
    inputs = decode_inputs(pending)
    return None if inputs.get("sourceSandboxId") else owner_of_urn(str(inputs.get(URN) or pending["urn"]))


async def list_created_objects(
    api: Api, resource: AnyResource, created: StoredResource, owner: Owner | None
) -> dict[str, float | None]:
    """Return the API's objects of the resource, without those of another owner: each id with its creation time."""
    if resource.name not in (POOL_TYPE, IMAGE_TYPE):
        return {created.id: parse_timestamp(created.state.get("createdAt"))}
    builder_name = re.compile(re.escape(created.id) + rf"-[0-9a-f]{{{DIGEST_LENGTH}}}")
    is_pool, sandboxes = resource.name == POOL_TYPE, await api.sandboxes.list(name=f"{created.id}-")
    return {
        sandbox.id: parse_timestamp(sandbox.created_at)
        for sandbox in sandboxes
        if not is_foreign(sandbox.labels, owner)
        and (is_member(created.id, sandbox.name) if is_pool else builder_name.fullmatch(sandbox.name))
    }


def _sandbox_ids(entry: StateEntry) -> Iterator[str]:
    kind = checkpoint.type_of_token(entry["type"])
    if kind is None:
        return
    outputs = checkpoint.decode_state(entry.get("outputs") or {}).values
    match kind.resource.name:
        case "Sandbox" | "SandboxFork":
            yield str(entry.get("id"))
        case "Agent":
            yield str(outputs.get("sandboxId"))
        case "SandboxPool":
            yield from (str(item["id"]) for item in outputs.get("members") or ())


def _prerequisite_times(pending: StateEntry, entries: Sequence[StateEntry]) -> list[float | None]:
    """Return the times of what the engine creates before it starts this create."""
    prerequisites = {pending.get("parent"), str(pending.get("provider") or "").rpartition("::")[0]}
    lists = [pending.get("dependencies"), *(pending.get("propertyDependencies") or {}).values()]
    dependencies = {urn for urns in lists for urn in urns or ()}
    first = [entry for entry in entries if entry["type"] == STACK_TYPE or entry["urn"] in prerequisites | dependencies]
    return [
        *(_parse_time(item, "created") for item in first),
        *(_parse_time(item, "modified") for item in first if item["urn"] in dependencies),
    ]


def _format_time(moment: float) -> str:
    return format_timestamp(moment, timespec="seconds")


def _parse_time(entry: StateEntry, name: str) -> float | None:
    return parse_timestamp(entry.get(name))
