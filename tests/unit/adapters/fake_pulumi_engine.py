"""The engine's side of one plugin: each call as the engine makes it, over a real connection."""

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
SEED = bytes(range(32))
LARGE = [("grpc.max_metadata_size", 1 << 20), ("grpc.absolute_max_metadata_size", 1 << 20)]
"""The engine reads more of a status's details than a client in Python does."""


def secret(value: Any) -> dict[str, Any]:
    """The value as a secret on the wire."""
    return {SIGNATURE: "1b47061264138c4ac30d75fd1eb44270", "value": value}


def struct(values: Mapping[str, Any]) -> struct_pb2.Struct:
    """The values on the wire."""
    found = struct_pb2.Struct()
    found.update(dict(values))
    return found


def read(found: struct_pb2.Struct) -> dict[str, Any]:
    """The values as they are on the wire, whole numbers as such."""
    return {key: _whole(value) for key, value in json_format.MessageToDict(found).items()}


@dataclass(frozen=True)
class Kept:
    """What the engine keeps of a resource."""

    urn: str
    id: str
    inputs: dict[str, Any]
    state: dict[str, Any]


@dataclass(frozen=True)
class Refusal(Exception):
    """A call that was refused: its code, its text, and the details that came with it."""

    code: grpc.StatusCode
    text: str
    kept: provider_pb2.ErrorResourceInitFailed | None = None
    missing: provider_pb2.ConfigureErrorMissingKeys | None = None


class Driver:
    """One engine and its plugin."""

    def __init__(self, port: int) -> None:
        self._channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=[*LARGE, *NO_PROXY_OPTIONS])
        self.stub: Any = provider_pb2_grpc.ResourceProviderStub(self._channel)

    async def close(self) -> None:
        """The engine is gone."""
        await self._channel.close()

    async def call(self, method: str, request: Any) -> Any:
        """The answer; raises `Refusal`."""
        try:
            return await getattr(self.stub, method)(request)
        except grpc.aio.AioRpcError as error:
            raise _refusal(error) from None

    async def configure(self, provider: str = "default", **settings: Any) -> None:
        """The provider is configured."""
        place = f"urn:pulumi:dev::story::pulumi:providers:neev::{provider}"
        request = provider_pb2.ConfigureRequest(args=struct(settings), name=provider, urn=place)
        await self.call("Configure", request)

    async def check(
        self, kind: str, news: Mapping[str, Any], olds: Mapping[str, Any] | None = None, **rest: Any
    ) -> provider_pb2.CheckResponse:
        """What the check answers."""
        request = provider_pb2.CheckRequest(
            urn=urn(kind), olds=struct(olds or {}), news=struct(news), **{"randomSeed": SEED, **rest}
        )
        answer: provider_pb2.CheckResponse = await self.call("Check", request)
        return answer

    async def checked(self, kind: str, news: Mapping[str, Any], olds: Mapping[str, Any] | None = None) -> Any:
        """The inputs that a check without failures answers."""
        answer = await self.check(kind, news, olds)
        assert [failure.reason for failure in answer.failures] == []
        return read(answer.inputs)

    async def diff(self, kept: Kept, news: Mapping[str, Any]) -> provider_pb2.DiffResponse:
        """What the diff answers for a change of the program to these inputs."""
        kind = kept.urn.split("::")[-2].rpartition(":")[2]
        request = provider_pb2.DiffRequest(
            id=kept.id,
            urn=kept.urn,
            olds=struct(kept.state),
            old_inputs=struct(kept.inputs),
            news=struct(await self.checked(kind, news, kept.inputs)),
        )
        answer: provider_pb2.DiffResponse = await self.call("Diff", request)
        return answer

    async def create(self, kind: str, news: Mapping[str, Any], **rest: Any) -> Kept:
        """The resource as the engine keeps it."""
        inputs = await self.checked(kind, news)
        request = provider_pb2.CreateRequest(urn=urn(kind), properties=struct(inputs), **rest)
        answer = await self.call("Create", request)
        return Kept(request.urn, answer.id, inputs, read(answer.properties))

    async def update(self, kept: Kept, news: Mapping[str, Any], **rest: Any) -> Kept:
        """The resource after a change of the program to these inputs."""
        kind = kept.urn.split("::")[-2].rpartition(":")[2]
        inputs = await self.checked(kind, news, kept.inputs)
        request = provider_pb2.UpdateRequest(
            id=kept.id,
            urn=kept.urn,
            olds=struct(kept.state),
            old_inputs=struct(kept.inputs),
            news=struct(inputs),
            **rest,
        )
        answer = await self.call("Update", request)
        return Kept(kept.urn, kept.id, inputs, read(answer.properties))

    async def refresh(self, kept: Kept) -> Kept | None:
        """The resource after a refresh, or `None` where it is gone."""
        request = provider_pb2.ReadRequest(
            id=kept.id, urn=kept.urn, inputs=struct(kept.inputs), properties=struct(kept.state)
        )
        return _read(kept.urn, await self.call("Read", request))

    async def import_(self, kind: str, id: str) -> Kept | None:
        """What exists, as the engine imports it."""
        return _read(urn(kind), await self.call("Read", provider_pb2.ReadRequest(id=id, urn=urn(kind))))

    async def delete(self, kept: Kept, **rest: Any) -> None:
        """The resource is gone."""
        request = provider_pb2.DeleteRequest(
            id=kept.id, urn=kept.urn, properties=struct(kept.state), old_inputs=struct(kept.inputs), **rest
        )
        await self.call("Delete", request)


def urn(kind: str, name: str = "box") -> str:
    """The URN of a resource of this kind."""
    return f"urn:pulumi:dev::story::neev:index:{kind}::{name}"


def _read(urn: str, answer: provider_pb2.ReadResponse) -> Kept | None:
    if not answer.id:
        assert not answer.HasField("properties")
        return None
    return Kept(urn, answer.id, read(answer.inputs), read(answer.properties))


def _refusal(error: grpc.aio.AioRpcError) -> Refusal:
    kept = missing = None
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            assert isinstance(value, bytes)
            status = status_pb2.Status.FromString(value)
            # grpc in Go, which the engine uses, drops the details where these differ
            assert (status.code, status.message) == (error.code().value[0], error.details())
            for detail in status.details:
                kept = _unpacked(detail, provider_pb2.ErrorResourceInitFailed()) or kept
                missing = _unpacked(detail, provider_pb2.ConfigureErrorMissingKeys()) or missing
    return Refusal(error.code(), error.details() or "", kept, missing)


def _unpacked(detail: Any, message: Any) -> Any:
    return message if detail.Unpack(message) else None


def _whole(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _whole(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_whole(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
