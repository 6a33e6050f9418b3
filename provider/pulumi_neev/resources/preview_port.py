"""A preview port: a port of a sandbox that has a URL of its own."""

from __future__ import annotations

from types import MappingProxyType
from typing import Annotated

from pydantic import Field
from typing_extensions import override

from pulumi_neev.client import Api
from pulumi_neev.client.ports import Port as Seen
from pulumi_neev.core.errors import InputError
from pulumi_neev.core.marks import Replace, Secret, Update, Visible
from pulumi_neev.core.model import Inputs, Integer, Outputs
from pulumi_neev.core.resource import Call, Live, Resource
from pulumi_neev.resources.machine import found
from pulumi_neev.resources.references import require_sandbox
from pulumi_neev.resources.text import Slug


class PreviewPortInputs(Inputs):
    """Which port of which sandbox gets a URL."""

    sandbox_id: Annotated[str, Replace(), Visible()]
    """The sandbox, by id."""
    port: Annotated[Integer, Field(ge=1, le=65535), Replace(), Visible()]
    """The port that something in the sandbox listens on, 1 to 65535."""
    slug: Annotated[Slug | None, Update(), Secret(), Visible(always=True)] = None
    """The part of the URL that nobody can guess: 8 lower-case letters and digits. Unset: what the platform chose.

    A change of it gives the port another URL; the old one ends at once.
    """


class PreviewPortOutputs(Outputs):
    """Where the port is reached."""

    preview_url: Annotated[str, Secret()]
    """The URL; whoever knows it gets in, so it is a secret."""


class PreviewPort(Resource[PreviewPortInputs, PreviewPortOutputs]):
    """A port of a sandbox with a URL at which browsers and webhooks reach it, without an API key.

    A port that is exposed already keeps its URL. The URL ends with the resource, or with the sandbox.
    """

    name = "PreviewPort"
    inputs = PreviewPortInputs
    outputs = PreviewPortOutputs
    references = MappingProxyType({"sandbox_id": require_sandbox})
    parent = "sandboxId"

    @override
    async def create(self, api: Api, inputs: PreviewPortInputs, call: Call) -> Live[PreviewPortOutputs]:
        seen = await api.ports.expose(inputs.sandbox_id, inputs.port, slug=inputs.slug)
        return _live(inputs.sandbox_id, seen)

    @override
    async def settle(self, api: Api, id: str, inputs: PreviewPortInputs, call: Call) -> Live[PreviewPortOutputs]:
        seen = await api.ports.find(inputs.sandbox_id, inputs.port)
        if seen is None or inputs.slug not in (None, seen.slug):
            seen = await api.ports.expose(inputs.sandbox_id, inputs.port, slug=inputs.slug)
        return _live(inputs.sandbox_id, seen)

    @override
    async def read(self, api: Api, id: str, inputs: PreviewPortInputs | None) -> Live[PreviewPortOutputs] | None:
        sandbox, port = _parts(id)
        if inputs is None:
            # an import may give the sandbox's name, which a program that refers to its id would want to replace
            named = await found(api.sandboxes.get(sandbox))
            sandbox = named.id if named is not None else sandbox
        seen = await api.ports.find(sandbox, port)
        return None if seen is None else _live(sandbox, seen)

    @override
    async def find(self, api: Api, inputs: PreviewPortInputs) -> Live[PreviewPortOutputs] | None:
        seen = await api.ports.find(inputs.sandbox_id, inputs.port)
        return None if seen is None or inputs.slug not in (None, seen.slug) else _live(inputs.sandbox_id, seen)

    @override
    async def delete(self, api: Api, id: str, call: Call) -> None:
        await api.ports.revoke(*_parts(id))


def _live(sandbox_id: str, seen: Seen) -> Live[PreviewPortOutputs]:
    answered = {"sandboxId": sandbox_id, "port": seen.port, "slug": seen.slug}
    return Live(f"{sandbox_id}/{seen.port}", answered, PreviewPortOutputs(preview_url=seen.preview_url))


def _parts(id: str) -> tuple[str, int]:
    sandbox, _, port = id.rpartition("/")
    if not sandbox or not (port.isascii() and port.isdigit()):
        raise InputError("id", "must be the sandbox's id and the port, as SANDBOX_ID/PORT")
    return sandbox, int(port)
