"""The plugin's side of the protocol between Pulumi's engine and a provider.

This module imports nothing heavy: the engine waits for the process's first line, and what the line does not need is
loaded while the two shake hands.
"""

# ruff: noqa: N802, ARG002  the names and arguments are the protocol's

from __future__ import annotations

import asyncio
import gc
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from neev_provider.adapters.pulumi.plugin.engine_client import EngineClient
from neev_provider.adapters.pulumi.plugin.grpc_errors import ServicerContext, StatusCode, StatusError, abort
from neev_provider.core.clock import SYSTEM_CLOCK
from neev_provider.core.redaction import Redactor, use_redactor

if TYPE_CHECKING:
    from neev_provider.adapters.pulumi.plugin.provider import PulumiProvider

T = TypeVar("T")


def load_provider(engine_client: EngineClient) -> PulumiProvider:
    """The provider of this process, everything it needs imported and set aside from garbage collection.

    What is loaded stays for the life of the process: looking through it again and again would cost a plan milliseconds.
    """
    gc.disable()
    try:
        return _create_provider(engine_client)
    finally:
        gc.freeze()
        gc.enable()


def _create_provider(engine_client: EngineClient) -> PulumiProvider:
    from neev_provider.adapters.pulumi.plugin.provider import PulumiProvider  # noqa: PLC0415
    from neev_provider.client import connect  # noqa: PLC0415
    from neev_provider.client.http import transport  # noqa: F401, PLC0415  the first request would wait for the latter

    return PulumiProvider(engine_client, os.environ, connect, SYSTEM_CLOCK)


@cache
def schema_json() -> str:
    """The schema of the package, with the version that is served."""
    from neev_provider.adapters.pulumi.schema import package_schema  # noqa: PLC0415  only some engines ask for it

    return json.dumps({**package_schema(), "version": version()})


@cache
def version() -> str:
    """The version of the package."""
    from importlib import metadata  # noqa: PLC0415  likewise

    return metadata.version("pulumi-neev")


