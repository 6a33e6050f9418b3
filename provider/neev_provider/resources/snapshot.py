"""A snapshot: the state of a sandbox at one moment, kept."""

from __future__ import annotations

import contextlib
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any

from typing_extensions import override

from neev_provider.client import Api
from neev_provider.client.snapshots import Snapshot as Seen
from neev_provider.core.hints import Hint
from neev_provider.core.markers import AutoName, Computed, Replace, Stable
from neev_provider.core.model import Inputs, Outputs
from neev_provider.core.names import Name
from neev_provider.core.resource import Observation, OperationContext, Resource
from neev_provider.core.wait import Done, Failed, InProgress, WaitStatus, wait_until
from neev_provider.resources.formats import Duration
from neev_provider.resources.lookups import REFRESH_BATCH_DELAY, none_if_not_found
from neev_provider.resources.references import require_sandbox


class SnapshotInputs(Inputs):
    """Which sandbox is captured, and for how long that is kept."""

    sandbox_id: Annotated[str, Replace(), Computed()]
    """The sandbox that is captured, by id. Deleting it deletes the snapshot too."""
    name: Annotated[Name | None, Replace(), Computed(), AutoName()] = None
    """A DNS label of at most 63 characters. Unset: made from the resource's name."""
    retain_for: Annotated[Duration | None, Replace()] = None
    """How long the platform keeps it, such as `720h`. Unset or `0`: until it is deleted."""
    triggers: Annotated[list[Any] | None, Replace()] = None
    """Any values; a change of one of them takes a new snapshot."""


class SnapshotStatus(StrEnum):
    """How far the capture has come."""

    PENDING = "Pending"
    """Not begun."""
    RUNNING = "Running"
    """Under way."""
    READY = "Ready"
    """It can be restored."""
    FAILED = "Failed"
    """It never will; `errorMessage` says why."""


class SnapshotOutputs(Outputs):
    """What the platform says of a snapshot."""

    status: str
    """`Pending`, `Running`, `Ready` or `Failed`."""
    size_bytes: Annotated[int | None, Stable()] = None
    """Uncompressed size in bytes."""
    snapshot_type: Annotated[str, Stable()]
    """What it holds: `full`."""
    source_region: Annotated[str, Stable()]
    """The region where it is stored; a sandbox made from it must be there too."""
    restorability: str
    """Whether it can be restored: `restorable`, `deprecating` or `unsupported`."""
    error_message: str | None = None
    """Why the capture failed, where it did."""
    org_id: Annotated[str, Stable()]
    """The organisation it belongs to."""
    project_id: Annotated[str, Stable()]
    """The project it belongs to."""
    created_by: Annotated[str | None, Stable()] = None
    """Who made it."""
    created_at: Annotated[str, Stable()]
    """When it was made (RFC 3339)."""
    expires_at: Annotated[str | None, Stable()] = None
    """When the platform deletes it (RFC 3339); absent where it is kept."""


class SnapshotResource(Resource[Api, SnapshotInputs, SnapshotOutputs]):
    """The state of a sandbox at one moment, kept until it is deleted or its time is over.

    A sandbox can be made from it (`snapshotId`) or put back to it (`rollbackToSnapshotId`).
    """

    name = "Snapshot"
    inputs = SnapshotInputs
    outputs = SnapshotOutputs
    references = MappingProxyType({"sandbox_id": require_sandbox})
    parent = "sandboxId"
    failed_status = ("status", SnapshotStatus.FAILED)

    @override
    async def create(self, inputs: SnapshotInputs, context: OperationContext) -> Observation[SnapshotOutputs]:
        seen = await self.api.snapshots.create(inputs.sandbox_id, name=inputs.name, retain_for=inputs.retain_for)
        with contextlib.suppress(Exception):  # whatever is wrong with the response, the object exists
            return _to_observation(seen)
        return self.observe_id(seen.id)

    @override
    async def reconcile(
        self, id: str, inputs: SnapshotInputs, context: OperationContext
    ) -> Observation[SnapshotOutputs]:
        seen = await wait_until(
            lambda within: self.api.snapshots.observe(id, inputs.sandbox_id, within),
            _classify_status,
            deadline=context.deadline,
            action="waiting until it is Ready",
        )
        if seen is None:
            raise AssertionError("a snapshot that is gone is not ready")
        return _to_observation(seen)

    @override
    async def read(self, id: str, inputs: SnapshotInputs | None) -> Observation[SnapshotOutputs] | None:
        if inputs is None:
            seen = await none_if_not_found(self.api.snapshots.get(id))
        else:
            seen = await self.api.snapshots.observe(id, inputs.sandbox_id, REFRESH_BATCH_DELAY)
        return None if seen is None else _to_observation(seen)

    @override
    async def find_created(self, inputs: SnapshotInputs) -> Observation[SnapshotOutputs] | None:
        named = [
            each
            for each in await none_if_not_found(self.api.snapshots.list(inputs.sandbox_id)) or ()
            if each.name == inputs.name
        ]
        # a name that several have does not say which of them was made by whom
        return _to_observation(named[0]) if len(named) == 1 else None

    @override
    async def delete(self, id: str, context: OperationContext) -> None:
        await self.api.snapshots.delete(id)


def _to_observation(snapshot: Seen) -> Observation[SnapshotOutputs]:
    answered = {"sandboxId": snapshot.sandbox_id, "name": snapshot.name}
    return Observation(snapshot.id, answered, SnapshotOutputs.model_validate(snapshot.model_dump()), _problem(snapshot))


def _problem(snapshot: Seen) -> str | None:
    if snapshot.status == SnapshotStatus.FAILED:
        return snapshot.error_message or "the capture failed"
    unfinished = snapshot.status in (SnapshotStatus.PENDING, SnapshotStatus.RUNNING)
    return "the capture has not finished yet; the next update waits for it" if unfinished else None


def _classify_status(snapshot: Seen | None) -> WaitStatus:
    if snapshot is None:
        return Failed("it is gone: it was deleted, or its sandbox was", hint=Hint.RECREATE)
    if snapshot.status == SnapshotStatus.FAILED:
        return Failed(snapshot.error_message or "the capture failed and the platform gave no reason")
    return Done() if snapshot.status == SnapshotStatus.READY else InProgress(snapshot.status)
