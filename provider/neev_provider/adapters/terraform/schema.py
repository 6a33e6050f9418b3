"""The schemas of the protocol, from the attributes."""

from __future__ import annotations

import json
from typing import Any, Final

from neev_provider.adapters.shared.descriptions import render_description
from neev_provider.adapters.shared.hints import TERRAFORM
from neev_provider.adapters.shared.schema_types import (
    PRIMITIVE_NAMES,
    ArrayType,
    ObjectType,
    TypeSpec,
    TypeVisitor,
)
from neev_provider.adapters.terraform import tfplugin6_pb2 as pb
from neev_provider.adapters.terraform.attributes import (
    TIMEOUTS,
    Attribute,
    Attributes,
    has_object,
    is_json,
    nested_attributes,
)
from neev_provider.core.resource import Timeouts

STRING: Final = "string"
OPERATIONS: Final = ("create", "read", "update", "delete")
Nesting = pb.Schema.Object.NestingMode


def build_schema(attributes: Attributes, description: str, *, timeouts: Timeouts | None = None) -> pb.Schema:
    """Return the schema of a resource, a data source or the provider."""
    block = pb.Schema.Block(
        attributes=[_attribute(attribute) for attribute in attributes.values()],
        description=render_description(description, TERRAFORM),
        description_kind=pb.MARKDOWN,
    )
    if timeouts is not None:
        block.block_types.append(_timeouts_block(timeouts))
    return pb.Schema(block=block)


def constraint(type_spec: TypeSpec) -> Any:
    """Return the type as the engine's JSON has it; undeclared values are text."""
    return STRING if is_json(type_spec) else _CONSTRAINTS.visit(type_spec)


def _primitive_name(type_: type) -> str:
    return {"boolean": "bool", "integer": "number"}.get(PRIMITIVE_NAMES[type_], PRIMITIVE_NAMES[type_])


def _unserved(declared: object) -> Any:
    raise AssertionError(f"{declared} has no type of its own here")


_CONSTRAINTS: Final[TypeVisitor[Any]] = TypeVisitor(
    primitive=lambda type_spec: _primitive_name(type_spec.type),
    any=STRING,
    enum=lambda _enum: STRING,
    object=_unserved,
    array=lambda item: ["list", item],
    map=lambda item: ["map", item],
    asset=_unserved,
)


def _attribute(attribute: Attribute) -> pb.Schema.Attribute:
    message = pb.Schema.Attribute(
        name=attribute.name,
        description=render_description(attribute.description, TERRAFORM),
        description_kind=pb.MARKDOWN,
        required=attribute.required,
        optional=attribute.optional,
        computed=attribute.computed,
        sensitive=attribute.sensitive,
        write_only=attribute.write_only,
    )
    if has_object(attribute.type):
        message.nested_type.CopyFrom(_nested_type(attribute.type, is_input=attribute.is_input))
    else:
        message.type = json.dumps(constraint(attribute.type)).encode()
    return message


def _nested_type(type_spec: TypeSpec, *, is_input: bool) -> pb.Schema.Object:
    match type_spec:
        case ObjectType(model):
            nesting, inner = Nesting.SINGLE, model
        case ArrayType(ObjectType(model)):
            nesting, inner = Nesting.LIST, model
        case _:
            raise AssertionError(f"{type_spec}: objects in maps or in collections of collections have no type here")
    nested = nested_attributes(inner, is_input=is_input)
    return pb.Schema.Object(nesting=nesting, attributes=[_attribute(item) for item in nested.values()])


def _timeouts_block(timeouts: Timeouts) -> pb.Schema.NestedBlock:
    attributes = [
        pb.Schema.Attribute(
            name=operation,
            type=json.dumps(STRING).encode(),
            optional=True,
            description=f"Time limit, such as `90s` or `1h30m`. Defaults to `{getattr(timeouts, operation) / 60:g}m`.",
            description_kind=pb.MARKDOWN,
        )
        for operation in sorted(OPERATIONS)
    ]
    description = "Time limits of the operations."
    block = pb.Schema.Block(attributes=attributes, description=description, description_kind=pb.MARKDOWN)
    return pb.Schema.NestedBlock(type_name=TIMEOUTS, block=block, nesting=pb.Schema.NestedBlock.SINGLE)
