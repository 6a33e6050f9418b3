"""Data functions for sandboxes and snapshots, in the state or not."""

from __future__ import annotations

from typing import Any

from typing_extensions import override

from neev_provider.client import Api
from neev_provider.client.models import convert_response
from neev_provider.client.sandboxes import Sandbox
from neev_provider.core.errors import InputError
from neev_provider.core.function import Function
from neev_provider.core.model import Arguments, Outputs
from neev_provider.core.validation import drop_nulls
from neev_provider.functions.arguments import IdOrNameArguments, find_by_id_or_name
from neev_provider.resources.egress import Egress
from neev_provider.resources.lookups import none_if_not_found
from neev_provider.resources.references import require_existing
from neev_provider.resources.sandbox.base import derived_outputs, inputs_from_api
from neev_provider.resources.sandbox.sandbox_fork import FullSandboxOutputs
from neev_provider.resources.snapshot import SnapshotOutputs


class SandboxInfo(FullSandboxOutputs):
    """Current properties of a sandbox."""

    id: str
    """Id of the sandbox."""
    name: str
    """Name of the sandbox."""
    cpu: float | None = None
    """Number of vCPUs."""
    memory_gb: int | None = None
    """Memory in GB."""
    egress: Egress
    """Egress policy."""
    idle_timeout_seconds: int | None = None
    """Time without activity after which `onIdle` applies, in seconds. Absent if the account's setting applies."""
    max_lifetime_seconds: int | None = None
    """Maximum lifetime, in seconds. `0` means no limit. Absent if the account's setting applies."""
    paused_retention_seconds: int | None = None
    """Retention of a paused sandbox, in seconds. `0` means no limit. Absent if the account's setting applies."""
    on_idle: str | None = None
    """Action when the idle timeout ends: `pause` or `delete`."""
    org_id: str
    """Id of the organization."""
    project_id: str
    """Id of the project."""
    created_by: str | None = None
    """Id of the user or API key that created the sandbox."""
    updated_at: str | None = None
    """Time of the last update (RFC 3339)."""


class GetSandboxesResult(Outputs):
    """Sandboxes of the project."""

    sandboxes: list[SandboxInfo]
    """Matching sandboxes, in the order of the API."""


class SnapshotInfo(SnapshotOutputs):
    """Current properties of a snapshot."""

    id: str
    """Id of the snapshot."""
    sandbox_id: str
    """Id of the captured sandbox."""
    name: str | None = None
    """Name of the snapshot. Absent if it has none."""


class GetSnapshotsResult(Outputs):
    """Snapshots of a sandbox."""

    snapshots: list[SnapshotInfo]
    """Snapshots, in the order of the API."""


class SandboxFilter(Arguments):
    """Filter of the listed sandboxes."""

    name_contains: str | None = None
    """Substring of the name, case-insensitive. Defaults to no filter."""
    phase: str | None = None
    """Phase, such as `Ready` or `Paused`. Defaults to no filter."""
    labels: dict[str, str] | None = None
    """Labels that the sandboxes have, with these values. Defaults to no filter."""


class IdArguments(Arguments):
    """Id of the object to return."""

    id: str
    """Id of the object."""


class SandboxIdArguments(Arguments):
    """Sandbox whose objects are listed."""

    sandbox_id: str
    """Id or name of the sandbox."""


class GetSandbox(Function[IdOrNameArguments, SandboxInfo]):
    """Returns the sandbox with the given id or exact name. Fails if there is none."""

    name = "getSandbox"
    looks_up = ("Sandbox", "SandboxFork")
    arguments = IdOrNameArguments
    result = SandboxInfo

    @override
    async def call(self, api: Api, arguments: IdOrNameArguments) -> SandboxInfo:
        return _to_sandbox_info(api, await find_by_id_or_name(api.sandboxes, arguments))


class GetSandboxes(Function[SandboxFilter, GetSandboxesResult]):
    """Returns the sandboxes of the project, including all pages of the API's list."""

    name = "getSandboxes"
    lists = ("Sandbox", "SandboxFork")
    arguments = SandboxFilter
    result = GetSandboxesResult

    @override
    async def call(self, api: Api, arguments: SandboxFilter) -> GetSandboxesResult:
        observed = await api.sandboxes.list(
            name=arguments.name_contains, status=arguments.phase, labels=arguments.labels
        )
        return GetSandboxesResult(sandboxes=[_to_sandbox_info(api, item) for item in observed])


class GetSnapshot(Function[IdArguments, SnapshotInfo]):
    """Returns the snapshot with the given id. Fails if there is none."""

    name = "getSnapshot"
    looks_up = ("Snapshot",)
    arguments = IdArguments
    result = SnapshotInfo

    @override
    async def call(self, api: Api, arguments: IdArguments) -> SnapshotInfo:
        observed = await none_if_not_found(api.snapshots.get(arguments.id))
        if observed is None:
            raise InputError("id", f"no snapshot of the project has the id {arguments.id!r}")
        return convert_response(SnapshotInfo, observed.model_dump())


class GetSnapshots(Function[SandboxIdArguments, GetSnapshotsResult]):
    """Returns the snapshots of one sandbox, including all pages of the API's list."""

    name = "getSnapshots"
    lists = ("Snapshot",)
    arguments = SandboxIdArguments
    result = GetSnapshotsResult

    @override
    async def call(self, api: Api, arguments: SandboxIdArguments) -> GetSnapshotsResult:
        id = arguments.sandbox_id
        observed = await require_existing(api.snapshots.list(id), api, id)
        return convert_response(GetSnapshotsResult, {"snapshots": [item.model_dump() for item in observed]})


def _to_sandbox_info(api: Api, sandbox: Sandbox) -> SandboxInfo:
    values: dict[str, Any] = (
        sandbox.model_dump() | inputs_from_api(sandbox) | derived_outputs(api.settings.base_url, sandbox)
    )
    return convert_response(SandboxInfo, drop_nulls(values))
