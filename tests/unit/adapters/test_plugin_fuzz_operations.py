"""The plugin answers arbitrary operations with a result or an error, and keeps every secret."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator
from typing import Any

import grpc
import grpc.aio
import pytest
from google.protobuf import struct_pb2
from hypothesis import strategies as st
from pulumi.runtime.proto import provider_pb2
from tests.engine.project import out_of_band_request
from tests.unit.adapters.fake_pulumi_engine import FakePulumiEngine, RpcFailure, make_urn
from tests.unit.adapters.fuzz import find_lost_secrets, kinds, run_fuzz, structs, texts, to_struct

from neev_emulator.settings import Durations, Settings
from neev_emulator.testing import Emulator, serve

INSTANT_SETTINGS = Settings(durations=Durations(create=0, fork=0, addressable=0, pause=0, resume=0, delete=0))
BUG = "a bug in the NeevAI provider"
SECONDS = 1.0
"""The timeout of an operation."""
IN_BOX = {"sandboxId": "box"}
VALID_INPUTS: dict[str, dict[str, Any]] = {
    "SandboxFork": {"sourceSandboxId": "box"},
    "Snapshot": IN_BOX,
    "SandboxPool": {"replicas": 1.0},
    "GoldenImage": {"steps": [{"path": "a", "content": "A"}]},
    "File": {**IN_BOX, "path": "a", "content": "A"},
    "Directory": {**IN_BOX, "path": "a"},
    "Command": {**IN_BOX, "create": ["true"]},
    "Process": {**IN_BOX, "command": ["sh", "-c", "echo up; exec sleep 60"], "readiness": {"logPattern": "up"}},
    "Agent": {"agentTemplate": "code-server"},
    "PreviewPort": {**IN_BOX, "port": 8080.0},
    "EgressRule": {**IN_BOX, "host": "pypi.org"},
}
"""Valid inputs of each kind that requires any."""
ids = st.sampled_from(["box", "box/8080", "box/a", "other"]) | texts
valid_resources = kinds.flatmap(lambda kind: st.tuples(st.just(kind), st.just(VALID_INPUTS.get(kind, {}))))
requests = st.tuples(valid_resources, ids, structs, structs, st.booleans())


@pytest.fixture
def emulator_with_sandbox() -> Iterator[Emulator]:
    """Yield an emulator without delays that has one sandbox."""
    with serve(INSTANT_SETTINGS) as emulator:
        out_of_band_request(emulator, "POST", "/sandboxes", {"name": "box"})
        yield emulator


def is_explained(refused: RpcFailure) -> bool:
    """Return whether the error explains the failure and is no unexpected exception."""
    if refused.code is grpc.StatusCode.INTERNAL or (
        refused.code is grpc.StatusCode.UNKNOWN and refused.init_failed is None
    ):
        return False
    return bool(refused.text) and "Traceback" not in refused.text and BUG not in refused.text


async def call_or_none(arguments: Awaitable[Any], *known: struct_pb2.Struct) -> Any:
    """Return the response, or `None` if the call is rejected; assert that a partial state keeps the secrets, too."""
    try:
        return await arguments
    except RpcFailure as error:
        refused = error
    assert is_explained(refused), refused
    if refused.init_failed is not None:
        assert [path for item in known for path in find_lost_secrets(item, refused.init_failed.properties)] == []
    return None


async def list_all(driver: FakePulumiEngine, request: provider_pb2.ListRequest) -> list[Any]:
    """Return everything that the plugin lists."""
    try:
        return [item async for item in driver.stub.List(request)]
    except grpc.aio.AioRpcError as error:
        raise RpcFailure(error.code(), error.details() or "") from None


def test_operations_handle_arbitrary_values_and_keep_every_secret(emulator_with_sandbox: Emulator) -> None:
    async def case(driver: FakePulumiEngine, drawn: tuple[tuple[str, dict[str, Any]], str, Any, Any, bool]) -> None:
        (kind, base), id, some, others, near = drawn
        news, olds = to_struct({**some, **base} if near else some), to_struct({**others, **base} if near else others)
        create = provider_pb2.CreateRequest(urn=make_urn(kind, "new"), properties=news, timeout=SECONDS)
        read = provider_pb2.ReadRequest(id=id, urn=make_urn(kind), inputs=news, properties=olds)
        update = provider_pb2.UpdateRequest(
            id=id, urn=make_urn(kind), olds=olds, old_inputs=olds, news=news, timeout=SECONDS
        )
        delete = provider_pb2.DeleteRequest(
            id=id, urn=make_urn(kind), properties=olds, old_inputs=news, timeout=SECONDS
        )
        created, found, updated, _ = await asyncio.gather(
            call_or_none(driver.call("Create", create), news),
            call_or_none(driver.call("Read", read), news),
            call_or_none(driver.call("Update", update), olds),
            call_or_none(driver.call("Delete", delete)),
        )
        for answer in (created, updated):
            assert answer is None or find_lost_secrets(news, answer.properties) == []
        if found is not None:
            assert find_lost_secrets(news, found.inputs) == find_lost_secrets(olds, found.properties) == []

    run_fuzz(requests, case, emulator_with_sandbox.env, examples=30)


def test_configure_accepts_or_rejects_arbitrary_settings() -> None:
    async def case(driver: FakePulumiEngine, settings: dict[str, Any]) -> None:
        await call_or_none(driver.call("Configure", provider_pb2.ConfigureRequest(args=to_struct(settings))))

    run_fuzz(structs, case)


def test_list_handles_arbitrary_queries(emulator_with_sandbox: Emulator) -> None:
    async def case(driver: FakePulumiEngine, drawn: tuple[str, dict[str, Any], str, int, int]) -> None:
        kind, query, token, limit, size = drawn
        request = provider_pb2.ListRequest(
            token=f"neev:index:{kind}", query=to_struct(query), continuation_token=token, limit=limit, page_size=size
        )
        await call_or_none(list_all(driver, request))

    numbers = st.integers(-3, 3)
    run_fuzz(
        st.tuples(kinds, structs, texts | st.just("1"), numbers, numbers), case, emulator_with_sandbox.env, examples=60
    )
