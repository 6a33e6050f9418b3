"""The schemas follow the rules of the engine, which rejects all of them otherwise."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from neev_provider.adapters.terraform import tfplugin6_pb2 as pb
from neev_provider.adapters.terraform.provider_schema import load_provider_schema

RESERVED = {
    "provider": {"alias", "version"},
    "resource": {"connection", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioner"},
}
"""Names that have a meaning of their own in a block of the kind."""
NAME = re.compile(r"[a-z_][a-z0-9_]*")
SCALARS = ("string", "number", "bool")
KINDS = {(True, False, False), (False, True, False), (False, False, True), (False, True, True)}
"""Required, optional, computed, or optional and computed."""


def list_blocks() -> Iterator[tuple[str, pb.Schema.Block]]:
    """Yield every block with the kind of its reserved names."""
    response = load_provider_schema()
    yield "provider", response.provider.block
    for field in ("resource_schemas", "data_source_schemas", "ephemeral_resource_schemas", "list_resource_schemas"):
        for schema in getattr(response, field).values():
            yield "resource", schema.block
    for action in response.action_schemas.values():
        yield "resource", action.schema.block


def list_attributes(block: pb.Schema.Block | pb.Schema.Object) -> Iterator[pb.Schema.Attribute]:
    """Yield the attributes at every depth."""
    for attribute in block.attributes:
        yield attribute
        yield from list_attributes(attribute.nested_type)
    for nested in getattr(block, "block_types", ()):
        yield from list_attributes(nested.block)


ATTRIBUTES = [attribute for _, block in list_blocks() for attribute in list_attributes(block)]


def is_constraint(kind: Any) -> bool:
    """Return whether the type is a type constraint of the engine."""
    if isinstance(kind, str):
        return kind in SCALARS
    return isinstance(kind, list) and len(kind) == 2 and kind[0] in {"list", "map", "set"} and is_constraint(kind[1])


def test_no_attribute_has_a_reserved_name() -> None:
    for kind, block in list_blocks():
        names = [attribute.name for attribute in block.attributes] + [nested.type_name for nested in block.block_types]
        assert len(set(names)) == len(names)
        assert RESERVED[kind].isdisjoint(names)


def test_every_name_is_a_valid_identifier() -> None:
    response = load_provider_schema()
    types = [*response.resource_schemas, *response.data_source_schemas, *response.ephemeral_resource_schemas]
    types += [*response.list_resource_schemas, *response.action_schemas]
    assert all(name.startswith("neev_") for name in types)
    names = [*types, *response.functions, *(attribute.name for attribute in ATTRIBUTES)]
    assert [name for name in names if not NAME.fullmatch(name)] == []


def test_every_attribute_is_required_optional_or_computed() -> None:
    kinds = {item.name: (item.required, item.optional, item.computed) for item in ATTRIBUTES}
    assert {name: kind for name, kind in kinds.items() if kind not in KINDS} == {}


def test_every_attribute_has_one_valid_type() -> None:
    for item in ATTRIBUTES:
        assert bool(item.type) != item.HasField("nested_type"), item.name
        if item.type:
            assert is_constraint(json.loads(item.type)), item.name
        else:
            assert item.nested_type.attributes, item.name
            assert item.nested_type.nesting != pb.Schema.Object.INVALID, item.name


def test_computed_attributes_are_not_write_only() -> None:
    written = [item for item in ATTRIBUTES if item.write_only]
    assert written != []
    assert not any(item.computed for item in written)


@pytest.mark.parametrize("field", ["data_source_schemas", "ephemeral_resource_schemas", "list_resource_schemas"])
def test_only_resources_have_write_only_attributes(field: str) -> None:
    schemas = getattr(load_provider_schema(), field).values()
    assert not any(item.write_only for schema in schemas for item in list_attributes(schema.block))
