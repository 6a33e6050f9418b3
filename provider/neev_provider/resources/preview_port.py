"""A preview port: a port of a sandbox with its own URL."""

from __future__ import annotations

import secrets
import string
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Final

from pydantic import Field
from typing_extensions import override

from neev_provider.client import Api
from neev_provider.client.ports import Port
from neev_provider.core.errors import InputError, NeevError, OperationFailed
from neev_provider.core.hints import Hint
from neev_provider.core.labels import Owner
from neev_provider.core.markers import Computed, Replace, Secret, Stable, Update
from neev_provider.core.model import Boolean, Inputs, Integer, Outputs
from neev_provider.core.resource import Observation, OperationContext, PartialFailure, Resource
from neev_provider.resources.formats import Slug
from neev_provider.resources.listening_ports import wait_until_listening
from neev_provider.resources.lookups import none_if_not_found
from neev_provider.resources.references import require_sandbox
from neev_provider.resources.session import open_session

SLUG_LETTERS: Final = string.ascii_lowercase + string.digits
SLUG_LENGTH: Final = 8


class PreviewPortInputs(Inputs):
    """Inputs of a preview port."""

    unique_together: ClassVar[tuple[str, ...]] = ("sandbox_id", "port")

    sandbox_id: Annotated[str, Replace(), Computed()]
    """Id of the sandbox."""
    port: Annotated[Integer, Field(ge=1, le=65535), Replace(), Computed()]
    """Port that a process in the sandbox listens on. Allowed: `1` to `65535`."""
    slug: Annotated[Slug | None, Update(), Secret(), Computed(always=True)] = None
    """Secret part of the URL: 8 lowercase letters and digits. Defaults to a value that the API chooses. Secret.

    Changing it gives the port another URL. The old URL stops working immediately.
    """
    wait_until_served: Annotated[Boolean | None, Update(on_removal=True)] = None
    """Whether a create or another slug waits until something listens on the port in the sandbox. Defaults to `false`.

    If the sandbox is paused, it is resumed for that and paused again afterwards.
    """


class PreviewPortOutputs(Outputs):
    """Outputs of a preview port."""

    preview_url: Annotated[str, Secret(), Stable(unless=("slug",))]
    """URL of the port. Secret, because the URL grants access."""
    exposed_slug: Annotated[str | None, Secret(), Stable(unless=("slug",))] = None
    """Slug with which this resource exposed the port. If the port has another slug, deleting leaves it exposed. Secret.
    """


class PreviewPortResource(Resource[Api, PreviewPortInputs, PreviewPortOutputs]):
    """A public URL for a port of a sandbox, for browsers and webhooks, without an API key.

    If the port is already exposed, it gets another URL and its previous URL stops working. If it already has the given
    slug, the owner is unknown and the provider rejects the create. The URL stops working when the resource or the
    sandbox is deleted.
    """

    name = "PreviewPort"
    inputs = PreviewPortInputs
    outputs = PreviewPortOutputs
    references = MappingProxyType({"sandbox_id": require_sandbox})
    parent = "sandboxId"

    @override
    async def create(self, inputs: PreviewPortInputs, context: OperationContext) -> Observation[PreviewPortOutputs]:
        sandbox, port, slug = inputs.sandbox_id, inputs.port, inputs.slug
        existing = await self.api.ports.find(sandbox, port)
        if existing is not None:
            if slug == existing.slug:
                raise OperationFailed(f"port {port} is already exposed with the given slug", hint=Hint.OWNER_UNKNOWN)
            # a new slug marks the port as owned by this resource, also for a resource that owned it before
            slug = slug or "".join(secrets.choice(SLUG_LETTERS) for _ in range(SLUG_LENGTH))
            context.log(f"port {port} was exposed already: it has another URL now, and the one it had has ended.")
        exposed = await self.api.ports.expose(sandbox, port, slug=slug)
        return _to_observation(sandbox, exposed, exposed.slug)

    @override
    async def reconcile(
        self, id: str, inputs: PreviewPortInputs, context: OperationContext
    ) -> Observation[PreviewPortOutputs]:
        exposed = await self.api.ports.find(inputs.sandbox_id, inputs.port)
        own_slug = inputs.slug or _own_slug(context.state)
        if exposed is None or inputs.slug not in (None, exposed.slug):
            exposed = await self.api.ports.expose(inputs.sandbox_id, inputs.port, slug=inputs.slug)
            own_slug = exposed.slug
        observation = _to_observation(inputs.sandbox_id, exposed, own_slug)
        if inputs.wait_until_served:
            try:
                async with open_session(self.api, inputs.sandbox_id, context) as session:
                    await wait_until_listening(session, inputs.port, context.deadline)
            except NeevError as error:
                # a later delete revokes the port only if the state has the slug that it was exposed with
                raise PartialFailure(observation) from error
        return observation

    @override
    async def read(self, id: str, inputs: PreviewPortInputs | None) -> Observation[PreviewPortOutputs] | None:
        sandbox, port = _parse_id(id)
        # an import may pass the sandbox's name; store the id, since a program that refers to it would replace the port
        found_sandbox = await none_if_not_found(self.api.sandboxes.get(sandbox))
        sandbox = found_sandbox.id if found_sandbox is not None else sandbox
        exposed = await self.api.ports.find(sandbox, port)
        return None if exposed is None else _to_observation(sandbox, exposed, exposed.slug)

    @override
    async def refresh(
        self, id: str, inputs: PreviewPortInputs, state: Mapping[str, Any]
    ) -> Observation[PreviewPortOutputs] | None:
        sandbox, port = _parse_id(id)
        exposed = await self.api.ports.find(sandbox, port)
        return None if exposed is None else _to_observation(sandbox, exposed, _own_slug(state))

    @override
    async def find_created(
        self, inputs: PreviewPortInputs, owner: Owner | None = None
    ) -> Observation[PreviewPortOutputs] | None:
        exposed = await self.api.ports.find(inputs.sandbox_id, inputs.port)
        return (
            None
            if exposed is None or inputs.slug not in (None, exposed.slug)
            else _to_observation(inputs.sandbox_id, exposed, exposed.slug)
        )

    @override
    async def delete(self, id: str, context: OperationContext) -> None:
        sandbox, port = _parse_id(id)
        own = _own_slug(context.state)
        if own is not None:
            exposed = await self.api.ports.find(sandbox, port)
            if exposed is None or exposed.slug != own:
                if exposed is not None:
                    context.log(f"port {port} was exposed by somebody else since, so it is left as it is.")
                return
        await self.api.ports.revoke(sandbox, port)


def _to_observation(sandbox_id: str, port: Port, own_slug: str | None) -> Observation[PreviewPortOutputs]:
    inputs = {"sandboxId": sandbox_id, "port": port.port, "slug": port.slug}
    outputs = PreviewPortOutputs(preview_url=port.preview_url, exposed_slug=own_slug)
    return Observation(f"{sandbox_id}/{port.port}", inputs, outputs)


def _own_slug(state: Mapping[str, Any]) -> str | None:
    """Return the slug with which the resource exposed the port, or ``None`` if the state has none."""
    own = state.get("exposedSlug") or state.get("slug")
    return own if isinstance(own, str) else None


def _parse_id(id: str) -> tuple[str, int]:
    sandbox, _, port = id.rpartition("/")
    if not sandbox or not (port.isascii() and port.isdigit()):
        raise InputError("id", "must have the form SANDBOX_ID/PORT")
    return sandbox, int(port)
