"""The plugin's side of the protocol between Pulumi's engine and a provider.

This module imports nothing slow, because the engine waits for the first line of the process. The other modules are
loaded during the handshake.
"""

# ruff: noqa: N802, ARG002  the names and arguments are the protocol's

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import cache, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from neev_provider.adapters.pulumi.plugin.engine_client import EngineClient
from neev_provider.adapters.pulumi.plugin.grpc_errors import ServicerContext, StatusCode, StatusError, abort
from neev_provider.adapters.shared import fast_start
from neev_provider.adapters.shared.background_load import BackgroundLoad
from neev_provider.adapters.shared.distribution import VERSION
from neev_provider.core.clock import SYSTEM_CLOCK
from neev_provider.core.redaction import Redactor, use_redactor

if TYPE_CHECKING:
    from neev_provider.adapters.pulumi.plugin.provider import PulumiProvider

RequestT = TypeVar("RequestT")
ResponseT = TypeVar("ResponseT")

BUNDLED_SCHEMA: Final = Path(__file__).parents[1] / "schema.json"
"""The schema in a bundle, which comes without the sources that it is built from."""


def load_provider(engine_client: EngineClient) -> PulumiProvider:
    """Return the provider of this process, after importing everything that a plan needs."""
    with fast_start.exclude_from_collection():
        from neev_provider.adapters.pulumi.plugin.provider import PulumiProvider  # noqa: PLC0415
        from neev_provider.client import connect  # noqa: PLC0415

        return PulumiProvider(engine_client, os.environ, connect, SYSTEM_CLOCK)


@cache
def schema_json(bundled: Path = BUNDLED_SCHEMA) -> str:
    """Return the schema of the package, with the version of this plugin."""
    if bundled.exists():
        schema = json.loads(bundled.read_text(encoding="utf-8"))
    else:
        from neev_provider.adapters.pulumi.schema import package_schema  # noqa: PLC0415  only some engines ask for it

        schema = package_schema()
    return json.dumps({**schema, "version": VERSION})


def rpc(
    method: Callable[[ProviderServicer, PulumiProvider, RequestT], Awaitable[ResponseT]],
) -> Callable[[ProviderServicer, RequestT, ServicerContext], Awaitable[ResponseT]]:
    """Return the servicer's method for a method that takes the loaded provider.

    Every error ends the call with a status and a message for the user, without the secrets of the request.
    """

    @wraps(method)
    async def handle(self: ProviderServicer, request: RequestT, context: ServicerContext) -> ResponseT:
        with use_redactor(Redactor(lambda: self.request_secrets(request))):
            try:
                return await method(self, await self.get_provider(), request)
            except Exception as error:  # noqa: BLE001  the boundary to the engine
                await abort(context, error, _describe_request(request))

    return handle


