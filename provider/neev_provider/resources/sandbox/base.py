"""Base of sandboxes and forks: updatable inputs, outputs and operations."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Self, TypeVar, cast

from pydantic import Field
from typing_extensions import override

from neev_provider.client import Api
from neev_provider.client.models import convert_response
from neev_provider.client.sandboxes import Sandbox, Sandboxes
from neev_provider.client.settings import mcp_url
from neev_provider.core.labels import explicit_labels
from neev_provider.core.markers import Computed, Derived, Stable, Update
from neev_provider.core.model import Boolean, Integer, Model, Number, Outputs
from neev_provider.core.resource import Observation, OperationContext
from neev_provider.core.wait import Done, Failed, InProgress, WaitStatus
from neev_provider.resources import egress
from neev_provider.resources.lookups import REFRESH_BATCH_DELAY, none_if_not_found
from neev_provider.resources.pausable import (
    PAUSED,
    PAUSING,
    POWER_INPUTS,
    READY,
    PausableInputs,
    PausableResource,
    RollbackInputs,
)
from neev_provider.resources.sandbox import expiration
from neev_provider.resources.sandbox.expiration import (
    EFFECTIVE_LIFETIME_PROPERTY,
    EXPIRATION_INPUTS,
    ExpirationInputs,
    RenewableInputs,
)

MCP_SANDBOX_HEADER = "x-sandbox-name"
PENDING, RESTORE_FAILED = "Pending", "RestoreFailed"
PHASE_PROBLEMS = {
    PENDING: "it is not ready yet; the next update waits for it",
    RESTORE_FAILED: "the last rollback failed: roll back again, or replace it",
}


class UpdatableInputs(ExpirationInputs, PausableInputs):
    """Inputs of sandboxes and pools that are updated in place."""

    cpu: Annotated[Number | None, Field(ge=0.5, le=8, multiple_of=0.5), Update(), Computed()] = None
    """Number of vCPUs, changed without a restart. Allowed: `0.5` to `8` in steps of `0.5`."""
    memory_gb: Annotated[Integer | None, Field(ge=1, le=16), Update(), Computed()] = None
    """Memory in GB, changed without a restart. Allowed: `1` to `16`."""
    paused: Annotated[Boolean | None, Update()] = None
    """Whether the sandbox is paused.

    If unset, the sandbox starts running and the provider does not change its power state. If the sandbox is paused by
    its idle timeout, this is not drift.
    """
    resume_idle_paused: Annotated[Boolean | None, Update()] = None
    """Whether an update resumes a sandbox that was paused by its idle timeout.

    Has an effect only if `paused` is `false`.
    """


class SandboxBaseInputs(UpdatableInputs, RenewableInputs, RollbackInputs):
    """Inputs of sandboxes and forks that are updated in place."""


class LastCrash(Model):
    """Reason and time of a sandbox's last crash."""

    reason: str
    """Reason of the crash, such as `OOMKilled`."""
    at: str | None = None
    """Time when the crash was detected (RFC 3339)."""
    storage_reset: bool | None = None
    """Whether the sandbox restarted with an empty file system."""


class SandboxBaseOutputs(Outputs):
    """Outputs of sandboxes and forks."""

    phase: str
    """Phase: `Ready`, `Paused`, `Pending`, `Pausing`, `Resuming`, `NotReady`, `RestoreFailed` or `Unknown`."""
    addressable: Annotated[bool | None, Stable(unless=POWER_INPUTS)] = None
    """Whether the sandbox is reachable. It is not for a short time after creation."""
    effective_labels: Annotated[dict[str, str] | None, Derived(frozenset({"labels"})), Stable()] = None
    """All labels, also the default labels and those that name the owner. Absent if the API has no labels."""
    connect_url: Annotated[str | None, Stable()] = None
    """Base URL for commands and files. Access requires an API key."""
    mcp_url: Annotated[str | None, Stable()] = None
    """URL of the hosted MCP server (streamable HTTP), for MCP clients. Access requires an API key.

    Absent if `baseUrl` is not the hosted API.
    """
    mcp_headers: Annotated[dict[str, str] | None, Stable()] = None
    """Headers that select this sandbox at `mcpUrl`, without the API key. Absent if `mcpUrl` is."""
    created_at: Annotated[str, Stable()]
    """Time of creation (RFC 3339)."""
    idle_expires_at: Annotated[str | None, Stable(unless=(*EXPIRATION_INPUTS, *POWER_INPUTS))] = None
    """Time when the idle timeout ends if there is no further activity (RFC 3339). Absent without an idle timeout."""
    hard_expires_at: Annotated[str | None, Stable(unless=(*EXPIRATION_INPUTS, *POWER_INPUTS))] = None
    """Time when the maximum lifetime ends (RFC 3339). Absent without a maximum lifetime."""
    last_crash: Annotated[LastCrash | None, Stable(unless=POWER_INPUTS)] = None
    """Last crash. Absent if the sandbox never crashed."""


