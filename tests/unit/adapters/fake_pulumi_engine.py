"""The engine's side of one plugin: its calls over a real connection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import grpc.aio
from google.protobuf import json_format, struct_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from neev_provider.adapters.pulumi.plugin.engine_client import NO_PROXY_OPTIONS

SIGNATURE = "4dabf18193072939515e22adb298388d"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
RANDOM_SEED = bytes(range(32))
CHANNEL_OPTIONS = [("grpc.max_metadata_size", 1 << 20), ("grpc.absolute_max_metadata_size", 1 << 20)]
"""The size limit of the details of a status: the engine accepts more than a Python client does."""


def secret_value(value: Any) -> dict[str, Any]:
    """Return the value as a secret on the wire."""
    return {SIGNATURE: "1b47061264138c4ac30d75fd1eb44270", "value": value}


def to_struct(values: Mapping[str, Any]) -> struct_pb2.Struct:
    """Return the values in their wire form."""
    found = struct_pb2.Struct()
    found.update(dict(values))
    return found


def from_struct(found: struct_pb2.Struct) -> dict[str, Any]:
    """Return the values from their wire form; whole numbers become integers."""
    return {key: _restore_integers(value) for key, value in json_format.MessageToDict(found).items()}


@dataclass(frozen=True)
class StoredResource:
    """The data that the engine stores for a resource."""

    urn: str
    id: str
    inputs: dict[str, Any]
    state: dict[str, Any]


@dataclass(frozen=True)
class RpcFailure(Exception):
    """A rejected call: its code, its text, and its details."""

    code: grpc.StatusCode
    text: str
    init_failed: provider_pb2.ErrorResourceInitFailed | None = None
    missing: provider_pb2.ConfigureErrorMissingKeys | None = None


class FakePulumiEngine:
    """An engine that is connected to one plugin."""

    def __init__(self, port: int) -> None:
        self._channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=[*CHANNEL_OPTIONS, *NO_PROXY_OPTIONS])
        self.stub: Any = provider_pb2_grpc.ResourceProviderStub(self._channel)

    async def close(self) -> None:
        """Close the connection, as an engine does that exits."""
        await self._channel.close()

    async def call(self, method: str, request: Any) -> Any:
        """Call the method and return its response; raise `RpcFailure` if it is rejected."""
        try:
            return await getattr(self.stub, method)(request)
        except grpc.aio.AioRpcError as error:
            raise _to_rpc_failure(error) from None

    async def configure(self, provider: str = "default", **settings: Any) -> None:
        """Configure the provider."""
        place = f"urn:pulumi:dev::story::pulumi:providers:neev::{provider}"
        request = provider_pb2.ConfigureRequest(args=to_struct(settings), name=provider, urn=place)
        await self.call("Configure", request)

    async def check(
        self, kind: str, new_inputs: Mapping[str, Any], old_inputs: Mapping[str, Any] | None = None, **rest: Any
    ) -> provider_pb2.CheckResponse:
        """Return the response of a check."""
        request = provider_pb2.CheckRequest(
            olds=to_struct(old_inputs or {}),
            news=to_struct(new_inputs),
            **{"urn": make_urn(kind), "randomSeed": RANDOM_SEED, **rest},
        )
        answer: provider_pb2.CheckResponse = await self.call("Check", request)
        return answer

    async def check_valid(
        self, kind: str, new_inputs: Mapping[str, Any], old_inputs: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the inputs of a check; assert that it has no failures."""
        answer = await self.check(kind, new_inputs, old_inputs)
        assert [failure.reason for failure in answer.failures] == []
        return from_struct(answer.inputs)

    async def diff(self, stored: StoredResource, new_inputs: Mapping[str, Any]) -> provider_pb2.DiffResponse:
        """Return the diff for a change of the program to these inputs."""
        kind = stored.urn.split("::")[-2].rpartition(":")[2]
        request = provider_pb2.DiffRequest(
            id=stored.id,
            urn=stored.urn,
            olds=to_struct(stored.state),
            old_inputs=to_struct(stored.inputs),
            news=to_struct(await self.check_valid(kind, new_inputs, stored.inputs)),
        )
        answer: provider_pb2.DiffResponse = await self.call("Diff", request)
        return answer

    async def create(self, kind: str, new_inputs: Mapping[str, Any], **rest: Any) -> StoredResource:
        """Create a resource and return it as the engine stores it."""
        inputs = await self.check_valid(kind, new_inputs)
        request = provider_pb2.CreateRequest(urn=make_urn(kind), properties=to_struct(inputs), **rest)
        answer = await self.call("Create", request)
        return StoredResource(request.urn, answer.id, inputs, from_struct(answer.properties))

    async def update(self, stored: StoredResource, new_inputs: Mapping[str, Any], **rest: Any) -> StoredResource:
        """Return the resource after the program changes to these inputs."""
        kind = stored.urn.split("::")[-2].rpartition(":")[2]
        inputs = await self.check_valid(kind, new_inputs, stored.inputs)
        request = provider_pb2.UpdateRequest(
            id=stored.id,
            urn=stored.urn,
            olds=to_struct(stored.state),
            old_inputs=to_struct(stored.inputs),
            news=to_struct(inputs),
            **rest,
        )
        answer = await self.call("Update", request)
        return StoredResource(stored.urn, stored.id, inputs, from_struct(answer.properties))

    async def refresh(self, stored: StoredResource) -> StoredResource | None:
        """Return the resource after a refresh, or `None` if it no longer exists."""
        request = provider_pb2.ReadRequest(
            id=stored.id, urn=stored.urn, inputs=to_struct(stored.inputs), properties=to_struct(stored.state)
        )
        return _stored_from_read(stored.urn, await self.call("Read", request))

    async def import_(self, kind: str, id: str) -> StoredResource | None:
        """Import an existing object and return it as the engine stores it."""
        return _stored_from_read(
            make_urn(kind), await self.call("Read", provider_pb2.ReadRequest(id=id, urn=make_urn(kind)))
        )

    async def delete(self, stored: StoredResource, **rest: Any) -> None:
        """Delete the resource."""
        request = provider_pb2.DeleteRequest(
            id=stored.id,
            urn=stored.urn,
            properties=to_struct(stored.state),
            old_inputs=to_struct(stored.inputs),
            **rest,
        )
        await self.call("Delete", request)


def make_urn(kind: str, name: str = "box") -> str:
    """Return the URN of a resource of this kind."""
    return f"urn:pulumi:dev::story::neev:index:{kind}::{name}"


def _stored_from_read(urn: str, answer: provider_pb2.ReadResponse) -> StoredResource | None:
    if not answer.id:
        assert not answer.HasField("properties")
        return None
    return StoredResource(urn, answer.id, from_struct(answer.inputs), from_struct(answer.properties))


def _to_rpc_failure(error: grpc.aio.AioRpcError) -> RpcFailure:
    kept = missing = None
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            assert isinstance(value, bytes)
            status = status_pb2.Status.FromString(value)
            # The engine's grpc for Go drops the details if these differ.
            assert (status.code, status.message) == (error.code().value[0], error.details())
            for detail in status.details:
                kept = _unpack_detail(detail, provider_pb2.ErrorResourceInitFailed()) or kept
                missing = _unpack_detail(detail, provider_pb2.ConfigureErrorMissingKeys()) or missing
    return RpcFailure(error.code(), error.details() or "", kept, missing)


def _unpack_detail(detail: Any, message: Any) -> Any:
    return message if detail.Unpack(message) else None


def _restore_integers(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _restore_integers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_restore_integers(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
