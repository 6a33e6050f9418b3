"""Look-ups of sandboxes and snapshots that need not be part of the stack."""

from __future__ import annotations

from typing import Any

from typing_extensions import override

from neev_provider.client import Api
from neev_provider.client.sandboxes import Sandbox as Seen
from neev_provider.core import suggestions
from neev_provider.core.errors import InputError
from neev_provider.core.function import Function
from neev_provider.core.model import Arguments, Outputs
from neev_provider.core.validation import drop_nulls
from neev_provider.functions.templates import IdOrNameArguments
from neev_provider.resources.lookups import none_if_not_found
from neev_provider.resources.references import missing_reference_error, require_existing
from neev_provider.resources.sandbox.base import inputs_from_api
from neev_provider.resources.sandbox.sandbox_fork import FullSandboxOutputs
from neev_provider.resources.snapshot import SnapshotOutputs


class SandboxInfo(FullSandboxOutputs):
    """A sandbox as it is now."""

    id: str
    """Its id."""
    name: str
    """Its name."""
    cpu: float | None = None
    """vCPUs."""
    memory_gb: int | None = None
    """Memory in GB."""
    replicas: int | None = None
    """1 where it runs, 0 where it is paused."""
    org_id: str
    """The organisation it belongs to."""
    project_id: str
    """The project it belongs to."""
    created_by: str | None = None
    """Who made it: a user's or an API key's id."""
    updated_at: str | None = None
    """When the platform last changed it (RFC 3339)."""


class GetSandboxesResult(Outputs):
    """Sandboxes of the project."""

    sandboxes: list[SandboxInfo]
    """In the API's order."""


class SnapshotInfo(SnapshotOutputs):
    """A snapshot as it is now."""

    id: str
    """Its id."""
    sandbox_id: str
    """The sandbox it was taken from."""
    name: str | None = None
    """Its name, where it has one."""


class GetSnapshotsResult(Outputs):
    """Snapshots of a sandbox."""

    snapshots: list[SnapshotInfo]
    """In the API's order."""


class SandboxFilter(Arguments):
    """Which sandboxes."""

    name_contains: str | None = None
    """Only those whose name contains this, upper and lower case alike."""
    phase: str | None = None
    """Only those in this phase, such as `Ready` or `Paused`."""


class IdArguments(Arguments):
    """Which one."""

    id: str
    """Its id."""


class SandboxIdArguments(Arguments):
    """Of which sandbox."""

    sandbox_id: str
    """The sandbox, by id or by name."""


class GetSandbox(Function[IdOrNameArguments, SandboxInfo]):
    """The sandbox with this id or exact name; none is an error."""

    name = "getSandbox"
    arguments = IdOrNameArguments
    result = SandboxInfo

    @override
    async def call(self, api: Api, arguments: IdOrNameArguments) -> SandboxInfo:
        if arguments.id is None:
            seen = await api.sandboxes.find(arguments.name or "")
            path, wanted = "name", arguments.name
        else:
            seen = await none_if_not_found(api.sandboxes.get(arguments.id))
            path, wanted = "id", arguments.id
        if seen is None:
            names = [each.name for each in await api.sandboxes.list()] if path == "name" else []
            hint = suggestions.format_suggestion(wanted or "", names)
            raise InputError(path, f"no sandbox of the project has the {path} {wanted!r}{hint}")
        return _to_sandbox_info(seen)


class GetSandboxes(Function[SandboxFilter, GetSandboxesResult]):
    """The sandboxes of the project, every page of them."""

    name = "getSandboxes"
    arguments = SandboxFilter
    result = GetSandboxesResult

    @override
    async def call(self, api: Api, arguments: SandboxFilter) -> GetSandboxesResult:
        seen = await api.sandboxes.list(name=arguments.name_contains, status=arguments.phase)
        return GetSandboxesResult(sandboxes=[_to_sandbox_info(each) for each in seen])


class GetSnapshot(Function[IdArguments, SnapshotInfo]):
    """The snapshot with this id; none is an error."""

    name = "getSnapshot"
    arguments = IdArguments
    result = SnapshotInfo

    @override
    async def call(self, api: Api, arguments: IdArguments) -> SnapshotInfo:
        seen = await none_if_not_found(api.snapshots.get(arguments.id))
        if seen is None:
            raise InputError("id", f"no snapshot of the project has the id {arguments.id!r}")
        return SnapshotInfo.model_validate(seen.model_dump())


class GetSnapshots(Function[SandboxIdArguments, GetSnapshotsResult]):
    """The snapshots of one sandbox, every page of them."""

    name = "getSnapshots"
    arguments = SandboxIdArguments
    result = GetSnapshotsResult

    @override
    async def call(self, api: Api, arguments: SandboxIdArguments) -> GetSnapshotsResult:
        id = arguments.sandbox_id
        seen = await require_existing(api.snapshots.list(id), missing_reference_error(api, "sandboxId", "sandbox", id))
        return GetSnapshotsResult.model_validate({"snapshots": [each.model_dump() for each in seen]})


def _to_sandbox_info(sandbox: Seen) -> SandboxInfo:
    values: dict[str, Any] = sandbox.model_dump() | inputs_from_api(sandbox)
    return SandboxInfo.model_validate(drop_nulls(values))