InputsT = TypeVar("InputsT", bound=SandboxBaseInputs)
OutputsT = TypeVar("OutputsT", bound=SandboxBaseOutputs)


class SandboxBase(PausableResource[Sandbox, InputsT, OutputsT]):
    """Operations of sandboxes and forks. Subclasses implement the creation."""

    base_url = ""
    """Base URL of the API; empty before ``connect``."""

    @override
    def connect(self, api: Api) -> Self:
        connected = super().connect(api)
        connected.base_url = api.settings.base_url
        return connected

    @property
    @override
    def collection(self) -> Sandboxes:
        return self.api.sandboxes

    @override
    def is_paused(self, item: Sandbox) -> bool:
        return _is_paused(item)

    @override
    def classify_phase(self, item: Sandbox, target_phases: tuple[str, ...]) -> WaitStatus:
        return classify_phase(item, target_phases)

    @override
    async def is_left_paused(self, item: Sandbox, inputs: InputsT) -> bool:
        return _is_left_paused(item, inputs)

    @override
    def note_inputs(self, id: str, raw_inputs: Mapping[str, Any], state: Mapping[str, Any]) -> None:
        egress.note_policy(id, raw_inputs)

    @override
    async def reconcile(self, id: str, inputs: InputsT, context: OperationContext) -> Observation[OutputsT]:
        return await self.apply(await self.wait_for_phase(id, context), inputs, context)

    @override
    async def read(self, id: str, inputs: InputsT | None) -> Observation[OutputsT] | None:
        # an import may pass the name; only the request for a single sandbox accepts names
        sandbox = await (
            none_if_not_found(self.api.sandboxes.get(id))
            if inputs is None
            else self.api.sandboxes.observe_recent(id, REFRESH_BATCH_DELAY)
        )
        return None if sandbox is None else self.to_observation(sandbox, inputs)

    @override
    async def refresh(self, id: str, inputs: InputsT, state: Mapping[str, Any]) -> Observation[OutputsT] | None:
        sandbox = await self.api.sandboxes.observe_recent(id, REFRESH_BATCH_DELAY)
        return (
            None
            if sandbox is None
            else self.to_observation(sandbox, inputs, renewed_lifetime=state.get(EFFECTIVE_LIFETIME_PROPERTY))
        )

    @override
    async def update(
        self, id: str, old_inputs: InputsT, new_inputs: InputsT, context: OperationContext
    ) -> Observation[OutputsT]:
        await self.apply_rollback(id, new_inputs, old_inputs)
        return await self.apply(await self.wait_for_phase(id, context), new_inputs, context, old_inputs=old_inputs)

    async def apply(
        self, sandbox: Sandbox, inputs: InputsT, context: OperationContext, old_inputs: InputsT | None = None
    ) -> Observation[OutputsT]:
        """Apply size, egress, expiration and `paused` to a ready or paused sandbox. Send only values that differ."""
        sandbox = await _apply_size_and_egress(self.api, sandbox, inputs, old_inputs)
        sandbox = await expiration.apply(self.api, sandbox, inputs, context, old_inputs)
        if expiration.is_renewal(inputs, old_inputs) and sandbox.phase == READY and sandbox.idle_expires_at is not None:
            sandbox = await self.api.sandboxes.keepalive(sandbox.id)
        sandbox = await self.apply_power(sandbox, inputs, context, old_inputs)
        return self.to_observation(sandbox, inputs, renewed_lifetime=sandbox.max_lifetime_seconds)

    def to_observation(
        self, sandbox: Sandbox, inputs: InputsT | None, *, renewed_lifetime: int | None = None
    ) -> Observation[OutputsT]:
        """Convert the sandbox to an observation. ``renewed_lifetime`` is the lifetime set by a renewal, in seconds."""
        observed_inputs = inputs_from_api(sandbox)
        if sandbox.labels is not None and "labels" in self.inputs.properties:
            explicit = None if inputs is None else getattr(inputs, "labels", None) or {}
            observed_inputs["labels"] = explicit_labels(explicit, sandbox.labels)
        if inputs is not None and inputs.paused is not None:
            is_accepted = not inputs.paused and _is_left_paused(sandbox, inputs)
            observed_inputs["paused"] = _is_paused(sandbox) and not is_accepted
        if (
            inputs is not None
            and expiration.effective_lifetime(sandbox, inputs, renewed_lifetime) != sandbox.max_lifetime_seconds
        ):
            observed_inputs |= {
                "maxLifetimeSeconds": inputs.max_lifetime_seconds,
                EFFECTIVE_LIFETIME_PROPERTY: sandbox.max_lifetime_seconds,
            }
        values = sandbox.model_dump() | observed_inputs | derived_outputs(self.base_url, sandbox)
        outputs = cast("OutputsT", convert_response(self.outputs, values))
        return Observation(sandbox.id, observed_inputs, outputs, PHASE_PROBLEMS.get(sandbox.phase))


