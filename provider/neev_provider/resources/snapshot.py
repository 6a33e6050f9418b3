"""A snapshot: the stored state of a sandbox at one moment."""

from __future__ import annotations

import contextlib
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any

from typing_extensions import override

from neev_provider.client import Api
from neev_provider.client.models import convert_response
from neev_provider.client.snapshots import Snapshot
from neev_provider.core.labels import Owner
from neev_provider.core.markers import AutoName, Computed, Replace, Stable
from neev_provider.core.model import Inputs, Outputs
from neev_provider.core.names import Name
from neev_provider.core.resource import Observation, OperationContext, Resource
from neev_provider.core.wait import Done, Failed, InProgress, WaitStatus, wait_until
from neev_provider.resources.formats import Duration
from neev_provider.resources.lookups import REFRESH_BATCH_DELAY, none_if_not_found
from neev_provider.resources.references import require_sandbox


class SnapshotInputs(Inputs):
    """Inputs of a snapshot."""

    sandbox_id: Annotated[str, Replace(), Computed()]
    """Id of the sandbox to capture. Deleting the sandbox deletes the snapshot too."""
    name: Annotated[Name | None, Replace(), Computed(), AutoName()] = None
    """Name of the snapshot: a DNS label of at most 63 characters.

    Defaults to a generated name.
    """
    retain_for: Annotated[Duration | None, Replace()] = None
    """Retention of the snapshot, such as `720h`. `0` means no limit. Defaults to no limit.

    Not every version of the API supports it. If the API reports no `expiresAt`, the provider warns and the snapshot
    stays until it is deleted.
    """
    triggers: Annotated[list[Any] | None, Replace()] = None
    """Arbitrary values. If one changes, the resource is replaced by a new snapshot."""


class SnapshotStatus(StrEnum):
    """Status of a snapshot."""

    PENDING = "Pending"
    """The capture has not started."""
    RUNNING = "Running"
    """The capture is in progress."""
    READY = "Ready"
    """The snapshot can be restored."""
    FAILED = "Failed"
    """The capture failed. `errorMessage` has the reason."""


class SnapshotOutputs(Outputs):
    """Outputs of a snapshot."""

    status: str
    """Status: `Pending`, `Running`, `Ready` or `Failed`."""
    size_bytes: Annotated[int | None, Stable()] = None
    """Uncompressed size in bytes."""
    snapshot_type: Annotated[str, Stable()]
    """Type of the snapshot: `full`."""
    source_region: Annotated[str, Stable()]
    """Region of the snapshot. Sandboxes created from it must be in the same region."""
    restorability: str
    """Restorability: `restorable`, `deprecating` or `unsupported`."""
    build_descriptor: Annotated[dict[str, Any] | None, Stable()] = None
    """Configuration of the sandbox when it was captured. Absent if the API did not record it."""
    error_message: str | None = None
    """Reason of a failed capture. Absent if the capture did not fail."""
    org_id: Annotated[str, Stable()]
    """Id of the organization."""
    project_id: Annotated[str, Stable()]
    """Id of the project."""
    created_by: Annotated[str | None, Stable()] = None
    """Id of the user or API key that created the snapshot."""
    created_at: Annotated[str, Stable()]
    """Time of creation (RFC 3339)."""
    expires_at: Annotated[str | None, Stable()] = None
    """Time when the API deletes the snapshot (RFC 3339). Absent if it has no retention limit."""


class SnapshotResource(Resource[Api, SnapshotInputs, SnapshotOutputs]):
    """The state of a sandbox at one moment.

    A sandbox can be created from it (`snapshotId`) or rolled back to it (`rollbackToSnapshotId`). The output
    `expiresAt` is the time when the API deletes it.
    """

    name = "Snapshot"
    inputs = SnapshotInputs
    outputs = SnapshotOutputs
    references = MappingProxyType({"sandbox_id": require_sandbox})
    parent = "sandboxId"
    failed_status = ("status", SnapshotStatus.FAILED)

    @override
    async def create(self, inputs: SnapshotInputs, context: OperationContext) -> Observation[SnapshotOutputs]:
        snapshot = await self.api.snapshots.create(inputs.sandbox_id, name=inputs.name, retain_for=inputs.retain_for)
        with contextlib.suppress(Exception):  # whatever is wrong with the response, the object exists
            return _to_observation(snapshot)
        return self.observe_id(snapshot.id)

    @override
    async def reconcile(
        self, id: str, inputs: SnapshotInputs, context: OperationContext
    ) -> Observation[SnapshotOutputs]:
        snapshot = await wait_until(
            lambda max_delay: self.api.snapshots.observe(id, inputs.sandbox_id, max_delay),
            _classify_status,
            deadline=context.deadline,
            action="waiting until it is Ready",
        )
        if inputs.retain_for not in (None, "0") and snapshot.expires_at is None:
            context.warn(f"snapshot {id} does not expire: the API accepted `retainFor` and reports no `expiresAt`")
        return _to_observation(snapshot)

    @override
    async def read(self, id: str, inputs: SnapshotInputs | None) -> Observation[SnapshotOutputs] | None:
        if inputs is None:
            snapshot = await none_if_not_found(self.api.snapshots.get(id))
        else:
            snapshot = await self.api.snapshots.observe(id, inputs.sandbox_id, REFRESH_BATCH_DELAY)
        return None if snapshot is None else _to_observation(snapshot)

    @override
    async def find_created(
        self, inputs: SnapshotInputs, owner: Owner | None = None
    ) -> Observation[SnapshotOutputs] | None:
        matches = [
            snapshot
            for snapshot in await none_if_not_found(self.api.snapshots.list(inputs.sandbox_id)) or ()
            if snapshot.name == inputs.name
        ]
        # if several snapshots have the name, the one that the create made is unknown
        return _to_observation(matches[0]) if len(matches) == 1 else None

    @override
    async def delete(self, id: str, context: OperationContext) -> None:
        await self.api.snapshots.delete(id)


def _to_observation(snapshot: Snapshot) -> Observation[SnapshotOutputs]:
    inputs = {"sandboxId": snapshot.sandbox_id, "name": snapshot.name}
    return Observation(
        snapshot.id, inputs, convert_response(SnapshotOutputs, snapshot.model_dump()), _problem(snapshot)
    )


def _problem(snapshot: Snapshot) -> str | None:
    if snapshot.status == SnapshotStatus.FAILED:
        return snapshot.error_message or "the capture failed"
    unfinished = snapshot.status in (SnapshotStatus.PENDING, SnapshotStatus.RUNNING)
    return "the capture has not finished yet; the next update waits for it" if unfinished else None


def _classify_status(snapshot: Snapshot) -> WaitStatus:
    if snapshot.status == SnapshotStatus.FAILED:
        return Failed(snapshot.error_message or "the capture failed; the API gave no reason")
    return Done() if snapshot.status == SnapshotStatus.READY else InProgress(snapshot.status)
