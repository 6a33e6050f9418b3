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

Entry = Mapping[str, Any]
STACK = "pulumi:pulumi:Stack"
INSIDE = ("File", "Directory", "PreviewPort")
"""Kinds whose things are in a sandbox and have no time of creation: they belong to whom the sandbox belongs."""
POOL, IMAGE = "SandboxPool", "GoldenImage"


@dataclass(frozen=True, slots=True)
class Unproven:
    """A thing that has the place of what a create asked for, and that nothing shows to be made by it."""

    id: str
    why: str


@dataclass(frozen=True, slots=True)
class Window:
    """The time in which a create can have made something, in seconds by this machine's clock."""

    earliest: float | None
    latest: float

    def doubt(self, created: float | None, ahead: float) -> str | None:
        """Return why what was created then may be another's; ``ahead`` is the lead of the platform's clock."""
        if created is None or self.earliest is None:
            return "nothing says whether this create made it"
        if created - ahead < self.earliest - CREATED_AT_TOLERANCE:
            return f"it was made {_text(created)}, and this create began after {_text(self.earliest + ahead)}"
        if created - ahead > self.latest + CREATED_AT_TOLERANCE:
            return f"it was made {_text(created)}, and this create had ended by {_text(self.latest + ahead)}"
        return None


def window(state: Entry, begun: Entry, resource: AnyResource, updates: Iterable[Entry]) -> Window:
    """Return the time in which the create can have made something, as far as the engine's records tell.

    The records do not have the moment at which a create began. It is later than the last update that succeeded, and
    than the creation of whatever the engine makes before it: the stack, the provider, the parent and what it depends
    on. It is earlier than the last write of the state, which the create noted in it.
    """
    deployment = state["deployment"]
    before = _before(begun, deployment.get("resources") or ())
    ended = [_time(each, "endTime") for each in updates if (each["kind"], each["result"]) == ("update", "succeeded")]
    known = [moment for moment in (*ended, *before) if moment is not None]
    written = _time(deployment.get("manifest") or {}, "time") or 0.0
    allowed = (begun.get("customTimeouts") or {}).get("create") or resource.timeouts.create
    return Window(max(known) if known else None, written + allowed)


def inputs_of(begun: Entry) -> dict[str, Any]:
    """Return the inputs of the create, in clear."""
    inputs: dict[str, Any] = reveal(checkpoint.decode_state(begun.get("inputs") or {}))
    return inputs


def has_a_name_of_its_own(begun: Entry) -> bool:
    """Return whether the name was made for this very create, so that nothing else has it."""
    return bool(inputs_of(begun).get(AUTONAMED_KEY))


def own_sandboxes(entries: Iterable[Entry]) -> set[str]:
    """Return the ids of the sandboxes that the stack's resources are or have."""
    return {id for each in entries if not each.get("external") for id in _sandboxes(each)}


async def parts(api: Api, resource: AnyResource, made: StoredResource) -> dict[str, float | None]:
    """Return what there is of the thing at the platform: each id with its time of creation."""
    if resource.name not in (POOL, IMAGE):
        return {made.id: parse_timestamp(made.state.get("createdAt"))}
    built = re.compile(re.escape(made.id) + rf"-[0-9a-f]{{{DIGEST_LENGTH}}}")
    there = await api.sandboxes.list(name=f"{made.id}-")
    return {
        each.id: parse_timestamp(each.created_at)
        for each in there
        if (is_member(made.id, each.name) if resource.name == POOL else built.fullmatch(each.name))
    }


def _sandboxes(entry: Entry) -> Iterator[str]:
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


def _before(begun: Entry, entries: Sequence[Entry]) -> list[float | None]:
    """The times of what the engine makes before it begins the create."""
    earlier = {begun.get("parent"), str(begun.get("provider") or "").rpartition("::")[0]}
    lists = [begun.get("dependencies"), *(begun.get("propertyDependencies") or {}).values()]
    needed = {urn for urns in lists for urn in urns or ()}
    first = [each for each in entries if each["type"] == STACK or each["urn"] in earlier | needed]
    return [
        *(_time(each, "created") for each in first),
        *(_time(each, "modified") for each in first if each["urn"] in needed),
    ]


def _text(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _time(entry: Entry, name: str) -> float | None:
    return parse_timestamp(entry.get(name))
