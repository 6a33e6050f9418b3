"""Clients of Pulumi's two adapters: the engine's calls over gRPC, in this process."""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from importlib.abc import InspectLoader
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import grpc
import grpc.aio
from google.protobuf.struct_pb2 import Struct
from pulumi.dynamic.dynamic import PROVIDER_KEY, serialize_provider
from pulumi.runtime.proto import provider_pb2 as wire
from pulumi.runtime.proto import provider_pb2_grpc
from tests.fakes.dynamic import PROVIDERS

from neev_emulator import Emulator
from neev_provider.adapters.pulumi import assets
from neev_provider.adapters.pulumi.dynamic import event_loop
from neev_provider.adapters.pulumi.dynamic.provider import RESOURCE_NAME
from neev_provider.adapters.pulumi.marshal import marshal, unmarshal
from neev_provider.adapters.pulumi.plugin.engine_client import NO_PROXY_OPTIONS
from neev_provider.adapters.pulumi.plugin.provider import PulumiProvider
from neev_provider.adapters.pulumi.plugin.servicer import ProviderServicer
from neev_provider.adapters.pulumi.property_map import PropertyMap
from neev_provider.client import connect
from neev_provider.core.assets import Archive, Asset, AssetOrArchive
from neev_provider.core.clock import SYSTEM_CLOCK

NAME = "box"


@dataclass(frozen=True)
class StoredResource:
    """What the engine stores of a resource between two runs."""

    id: str
    inputs: Any
    """The inputs in the engine's form."""
    state: Any
    """The state in the engine's form."""


