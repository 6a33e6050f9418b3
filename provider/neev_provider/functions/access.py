"""Data functions for the ways into a sandbox: its connect token and its preview ports."""

from __future__ import annotations

from typing import Annotated

from typing_extensions import override

from neev_provider.client import Api
from neev_provider.client.models import convert_response
from neev_provider.core.function import Function
from neev_provider.core.markers import Secret
from neev_provider.core.model import Outputs
from neev_provider.functions.sandboxes import SandboxIdArguments
from neev_provider.resources.references import require_existing


class ConnectToken(Outputs):
    """Token for the commands and files of one sandbox."""

    token: Annotated[str, Secret(is_credential=True)]
    """Token, used in place of an API key at the sandbox's `connectUrl`. Secret."""
    expires_in_seconds: int
    """Time until the token expires, in seconds."""


class PreviewPortInfo(Outputs):
    """Port of a sandbox with its own URL."""

    port: int
    """Port that a process in the sandbox listens on."""
    slug: Annotated[str, Secret()]
    """Secret part of the URL. Secret."""
    preview_url: Annotated[str, Secret()]
    """URL of the port. Secret, because the URL grants access."""


class GetPreviewPortsResult(Outputs):
    """Preview ports of a sandbox."""

    ports: list[PreviewPortInfo]
    """Exposed ports, in the order of the API."""


class GetConnectToken(Function[SandboxIdArguments, ConnectToken]):
    """Returns a new token for the commands and files of one sandbox. It is valid for a short time.

    No resource has the token as an output, so that no state contains it. Do not use it as an input of a resource: each
    call returns another token.
    """

    name = "getConnectToken"
    arguments = SandboxIdArguments
    result = ConnectToken

    @override
    async def call(self, api: Api, arguments: SandboxIdArguments) -> ConnectToken:
        id = arguments.sandbox_id
        created = await require_existing(api.sandboxes.create_connect_token(id), api, id)
        return ConnectToken(token=created.token, expires_in_seconds=created.expires_in)


class GetPreviewPorts(Function[SandboxIdArguments, GetPreviewPortsResult]):
    """Returns the exposed ports of one sandbox with their URLs. For an agent, use its `sandboxId`."""

    name = "getPreviewPorts"
    arguments = SandboxIdArguments
    result = GetPreviewPortsResult

    @override
    async def call(self, api: Api, arguments: SandboxIdArguments) -> GetPreviewPortsResult:
        id = arguments.sandbox_id
        ports = await require_existing(api.ports.list(id), api, id)
        return convert_response(GetPreviewPortsResult, {"ports": [port.model_dump() for port in ports]})
