"""The protocol's description is a part of OpenTofu's own: the same names, numbers and types, and nothing else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
)
from tools.engine.engine import OPENTOFU
from tools.engine.terraform import MODULE

from neev_provider.adapters.terraform import tfplugin6_pb2

NOT_SERVED = {
    "no engine calls it": ("GetMetadata",),
    "no type of resource was renamed": ("MoveResourceState",),
    "the engine generates it from the state, and that is enough": ("GenerateResourceConfig",),
    "states are stored elsewhere": (
        "GetProviderSchema.Response.StateStoreSchemasEntry",
        "GetProviderSchema.Response.state_store_schemas",
        "ValidateStateStore",
        "ConfigureStateStore",
        "StateStoreClientCapabilities",
        "StateStoreServerCapabilities",
        "ReadStateBytes",
        "WriteStateBytes",
        "RequestChunkMeta",
        "StateRange",
        "LockState",
        "UnlockState",
        "GetStates",
        "DeleteState",
    ),
    "a module passes nothing to the provider": (
        "GetProviderSchema.Response.provider_meta",
        "ReadResource.Request.provider_meta",
        "PlanResourceChange.Request.provider_meta",
        "ApplyResourceChange.Request.provider_meta",
        "ReadDataSource.Request.provider_meta",
    ),
    "only states of Terraform before 0.12 have it": ("RawState.flatmap", "RawState.FlatmapEntry"),
    "the results obey the rules": (
        "PlanResourceChange.Response.legacy_type_system",
        "ApplyResourceChange.Response.legacy_type_system",
    ),
    "deprecated, and not read": ("Schema.Object.min_items", "Schema.Object.max_items"),
}
"""What OpenTofu's description has in addition, and why the provider does without. A name covers what is below it."""


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """Return what the description in OpenTofu's Go module declares."""
    if not (go := shutil.which("go")):
        pytest.skip("Go is not installed: OpenTofu's description of the protocol is in a Go module")
    command = [go, "mod", "download", "-json", MODULE]
    module = subprocess.run(
        command, cwd=OPENTOFU, env={**os.environ, "GOWORK": "off"}, capture_output=True, check=False
    )
    if module.returncode:
        pytest.skip(
            f"the Go module with OpenTofu's description cannot be downloaded: {module.stdout!r} {module.stderr!r}"
        )
    folder = Path(json.loads(module.stdout)["Dir"]) / "docs" / "plugin-protocol"
    compiled = tmp_path_factory.mktemp("protocol") / "set"
    protoc = [sys.executable, "-m", "grpc_tools.protoc", f"-I{folder}", f"--descriptor_set_out={compiled}"]
    subprocess.run([*protoc, "tfplugin6.10.proto"], check=True)
    (file,) = FileDescriptorSet.FromString(compiled.read_bytes()).file
    return dict(list_declarations(file))


@pytest.fixture(scope="module")
def ours() -> dict[str, object]:
    """Return what the description of this provider declares."""
    return dict(list_declarations(FileDescriptorProto.FromString(tfplugin6_pb2.DESCRIPTOR.serialized_pb)))


def list_declarations(file: FileDescriptorProto) -> Iterator[tuple[str, object]]:
    """Yield the dotted name of each message, field, value and call, with everything that affects the wire format."""
    yield "package", file.package
    for message in file.message_type:
        yield from _list_message(message, "")
    for enum in file.enum_type:
        yield from _list_enum(enum, "")
    for service in file.service:
        for call in service.method:
            request = call.input_type.removeprefix(f".{file.package}.")
            streams = call.client_streaming, call.server_streaming
            yield f"{request} to {service.name}/{call.name}", (call.output_type, *streams)


def _list_message(message: DescriptorProto, prefix: str) -> Iterator[tuple[str, object]]:
    name = f"{prefix}{message.name}"
    yield name, message.options.map_entry
    for field in message.field:
        oneof = message.oneof_decl[field.oneof_index].name if field.HasField("oneof_index") else None
        kind, label = FieldDescriptorProto.Type.Name(field.type), FieldDescriptorProto.Label.Name(field.label)
        yield f"{name}.{field.name}", (field.number, kind, field.type_name, label, oneof, field.proto3_optional)
    for enum in message.enum_type:
        yield from _list_enum(enum, f"{name}.")
    for nested in message.nested_type:
        yield from _list_message(nested, f"{name}.")


def _list_enum(enum: EnumDescriptorProto, prefix: str) -> Iterator[tuple[str, object]]:
    yield from ((f"{prefix}{enum.name}.{value.name}", value.number) for value in enum.value)


def test_every_declaration_matches_the_protocol_of_opentofu(ours: dict[str, object], theirs: dict[str, object]) -> None:
    assert {name: (mine, theirs.get(name)) for name, mine in ours.items() if theirs.get(name) != mine} == {}
    assert {
        "ApplyResourceChange.Request to Provider/ApplyResourceChange",
        "Diagnostic.Severity.ERROR",
        "InvokeAction.Event.Completed",
    } <= ours.keys()


def test_every_unsupported_declaration_is_listed_with_a_reason(
    ours: dict[str, object], theirs: dict[str, object]
) -> None:
    listed = {name for names in NOT_SERVED.values() for name in names}
    missing = theirs.keys() - ours.keys()
    below = tuple(f"{name}." for name in listed)
    assert {name for name in missing if name not in listed and not name.startswith(below)} == set()
    assert listed - missing == set()