class ProviderServicer(provider_pb2_grpc.ResourceProviderServicer):
    """Every call of the engine, answered by the provider once that is loaded."""

    def __init__(self, load: Callable[[EngineClient], PulumiProvider] = load_provider) -> None:
        self._engine_client = EngineClient()
        self._load = load
        self._loading: asyncio.Future[PulumiProvider] | None = None

    async def get_provider(self) -> PulumiProvider:
        """The provider, loaded by the first who asks."""
        if self._loading is None:
            self._loading = asyncio.ensure_future(asyncio.to_thread(self._load, self._engine_client))
        return self._loading.result() if self._loading.done() else await asyncio.shield(self._loading)

    def cancel(self) -> None:
        """Every operation ends at once, with what it has."""
        if self._loading is not None and self._loading.done():
            self._loading.result().cancel()

    async def aclose(self) -> None:
        """Every connection is closed."""
        await self._engine_client.close()
        if self._loading is not None and self._loading.done():
            await self._loading.result().aclose()

    async def Handshake(
        self, request: provider_pb2.ProviderHandshakeRequest, context: ServicerContext
    ) -> provider_pb2.ProviderHandshakeResponse:
        """What the plugin understands."""
        if request.engine_address:
            await self._engine_client.attach(request.engine_address)
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=True,
            accept_resources=True,
            accept_outputs=True,
            supports_autonaming_configuration=True,
        )

    async def Attach(self, request: plugin_pb2.PluginAttach, context: ServicerContext) -> Empty:
        """An engine that did not start this process is the one that listens."""
        await self._engine_client.attach(request.address)
        return Empty()

    async def GetPluginInfo(self, request: Empty, context: ServicerContext) -> plugin_pb2.PluginInfo:
        """The version."""
        return plugin_pb2.PluginInfo(version=version())

    async def GetSchema(
        self, request: provider_pb2.GetSchemaRequest, context: ServicerContext
    ) -> provider_pb2.GetSchemaResponse:
        """The schema."""
        if request.subpackage_name:
            await abort(
                context, StatusError(StatusCode.INVALID_ARGUMENT, "the neev provider has no subpackages"), "GetSchema"
            )
        return provider_pb2.GetSchemaResponse(schema=await asyncio.to_thread(schema_json))

    async def GetMapping(
        self, request: provider_pb2.GetMappingRequest, context: ServicerContext
    ) -> provider_pb2.GetMappingResponse:
        """Nothing: no other tool's resources are mapped."""
        return provider_pb2.GetMappingResponse()

    async def GetMappings(
        self, request: provider_pb2.GetMappingsRequest, context: ServicerContext
    ) -> provider_pb2.GetMappingsResponse:
        """Nothing, likewise."""
        return provider_pb2.GetMappingsResponse()

    async def CheckConfig(
        self, request: provider_pb2.CheckRequest, context: ServicerContext
    ) -> provider_pb2.CheckResponse:
        """The configuration as it is stored, and what is wrong with it."""
        return await self._run_sync(request, context, lambda provider: provider.check_config(request))

    async def DiffConfig(
        self, request: provider_pb2.DiffRequest, context: ServicerContext
    ) -> provider_pb2.DiffResponse:
        """What differs in the configuration."""
        return await self._run_sync(request, context, lambda provider: provider.diff_config(request))

    async def Configure(
        self, request: provider_pb2.ConfigureRequest, context: ServicerContext
    ) -> provider_pb2.ConfigureResponse:
        """Operations work in the account that the configuration names."""
        await self._run_sync(request, context, lambda provider: provider.configure(request))
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True,
            acceptResources=True,
            acceptOutputs=True,
            supportsPreview=True,
            supports_autonaming_configuration=True,
        )

    async def Check(self, request: provider_pb2.CheckRequest, context: ServicerContext) -> provider_pb2.CheckResponse:
        """The inputs as they are stored, and what is wrong with them."""
        return await self._run_async(request, context, lambda provider: provider.check(request))

    async def Diff(self, request: provider_pb2.DiffRequest, context: ServicerContext) -> provider_pb2.DiffResponse:
        """What has to change."""
        return await self._run_async(request, context, lambda provider: provider.diff(request))

    async def Create(
        self, request: provider_pb2.CreateRequest, context: ServicerContext
    ) -> provider_pb2.CreateResponse:
        """The resource exists and is ready."""
        return await self._run_async(request, context, lambda provider: provider.create(request))

    async def Read(self, request: provider_pb2.ReadRequest, context: ServicerContext) -> provider_pb2.ReadResponse:
        """The resource as it is now."""
        return await self._run_async(request, context, lambda provider: provider.read(request))

    async def Update(
        self, request: provider_pb2.UpdateRequest, context: ServicerContext
    ) -> provider_pb2.UpdateResponse:
        """The resource is as asked for."""
        return await self._run_async(request, context, lambda provider: provider.update(request))

    async def Delete(self, request: provider_pb2.DeleteRequest, context: ServicerContext) -> Empty:
        """The resource is gone."""
        await self._run_async(request, context, lambda provider: provider.delete(request))
        return Empty()

    async def Invoke(
        self, request: provider_pb2.InvokeRequest, context: ServicerContext
    ) -> provider_pb2.InvokeResponse:
        """What a function answers."""
        return await self._run_async(request, context, lambda provider: provider.invoke(request))

    async def List(
        self, request: provider_pb2.ListRequest, context: ServicerContext
    ) -> AsyncIterator[provider_pb2.ListResponse]:
        """What is there already."""
        with use_redactor(Redactor(lambda: self._request_secrets(request))):
            try:
                async for each in (await self.get_provider()).list(request):
                    yield each
            except Exception as error:  # noqa: BLE001  whatever it is, the engine hears it in words
                await abort(context, error, request.token)

    async def Cancel(self, request: Empty, context: ServicerContext) -> Empty:
        """Every operation ends at once, with what it has."""
        self.cancel()
        return Empty()

    async def _run_sync(self, request: Any, context: ServicerContext, operation: Callable[[PulumiProvider], T]) -> T:
        async def answer(provider: PulumiProvider) -> T:
            return operation(provider)

        return await self._run_async(request, context, answer)

    async def _run_async(
        self, request: Any, context: ServicerContext, operation: Callable[[PulumiProvider], Awaitable[T]]
    ) -> T:
        with use_redactor(Redactor(lambda: self._request_secrets(request))):
            try:
                return await operation(await self.get_provider())
            except Exception as error:  # noqa: BLE001  whatever it is, the engine hears it in words
                await abort(context, error, _describe_request(request))

    def _request_secrets(self, request: Any) -> list[Any]:
        """What no text that comes of the request may show; nothing has been done with it before there is a provider."""
        loading = self._loading
        loaded = loading is not None and loading.done() and loading.exception() is None
        return loading.result().secrets(request) if loading is not None and loaded else []


def _describe_request(request: Any) -> str:
    if isinstance(request, provider_pb2.InvokeRequest):
        return request.tok
    kind, _, name = request.urn.rpartition("::")
    return f"{kind.rpartition(':')[2]} {name}" if name else "the neev provider"