@dataclass(frozen=True)
class AdapterClient:
    """The engine's side of one adapter, for one kind of resource."""

    stub: Any
    urn: str
    internal_properties: Mapping[str, Any]
    """The properties that the SDK adds to a program's inputs."""
    encode_inputs: Callable[[Any], Any]
    """The function that encodes a program's value as the SDK does."""
    always_deletes_first: ClassVar[bool] = False
    """Whether the engine deletes a resource before it creates its replacement, whatever the provider says."""

    changes_without_effect: ClassVar[frozenset[str]] = frozenset({"none"})
    """How a plan shows what changes nothing but the engine's record of the inputs."""

    def normalize(self, state: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return properties of a state as a user of this engine reads them."""
        return state

    async def check(self, new_inputs: Mapping[str, Any], old_inputs: Struct | None = None) -> wire.CheckResponse:
        """Return the checked inputs as the engine stores them. Without old inputs the resource is new."""
        inputs = {name: self.encode_inputs(value) for name, value in new_inputs.items()}
        news = marshal(PropertyMap({**self.internal_properties, **inputs}))
        request = wire.CheckRequest(urn=self.urn, olds=old_inputs or Struct(), news=news, randomSeed=os.urandom(32))
        answer: wire.CheckResponse = await self.stub.Check(request)
        return answer

    async def record(self, stored: StoredResource, new_inputs: Struct) -> StoredResource:
        """Return the resource after a run that changes nothing; the engine stores the inputs."""
        return replace(stored, inputs=new_inputs)

    async def diff(self, stored: StoredResource, new_inputs: Struct) -> wire.DiffResponse:
        """Return the difference between the stored resource and the checked inputs."""
        request = wire.DiffRequest(
            id=stored.id,
            urn=self.urn,
            olds=stored.state,
            old_inputs=_strip_asset_contents(stored.inputs),
            news=_strip_asset_contents(new_inputs),
        )
        answer: wire.DiffResponse = await self.stub.Diff(request)
        return answer

    async def create(self, inputs: Struct) -> StoredResource:
        """Create a resource."""
        answer = await self.stub.Create(wire.CreateRequest(urn=self.urn, properties=inputs))
        return StoredResource(answer.id, inputs, answer.properties)

    async def update(self, stored: StoredResource, new_inputs: Struct) -> StoredResource:
        """Update the resource to other inputs."""
        request = wire.UpdateRequest(
            id=stored.id, urn=self.urn, olds=stored.state, old_inputs=stored.inputs, news=new_inputs
        )
        answer = await self.stub.Update(request)
        return StoredResource(stored.id, new_inputs, answer.properties)

    async def read(self, stored: StoredResource) -> StoredResource | None:
        """Return the resource after a refresh, or ``None`` if it no longer exists."""
        request = wire.ReadRequest(id=stored.id, urn=self.urn, properties=stored.state, inputs=stored.inputs)
        answer = await self.stub.Read(request)
        return StoredResource(answer.id, answer.inputs, answer.properties) if answer.id else None

    async def delete(self, stored: StoredResource) -> None:
        """Delete the resource."""
        request = wire.DeleteRequest(id=stored.id, urn=self.urn, properties=stored.state, old_inputs=stored.inputs)
        await self.stub.Delete(request)


def _hash_assets(value: Any) -> Any:
    """Return the value with a hash on each asset, as the engine computes it. Equal content gets equal hashes."""
    if isinstance(value, list):
        return [_hash_assets(item) for item in value]
    if isinstance(value, dict):
        return {key: _hash_assets(item) for key, item in value.items()}
    if isinstance(value, Archive):
        return replace(value, hash=hashlib.sha256(repr(sorted((value.assets or {}).items())).encode()).hexdigest())
    if isinstance(value, Asset):
        content = Path(value.path).read_bytes() if value.path else (value.text or "").encode()
        return replace(value, hash=hashlib.sha256(content).hexdigest())
    return value


def _to_dynamic(value: Any) -> Any:
    """Return the value as dynamic resources encode it."""
    if isinstance(value, list):
        return [_to_dynamic(item) for item in value]
    if isinstance(value, dict):
        return {key: _to_dynamic(item) for key, item in value.items()}
    return assets.asset_to_map(value) if isinstance(value, AssetOrArchive) else value


def _strip_asset_contents(struct: Struct) -> Struct:
    """Return the properties without the contents of assets. The engine sends only their hashes to a diff."""
    properties = unmarshal(struct)
    values = {key: _strip_value(value) for key, value in properties.values.items()}
    return marshal(PropertyMap(values, properties.secrets))


def _strip_value(value: Any) -> Any:
    if isinstance(value, list):
        return [_strip_value(item) for item in value]
    if isinstance(value, dict):
        return {key: _strip_value(item) for key, item in value.items()}
    return type(value)(hash=value.hash) if isinstance(value, AssetOrArchive) else value


AdapterOpener = Callable[[str, Emulator], AbstractAsyncContextManager[Any]]
"""A function that opens an adapter for one kind of resource, and yields a client like `AdapterClient`."""


def filter_user_properties(properties: Any) -> dict[str, Any]:
    """Return the properties that a user sees, without the marks of secrets."""
    values = unmarshal(properties).values if isinstance(properties, Struct) else properties
    return {key: value for key, value in values.items() if not key.startswith("__")}


def has_generated_name(stored: StoredResource) -> bool:
    """Return whether the provider has generated the name among the inputs."""
    return "__autonamed" in (stored.inputs.fields if isinstance(stored.inputs, Struct) else stored.inputs)


def get_planned_change(diff: Any) -> str:
    """Return what the engine would do: ``none``, ``update`` or ``replace``."""
    if not isinstance(diff, wire.DiffResponse):
        return str(diff.action)
    if diff.changes == wire.DiffResponse.DIFF_NONE:
        return "none"
    return "replace" if diff.replaces else "update"


@asynccontextmanager
async def open_plugin_adapter(kind: str, emulator: Emulator) -> AsyncIterator[AdapterClient]:
    """Yield a client of the plugin."""
    plugin = ProviderServicer(lambda engine: PulumiProvider(engine, {}, connect, SYSTEM_CLOCK))
    server = grpc.aio.server()
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(plugin, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=NO_PROXY_OPTIONS) as channel:
        stub = provider_pb2_grpc.ResourceProviderStub(channel)
        await stub.Configure(
            wire.ConfigureRequest(args=marshal(PropertyMap(_make_settings(emulator))), acceptSecrets=True)
        )
        yield AdapterClient(stub, f"urn:pulumi:dev::lives::neev:index:{kind}::{NAME}", {}, _hash_assets)
    await server.stop(None)
    await plugin.aclose()


@asynccontextmanager
async def open_dynamic_adapter(kind: str, emulator: Emulator) -> AsyncIterator[AdapterClient]:
    """Yield a client of Pulumi's dynamic host, which reads the provider object from the inputs or the state."""
    server = grpc.server(ThreadPoolExecutor(max_workers=4))
    servicer = _load_host_module().DynamicResourceProviderServicer()
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=NO_PROXY_OPTIONS) as channel:
        stub = provider_pb2_grpc.ResourceProviderStub(channel)
        config = {f"neev:{name}": value for name, value in _make_settings(emulator).items()}
        await stub.Configure(wire.ConfigureRequest(args=marshal(PropertyMap(config))))
        pickled = serialize_provider(PROVIDERS[kind]())
        urn = f"urn:pulumi:dev::lives::pulumi-python:dynamic/neev:{kind}::{NAME}"
        yield AdapterClient(stub, urn, {PROVIDER_KEY: pickled, RESOURCE_NAME: NAME}, _to_dynamic)
    server.stop(None).wait()
    event_loop.run(event_loop.close_clients())


def _make_settings(emulator: Emulator) -> dict[str, str]:
    return {
        "baseUrl": emulator.base_url,
        "apiKey": emulator.api_key,
        "orgId": emulator.org_id,
        "projectId": emulator.project_id,
    }


def _load_host_module() -> ModuleType:
    """Return the module that the host's process runs, without its last line, which serves for ever."""
    spec = importlib.util.find_spec("pulumi.dynamic.__main__")
    assert spec is not None
    assert isinstance(spec.loader, InspectLoader)
    source = spec.loader.get_source(spec.name) or ""
    assert source.endswith("\nmain()\n")
    module = ModuleType(spec.name)
    exec(compile(source.removesuffix("main()\n"), spec.origin or "", "exec"), module.__dict__)
    return module
