"""The windows of a sandbox: how long it may idle, live and stay paused, and what makes them count anew."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from neev_provider.client import Api
from neev_provider.client.sandboxes import Sandbox as Seen
from neev_provider.core.markers import Computed, Update
from neev_provider.core.model import Integer, Outputs
from neev_provider.core.resource import OperationContext
from neev_provider.resources.egress import EgressInputs

Seconds = Annotated[Integer, Field(ge=0)]
EXPIRATION_FIELDS = {"idle_timeout_seconds", "max_lifetime_seconds", "paused_retention_seconds", "on_idle"}
EFFECTIVE_LIFETIME_PROPERTY = "effectiveLifetimeSeconds"
"""The output that holds what a renewal made of the lifetime."""


class OnIdle(StrEnum):
    """What the platform does with a sandbox that has been idle for its window."""

    PAUSE = "pause"
    """It is paused: its files are kept, its processes stop."""
    DELETE = "delete"
    """It is deleted, with every snapshot taken from it."""


class ExpirationInputs(EgressInputs):
    """When time alone stops a sandbox, or deletes it."""

    idle_timeout_seconds: Annotated[Seconds | None, Update(), Computed()] = None
    """Seconds without activity after which `onIdle` happens; 0 is never. Unset: the account's default, or as it was."""
    max_lifetime_seconds: Annotated[Seconds | None, Update(), Computed()] = None
    """Seconds after its creation, or after the last renewal, at which it is stopped, used or not; 0 is never.

    Unset: the account's default, or as it was.
    """
    paused_retention_seconds: Annotated[Seconds | None, Update(), Computed()] = None
    """Seconds that a paused sandbox is kept before it is deleted; 0 is for ever.

    Unset: the account's default, or as it was.
    """
    on_idle: Annotated[OnIdle | None, Update(), Computed()] = None
    """What happens when the idle window ends: `pause` (the platform's default) or `delete`."""


class RenewableInputs(ExpirationInputs):
    """Windows that a program can have counted anew."""

    renew_trigger: Annotated[str | None, Update()] = None
    """Any text, such as a commit or the id of a pipeline's run: a change of it renews the sandbox.

    The idle window, and the lifetime where `maxLifetimeSeconds` is set, then count anew from that moment. Set when the
    sandbox is created, it is only recorded.
    """


class RenewalOutputs(Outputs):
    """What renewals came to."""

    effective_lifetime_seconds: int | None = None
    """The lifetime that the last change of `renewTrigger` set on the platform, which counts from the creation."""


def to_api(inputs: ExpirationInputs) -> dict[str, Any]:
    """The windows that are set, as the API takes them."""
    return inputs.model_dump(mode="json", include=EXPIRATION_FIELDS, exclude_none=True)


def effective_lifetime(sandbox: Seen, inputs: ExpirationInputs, renewed_lifetime: int | None) -> int | None:
    """The lifetime as the program counts it: from the last renewal, where that is what set the platform's number."""
    ours = (
        renewed_lifetime is not None
        and sandbox.max_lifetime_seconds == renewed_lifetime
        and inputs.max_lifetime_seconds is not None
    )
    return inputs.max_lifetime_seconds if ours else sandbox.max_lifetime_seconds


def is_renewal(inputs: RenewableInputs, old_inputs: RenewableInputs | None) -> bool:
    """Whether the program asks for the windows to count anew."""
    return old_inputs is not None and inputs.renew_trigger not in (None, old_inputs.renew_trigger)


async def apply(
    api: Api, sandbox: Seen, inputs: RenewableInputs, context: OperationContext, old_inputs: RenewableInputs | None
) -> Seen:
    """The windows are as the inputs say, the lifetime counted from now where it is renewed; only changes are sent."""
    now = {field: getattr(sandbox, field) for field in EXPIRATION_FIELDS}
    now["max_lifetime_seconds"] = effective_lifetime(
        sandbox, old_inputs or inputs, context.state.get(EFFECTIVE_LIFETIME_PROPERTY)
    )
    wanted = {field: value for field, value in to_api(inputs).items() if value != now[field]}
    if is_renewal(inputs, old_inputs) and inputs.max_lifetime_seconds:
        wanted["max_lifetime_seconds"] = inputs.max_lifetime_seconds
    if wanted.get("max_lifetime_seconds") and inputs.renew_trigger is not None and not context.just_created:
        # the platform counts from the creation, at which an old sandbox would be at its end at once
        wanted["max_lifetime_seconds"] += api.sandboxes.lifetime_elapsed(sandbox)
    return await api.sandboxes.set_timeout(sandbox.id, wanted) if wanted else sandbox
