"""Expiration of a sandbox (idle timeout, maximum lifetime and retention), and its renewal."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from neev_provider.client import Api
from neev_provider.client.sandboxes import Sandbox
from neev_provider.core.markers import Computed, Stable, Update
from neev_provider.core.model import Integer, Outputs
from neev_provider.core.resource import OperationContext
from neev_provider.resources.egress import EgressInputs

Seconds = Annotated[Integer, Field(ge=0)]
EXPIRATION_FIELDS = {"idle_timeout_seconds", "max_lifetime_seconds", "paused_retention_seconds", "on_idle"}
LIFETIME_INPUTS = ("maxLifetimeSeconds", "renewTrigger")
EXPIRATION_INPUTS = ("idleTimeoutSeconds", "onIdle", "pausedRetentionSeconds", *LIFETIME_INPUTS)
"""Inputs (camelCase) whose changes may move the times of expiration."""
EFFECTIVE_LIFETIME_PROPERTY = "effectiveLifetimeSeconds"
"""Output with the maximum lifetime that a renewal set, in seconds since the creation."""


class OnIdle(StrEnum):
    """Action when the idle timeout of a sandbox ends."""

    PAUSE = "pause"
    """Pause the sandbox. Its files are retained."""
    DELETE = "delete"
    """Delete the sandbox with all its snapshots."""


class ExpirationInputs(EgressInputs):
    """Idle timeout, maximum lifetime and retention of a sandbox."""

    idle_timeout_seconds: Annotated[Seconds | None, Update(), Computed()] = None
    """Time without activity after which `onIdle` applies, in seconds. `0` disables the timeout.

    Defaults to the account's setting. If the input is removed, the current value stays.
    """
    max_lifetime_seconds: Annotated[Seconds | None, Update(), Computed(changes_with=("renewTrigger",))] = None
    """Maximum lifetime since creation or the last renewal, in seconds. `0` means no limit.

    When it ends, the sandbox is stopped, even if it is in use. Defaults to the account's setting. If the input is
    removed, the current value stays.
    """
    paused_retention_seconds: Annotated[Seconds | None, Update(), Computed()] = None
    """Retention of a paused sandbox, in seconds. `0` means it is never deleted.

    Defaults to the account's setting. If the input is removed, the current value stays.
    """
    on_idle: Annotated[OnIdle | None, Update(), Computed()] = None
    """Action when the idle timeout ends: `pause` or `delete`. Defaults to `pause`."""


class RenewableInputs(ExpirationInputs):
    """Inputs of sandboxes whose expiration can be renewed."""

    renew_trigger: Annotated[str | None, Update()] = None
    """Arbitrary text, such as a commit or the id of a CI run. Changing it renews the sandbox.

    A renewal restarts the idle timeout. It also restarts the maximum lifetime if `maxLifetimeSeconds` is set. If the
    trigger is set when the sandbox is created, no renewal happens.
    """


class RenewalOutputs(Outputs):
    """Outputs of sandboxes whose expiration can be renewed."""

    effective_lifetime_seconds: Annotated[int | None, Stable(unless=LIFETIME_INPUTS)] = None
    """Maximum lifetime since creation that the last renewal set at the API, in seconds."""


def to_api(inputs: ExpirationInputs) -> dict[str, Any]:
    """Convert the expiration inputs that are set to the API's format."""
    return inputs.model_dump(mode="json", include=EXPIRATION_FIELDS, exclude_none=True)


def effective_lifetime(sandbox: Sandbox, inputs: ExpirationInputs, renewed_lifetime: int | None) -> int | None:
    """Return the lifetime as the program declares it.

    If a renewal set the API's value, count from the renewal instead of from the creation.
    """
    is_renewed = (
        renewed_lifetime is not None
        and sandbox.max_lifetime_seconds == renewed_lifetime
        and inputs.max_lifetime_seconds is not None
    )
    return inputs.max_lifetime_seconds if is_renewed else sandbox.max_lifetime_seconds


def is_renewal(inputs: RenewableInputs, old_inputs: RenewableInputs | None) -> bool:
    """Return whether the inputs renew the expiration."""
    return old_inputs is not None and inputs.renew_trigger not in (None, old_inputs.renew_trigger)


async def apply(
    api: Api, sandbox: Sandbox, inputs: RenewableInputs, context: OperationContext, old_inputs: RenewableInputs | None
) -> Sandbox:
    """Apply the expiration inputs. A renewed lifetime counts from now. Send only values that differ."""
    current = {field: getattr(sandbox, field) for field in EXPIRATION_FIELDS}
    current["max_lifetime_seconds"] = effective_lifetime(
        sandbox, old_inputs or inputs, context.state.get(EFFECTIVE_LIFETIME_PROPERTY)
    )
    desired = {field: value for field, value in to_api(inputs).items() if value != current[field]}
    if is_renewal(inputs, old_inputs) and inputs.max_lifetime_seconds:
        desired["max_lifetime_seconds"] = inputs.max_lifetime_seconds
    if desired.get("max_lifetime_seconds") and inputs.renew_trigger is not None and not context.just_created:
        # the API counts from the creation, so the unadjusted lifetime could end at once for an old sandbox
        desired["max_lifetime_seconds"] += api.sandboxes.lifetime_elapsed(sandbox)
    return await api.sandboxes.set_timeout(sandbox.id, desired) if desired else sandbox