class ProviderServicer(provider_pb2_grpc.ResourceProviderServicer):
    """The handlers of the engine's calls. Those that need the provider wait until it is loaded."""

    def __init__(self, load: Callable[[EngineClient], PulumiProvider] = load_provider) -> None:
        self._engine_client = EngineClient()
        self._load = BackgroundLoad(lambda: load(self._engine_client))

    async def get_provider(self) -> PulumiProvider:
        """Return the provider; the first call loads it."""
        return await self._load.get()

    def cancel(self) -> None:
        """End every operation at once, with what exists."""
        if provider := self._load.loaded:
            provider.cancel()

    async def aclose(self) -> None:
        """Close every connection."""
        await self._engine_client.close()
        if provider := self._load.loaded:
            await provider.aclose()

    def request_secrets(self, request: Any) -> list[Any]:
        """Return the secrets of the request. Before the provider is loaded, no message contains one."""
        provider = self._load.loaded
        return provider.secrets(request) if provider else []

    async def Handshake(
        self, request: provider_pb2.ProviderHandshakeRequest, context: ServicerContext
    ) -> provider_pb2.ProviderHandshakeResponse:
        """Return the features of the plugin."""
        if request.engine_address:
            await self._engine_client.attach(request.engine_address)
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=True,
            accept_resources=True,
            accept_outputs=True,
            supports_autonaming_configuration=True,
        )

    async def Attach(self, request: plugin_pb2.PluginAttach, context: ServicerContext) -> Empty:
        """Connect to an engine that did not start this process."""
        await self._engine_client.attach(request.address)
        return Empty()

    async def GetPluginInfo(self, request: Empty, context: ServicerContext) -> plugin_pb2.PluginInfo:
        """Return the version."""
        return plugin_pb2.PluginInfo(version=VERSION)

    async def GetSchema(
        self, request: provider_pb2.GetSchemaRequest, context: ServicerContext
    ) -> provider_pb2.GetSchemaResponse:
        """Return the schema."""
        if request.subpackage_name:
            error = StatusError(StatusCode.INVALID_ARGUMENT, "the neev provider has no subpackages")
            await abort(context, error, "GetSchema")
        return provider_pb2.GetSchemaResponse(schema=await asyncio.to_thread(schema_json))

    async def GetMapping(
        self, request: provider_pb2.GetMappingRequest, context: ServicerContext
    ) -> provider_pb2.GetMappingResponse:
        """Return nothing: no resources of another tool are mapped."""
        return provider_pb2.GetMappingResponse()

    async def GetMappings(
        self, request: provider_pb2.GetMappingsRequest, context: ServicerContext
    ) -> provider_pb2.GetMappingsResponse:
        """Return nothing: no resources of another tool are mapped."""
        return provider_pb2.GetMappingsResponse()

    @rpc
    async def CheckConfig(
        self, provider: PulumiProvider, request: provider_pb2.CheckRequest
    ) -> provider_pb2.CheckResponse:
        """Check the configuration."""
        return provider.check_config(request)

    @rpc
    async def DiffConfig(
        self, provider: PulumiProvider, request: provider_pb2.DiffRequest
    ) -> provider_pb2.DiffResponse:
        """Compare two configurations."""
        return provider.diff_config(request)

    @rpc
    async def Configure(
        self, provider: PulumiProvider, request: provider_pb2.ConfigureRequest
    ) -> provider_pb2.ConfigureResponse:
        """Set the account of all operations."""
        provider.configure(request)
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True,
            acceptResources=True,
            acceptOutputs=True,
            supportsPreview=True,
            supports_autonaming_configuration=True,
        )

    @rpc
    async def Check(self, provider: PulumiProvider, request: provider_pb2.CheckRequest) -> provider_pb2.CheckResponse:
        """Check the inputs of a resource."""
        return await provider.check(request)

    @rpc
    async def Diff(self, provider: PulumiProvider, request: provider_pb2.DiffRequest) -> provider_pb2.DiffResponse:
        """Compare the inputs of a resource with its state."""
        return await provider.diff(request)

    @rpc
    async def Create(
        self, provider: PulumiProvider, request: provider_pb2.CreateRequest
    ) -> provider_pb2.CreateResponse:
        """Create a resource."""
        return await provider.create(request)

    @rpc
    async def Read(self, provider: PulumiProvider, request: provider_pb2.ReadRequest) -> provider_pb2.ReadResponse:
        """Read a resource."""
        return await provider.read(request)

    @rpc
    async def Update(
        self, provider: PulumiProvider, request: provider_pb2.UpdateRequest
    ) -> provider_pb2.UpdateResponse:
        """Update a resource."""
        return await provider.update(request)

    @rpc
    async def Delete(self, provider: PulumiProvider, request: provider_pb2.DeleteRequest) -> Empty:
        """Delete a resource."""
        await provider.delete(request)
        return Empty()

    @rpc
    async def Invoke(
        self, provider: PulumiProvider, request: provider_pb2.InvokeRequest
    ) -> provider_pb2.InvokeResponse:
        """Call a function."""
        return await provider.invoke(request)

    async def List(
        self, request: provider_pb2.ListRequest, context: ServicerContext
    ) -> AsyncIterator[provider_pb2.ListResponse]:
        """List existing resources."""
        with use_redactor(Redactor(lambda: self.request_secrets(request))):
            try:
                async for response in (await self.get_provider()).list(request):
                    yield response
            except Exception as error:  # noqa: BLE001  the boundary to the engine
                await abort(context, error, request.token)

    async def Cancel(self, request: Empty, context: ServicerContext) -> Empty:
        """End every operation at once, with what exists."""
        self.cancel()
        return Empty()


def _describe_request(request: Any) -> str:
    if isinstance(request, provider_pb2.InvokeRequest):
        return request.tok
    prefix, _, name = request.urn.rpartition("::")
    return f"{prefix.rpartition(':')[2]} {name}" if name else "the neev provider"
