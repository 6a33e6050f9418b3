"""What the plugin says of itself, and what it looks up and lists, over the wire."""

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


async def test_the_plugin_says_what_it_understands(unconfigured: FakePulumiEngine) -> None:
    answer = await unconfigured.call("Handshake", provider_pb2.ProviderHandshakeRequest())
    assert answer.accept_secrets
    assert answer.accept_resources
    assert answer.accept_outputs
    assert answer.supports_autonaming_configuration
    assert not answer.accepts_byte_string


async def test_the_version_is_the_packages(unconfigured: FakePulumiEngine) -> None:
    assert (await unconfigured.call("GetPluginInfo", Empty())).version == metadata.version("pulumi-neev")


async def test_the_schema_holds_every_resource_and_function_and_the_version(unconfigured: FakePulumiEngine) -> None:
    schema = json.loads((await unconfigured.call("GetSchema", provider_pb2.GetSchemaRequest())).schema)
    assert set(schema["resources"]) == {f"neev:index:{resource.name}" for resource in RESOURCES}
    assert set(schema["functions"]) == {f"neev:index:{function.name}" for function in FUNCTIONS}
    assert schema["version"] == metadata.version("pulumi-neev")


def test_the_schema_of_a_bundle_comes_from_its_file(tmp_path: Path) -> None:
    bundled = tmp_path / "schema.json"
    bundled.write_text('{"name": "neev"}')
    assert json.loads(schema_json(bundled)) == {"name": "neev", "version": metadata.version("pulumi-neev")}


async def test_there_are_no_subpackages_and_no_mappings(unconfigured: FakePulumiEngine) -> None:
    with pytest.raises(RpcFailure) as caught:
        await unconfigured.call("GetSchema", provider_pb2.GetSchemaRequest(subpackage_name="x"))
    assert caught.value.code is grpc.StatusCode.INVALID_ARGUMENT
    assert not (await unconfigured.call("GetMapping", provider_pb2.GetMappingRequest(key="terraform"))).data
    assert not (await unconfigured.call("GetMappings", provider_pb2.GetMappingsRequest())).providers


async def test_an_engine_that_started_nothing_can_attach(unconfigured: FakePulumiEngine) -> None:
    assert await unconfigured.call("Attach", plugin_pb2.PluginAttach(address="127.0.0.1:1")) == Empty()


async def call_function(driver: FakePulumiEngine, function: str, **arguments: object) -> provider_pb2.InvokeResponse:
    """What the function answers."""
    request = provider_pb2.InvokeRequest(tok=f"neev:index:{function}", args=to_struct(arguments))
    answer: provider_pb2.InvokeResponse = await driver.call("Invoke", request)
    return answer


async def test_a_function_answers(plugin: FakePulumiEngine) -> None:
    await plugin.create("Sandbox", {"name": "box", "cpu": 2})
    answer = await call_function(plugin, "getSandbox", name="box")
    assert from_struct(getattr(answer, "return"))["cpu"] == 2
    answer = await call_function(plugin, "getSandbox", name=secret_value("box"))
    assert from_struct(getattr(answer, "return"))["name"] == secret_value("box")
    assert from_struct(getattr(answer, "return"))["cpu"] == secret_value(2)


async def test_what_a_function_cannot_be_asked_is_named(plugin: FakePulumiEngine) -> None:
    for arguments in ({}, {"id": "a", "name": "b"}, {"id": 1}, {"colour": "red"}, {"name": "nothing"}):
        answer = await call_function(plugin, "getSandbox", **arguments)
        assert [failure.property for failure in answer.failures], arguments
    with pytest.raises(RpcFailure) as caught:
        await call_function(plugin, "getSpaceship")
    assert caught.value.code is grpc.StatusCode.INVALID_ARGUMENT


async def list_page(
    driver: FakePulumiEngine, kind: str, query: Mapping[str, object] | None = None, **rest: Any
) -> tuple[list[str], str | None]:
    """The names of what is there, and where the next page begins."""
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


async def test_what_is_there_is_listed_page_by_page(plugin: FakePulumiEngine) -> None:
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


async def test_agents_are_listed_by_part_of_their_name_and_by_state(plugin: FakePulumiEngine) -> None:
    for name in ("coder-a", "coder-b", "other"):
        await plugin.create("Agent", {"name": name, "agentTemplate": "claude-code", "paused": name == "coder-b"})
    assert sorted((await list_page(plugin, "Agent"))[0]) == ["coder-a", "coder-b", "other"]
    assert sorted((await list_page(plugin, "Agent", {"nameContains": "CODER"}))[0]) == ["coder-a", "coder-b"]
    assert await list_page(plugin, "Agent", {"status": "Paused"}) == (["coder-b"], None)


async def test_snapshots_are_listed_of_a_sandbox(plugin: FakePulumiEngine, emulator: Emulator) -> None:
    box = await plugin.create("Sandbox", {"name": "box"})
    await plugin.create("Snapshot", {"name": "kept", "sandboxId": box.id})
    assert await list_page(plugin, "Snapshot", {"sandboxId": box.id}) == (["kept"], None)
    emulator.clear_log()
    for query, message in (({}, "sandboxId: is required"), ({"colour": "red"}, "sandboxId")):
        with pytest.raises(RpcFailure, match=message):
            await list_page(plugin, "Snapshot", query)
    with pytest.raises(RpcFailure, match="is none that this provider gave"):
        await list_page(plugin, "Sandbox", continuation_token="x")


async def test_what_cannot_be_listed_is_refused(plugin: FakePulumiEngine) -> None:
    with pytest.raises(RpcFailure, match="token: Command cannot be listed") as caught:
        await list_page(plugin, "Command")
    assert caught.value.code is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_plugin_whose_provider_is_not_loaded_yet_has_nothing_to_end() -> None:
    """As where it is told to leave at once: nobody has asked for the provider, or it is being loaded."""
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
