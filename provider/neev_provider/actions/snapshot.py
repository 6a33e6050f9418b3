"""The action that takes a snapshot of a sandbox."""

from __future__ import annotations

from typing_extensions import override

from neev_provider.client import Api
from neev_provider.core.action import Action
from neev_provider.core.model import Arguments
from neev_provider.core.names import Name
from neev_provider.core.resource import OperationContext
from neev_provider.resources.formats import Duration
from neev_provider.resources.references import require_existing
from neev_provider.resources.snapshot import SnapshotInputs, SnapshotResource


class SnapshotArguments(Arguments):
    """Snapshot to take."""

    sandbox_id: str
    """Id or name of the sandbox to capture."""
    name: Name | None = None
    """Name of the snapshot: a DNS label of at most 63 characters. Defaults to no name."""
    retain_for: Duration | None = None
    """Retention of the snapshot, such as `720h`. `0` means no limit. Defaults to no limit."""


class SnapshotAction(Action[SnapshotArguments]):
    """Takes a snapshot of a sandbox and waits until it is ready.

    No state has the snapshot: it stays until its retention ends, until the sandbox is deleted, or until somebody
    deletes it. For a snapshot that is managed, use the resource.
    """

    name = "snapshot"
    arguments = SnapshotArguments

    @override
    async def invoke(self, api: Api, arguments: SnapshotArguments, context: OperationContext) -> None:
        found = await require_existing(api.sandboxes.get(arguments.sandbox_id), api, arguments.sandbox_id)
        resource = SnapshotResource().connect(api)
        inputs = SnapshotInputs(sandbox_id=found.id, name=arguments.name, retain_for=arguments.retain_for)
        created = await resource.create(inputs, context)
        context.log(f"snapshot {created.id} is being taken")
        await resource.reconcile(created.id, inputs, context)
        context.log(f"snapshot {created.id} is ready")