def inputs_from_api(sandbox: Sandbox) -> dict[str, Any]:
    """Return the inputs that the API reports, by their camelCase names."""
    resources = sandbox.resources
    return {
        "name": sandbox.name,
        "region": sandbox.region,
        "image": sandbox.image,
        "templateId": sandbox.sandbox_template_id,
        "command": None if sandbox.command is None else list(sandbox.command),
        "cpu": resources.cpu if resources else None,
        "memoryGb": resources.memory_gb if resources else None,
        "diskGb": resources.disk_gb if resources else None,
        "rootfsDiskGb": resources.rootfs_disk_gb if resources else None,
        "egress": egress.from_api(sandbox.egress),
        "idleTimeoutSeconds": sandbox.idle_timeout_seconds,
        "maxLifetimeSeconds": sandbox.max_lifetime_seconds,
        "pausedRetentionSeconds": sandbox.paused_retention_seconds,
        "onIdle": sandbox.on_idle,
    }


def derived_outputs(base_url: str, sandbox: Sandbox) -> dict[str, Any]:
    """Return the outputs that the API reports under other names or not at all, by their camelCase names."""
    url = mcp_url(base_url, sandbox.region) if sandbox.region else None
    mcp = {} if url is None else {"mcpUrl": url, "mcpHeaders": {MCP_SANDBOX_HEADER: sandbox.name}}
    return {"effectiveLabels": sandbox.labels, **mcp}


def was_paused_when_idle(sandbox: Sandbox) -> bool:
    """Return whether the API paused the sandbox because its idle timeout or maximum lifetime had expired.

    The API does not report who paused a sandbox. A pause before the expiration was requested by a user.
    """
    if not _is_paused(sandbox) or sandbox.updated_at is None:
        return False
    expirations = [
        expiration_time
        for expiration_time in (sandbox.idle_expires_at, sandbox.hard_expires_at)
        if expiration_time is not None
    ]
    return any(
        datetime.fromisoformat(expiration_time) <= datetime.fromisoformat(sandbox.updated_at)
        for expiration_time in expirations
    )


def _is_paused(sandbox: Sandbox) -> bool:
    return sandbox.phase in (PAUSED, PAUSING)


def _is_left_paused(sandbox: Sandbox, inputs: SandboxBaseInputs) -> bool:
    return not inputs.resume_idle_paused and was_paused_when_idle(sandbox)


def classify_phase(sandbox: Sandbox, target_phases: tuple[str, ...]) -> WaitStatus:
    """Return whether the sandbox is in a target phase. A running sandbox must also be reachable."""
    if sandbox.phase == RESTORE_FAILED:
        return Failed("the API could not restore the snapshot (phase RestoreFailed)")
    if sandbox.phase not in target_phases:
        return InProgress(sandbox.phase)
    return InProgress("Ready, not yet addressable") if sandbox.phase == READY and not is_ready(sandbox) else Done()


def is_ready(sandbox: Sandbox | SandboxBaseOutputs) -> bool:
    """Return whether the sandbox is running and reachable."""
    # older APIs do not report whether a sandbox is addressable; then the phase alone decides
    return sandbox.phase == READY and sandbox.addressable is not False


async def _apply_size_and_egress(
    api: Api, sandbox: Sandbox, inputs: SandboxBaseInputs, old_inputs: SandboxBaseInputs | None
) -> Sandbox:
    current = inputs_from_api(sandbox)
    desired = {"cpu": (inputs.cpu, current["cpu"]), "memory_gb": (inputs.memory_gb, current["memoryGb"])}
    size = {
        field: value
        for field, (value, current_value) in desired.items()
        if value is not None and value != current_value
    }
    body: dict[str, Any] = {"resources": size} if size else {}
    if policy := egress.policy_to_apply(sandbox.egress, inputs, old_inputs):
        body["egress"] = egress.to_api(policy)
    return await api.sandboxes.patch(sandbox.id, body) if body else sandbox
