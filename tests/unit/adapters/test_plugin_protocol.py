"""Handshake, schema, functions and lists through the plugin protocol."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import plugin_pb2, provider_pb2
from tests.unit.adapters.fake_pulumi_engine import (
    UNKNOWN,
    FakePulumiEngine,
    RpcFailure,
    from_struct,
    secret_value,
    to_struct,
)

from neev_emulator.testing import Emulator
from neev_provider.adapters.pulumi.plugin.engine_client import EngineClient
from neev_provider.adapters.pulumi.plugin.provider import PulumiProvider
from neev_provider.adapters.pulumi.plugin.servicer import ProviderServicer, schema_json
from neev_provider.client import connect
from neev_provider.core.clock import SYSTEM_CLOCK
from neev_provider.functions import FUNCTIONS
from neev_provider.resources import RESOURCES


async def test_the_handshake_reports_the_supported_features(unconfigured: FakePulumiEngine) -> None:
    answer = await unconfigured.call("Handshake", provider_pb2.ProviderHandshakeRequest())
    assert answer.accept_secrets
    assert answer.accept_resources
    assert answer.accept_outputs
    assert answer.supports_autonaming_configuration
    assert not answer.accepts_byte_string


async def test_the_plugin_has_the_version_of_the_package(unconfigured: FakePulumiEngine) -> None:
    assert (await unconfigured.call("GetPluginInfo", Empty())).version == metadata.version("pulumi-neev")


async def test_the_served_schema_has_every_resource_function_and_the_version(unconfigured: FakePulumiEngine) -> None:
    schema = json.loads((await unconfigured.call("GetSchema", provider_pb2.GetSchemaRequest())).schema)
    assert set(schema["resources"]) == {f"neev:index:{resource.name}" for resource in RESOURCES}
    assert set(schema["functions"]) == {f"neev:index:{function.name}" for function in FUNCTIONS}
    assert schema["version"] == metadata.version("pulumi-neev")


def test_a_bundle_reads_the_schema_from_its_file(tmp_path: Path) -> None:
    bundled = tmp_path / "schema.json"
    bundled.write_text('{"name": "neev"}')
    assert json.loads(schema_json(bundled)) == {"name": "neev", "version": metadata.version("pulumi-neev")}


async def test_subpackages_are_rejected_and_mappings_are_empty(unconfigured: FakePulumiEngine) -> None:
    with pytest.raises(RpcFailure) as caught:
        await unconfigured.call("GetSchema", provider_pb2.GetSchemaRequest(subpackage_name="x"))
    assert caught.value.code is grpc.StatusCode.INVALID_ARGUMENT
    assert not (await unconfigured.call("GetMapping", provider_pb2.GetMappingRequest(key="terraform"))).data
    assert not (await unconfigured.call("GetMappings", provider_pb2.GetMappingsRequest())).providers


async def test_an_engine_can_attach_to_a_running_plugin(unconfigured: FakePulumiEngine) -> None:
    assert await unconfigured.call("Attach", plugin_pb2.PluginAttach(address="127.0.0.1:1")) == Empty()


async def call_function(driver: FakePulumiEngine, function: str, **arguments: object) -> provider_pb2.InvokeResponse:
    """Call the function and return its response."""
    request = provider_pb2.InvokeRequest(tok=f"neev:index:{function}", args=to_struct(arguments))
    answer: provider_pb2.InvokeResponse = await driver.call("Invoke", request)
    return answer


async def test_a_function_returns_its_result_and_keeps_secrets(plugin: FakePulumiEngine) -> None:
    await plugin.create("Sandbox", {"name": "box", "cpu": 2})
    answer = await call_function(plugin, "getSandbox", name="box")
    assert from_struct(getattr(answer, "return"))["cpu"] == 2
    answer = await call_function(plugin, "getSandbox", name=secret_value("box"))
    assert from_struct(getattr(answer, "return"))["name"] == secret_value("box")
    assert from_struct(getattr(answer, "return"))["cpu"] == secret_value(2)


async def test_invalid_arguments_of_a_function_are_reported_by_name(plugin: FakePulumiEngine) -> None:
    for arguments in ({}, {"id": "a", "name": "b"}, {"id": 1}, {"colour": "red"}, {"name": "nothing"}):
        answer = await call_function(plugin, "getSandbox", **arguments)
        assert [failure.property for failure in answer.failures], arguments
    with pytest.raises(RpcFailure) as caught:
        await call_function(plugin, "getSpaceship")
    assert caught.value.code is grpc.StatusCode.INVALID_ARGUMENT


async def list_page(
    driver: FakePulumiEngine, kind: str, query: Mapping[str, object] | None = None, **rest: Any
) -> tuple[list[str], str | None]:
    """Return the names of the listed objects, and the token of the next page."""
    request = provider_pb2.ListRequest(token=f"neev:index:{kind}", query=to_struct(query or {}), **rest)
    names, more = [], None
    try:
        async for item in driver.stub.List(request):
            if item.WhichOneof("response") == "result":
                assert item.result.id
                names.append(item.result.name)
            elif item.WhichOneof("response") == "continuation":
                more = item.continuation.continuation_token
            else:
                names.append("computed")
    except grpc.aio.AioRpcError as error:
        raise RpcFailure(error.code(), error.details() or "") from None
    return names, more


async def test_list_returns_objects_page_by_page(plugin: FakePulumiEngine) -> None:
    for name in ("a", "b", "c"):
        await plugin.create("Sandbox", {"name": name})
    everything, more = await list_page(plugin, "Sandbox")
    assert (sorted(everything), more) == (["a", "b", "c"], None)
    first, token = await list_page(plugin, "SandboxFork", page_size=2)
    second, end = await list_page(plugin, "SandboxFork", page_size=2, continuation_token=token)
    assert (first + second, end) == (everything, None)
    assert (await list_page(plugin, "Sandbox", limit=1))[0] == everything[:1]
    assert await list_page(plugin, "Sandbox", {"nameContains": "b"}) == (["b"], None)
    assert await list_page(plugin, "Sandbox", {"nameContains": UNKNOWN}) == (["computed"], None)


async def test_agents_are_listed_by_name_contains_and_status(plugin: FakePulumiEngine) -> None:
    for name in ("coder-a", "coder-b", "other"):
        await plugin.create("Agent", {"name": name, "agentTemplate": "claude-code", "paused": name == "coder-b"})
    assert sorted((await list_page(plugin, "Agent"))[0]) == ["coder-a", "coder-b", "other"]
    assert sorted((await list_page(plugin, "Agent", {"nameContains": "CODER"}))[0]) == ["coder-a", "coder-b"]
    assert await list_page(plugin, "Agent", {"status": "Paused"}) == (["coder-b"], None)


async def test_snapshots_are_listed_by_sandbox(plugin: FakePulumiEngine, emulator: Emulator) -> None:
    box = await plugin.create("Sandbox", {"name": "box"})
    await plugin.create("Snapshot", {"name": "kept", "sandboxId": box.id})
    assert await list_page(plugin, "Snapshot", {"sandboxId": box.id}) == (["kept"], None)
    emulator.clear_log()
    for query, message in (({}, "sandboxId: is required"), ({"colour": "red"}, "sandboxId")):
        with pytest.raises(RpcFailure, match=message):
            await list_page(plugin, "Snapshot", query)
    with pytest.raises(RpcFailure, match="is none that this provider gave"):
        await list_page(plugin, "Sandbox", continuation_token="x")


async def test_listing_an_unlistable_resource_is_rejected(plugin: FakePulumiEngine) -> None:
    with pytest.raises(RpcFailure, match="token: Command cannot be listed") as caught:
        await list_page(plugin, "Command")
    assert caught.value.code is grpc.StatusCode.INVALID_ARGUMENT


async def test_cancel_and_close_work_before_the_provider_is_loaded() -> None:
    """A signal may arrive before the provider is requested, or while it is loaded."""
    may_load = threading.Event()

    def load(engine: EngineClient) -> PulumiProvider:
        may_load.wait()
        return PulumiProvider(engine, {}, connect, SYSTEM_CLOCK)

    served = ProviderServicer(load)
    served.cancel()
    await served.aclose()
    loading = asyncio.ensure_future(served.get_provider())
    await asyncio.sleep(0)
    served.cancel()
    await served.aclose()
    may_load.set()
    assert await loading is await served.get_provider()
    served.cancel()
    await served.aclose()
