"""The values of Terraform's engine by schema, and the rules that it enforces.

Numbers are decimal, as in the engine: its 0.1 differs from the double 0.1.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final, TypeAlias

import msgpack

from neev_provider.adapters.terraform import tfplugin6_pb2 as pb
from neev_provider.core.model import UNKNOWN

Value: TypeAlias = Any
"""A plain value: text, `Decimal`, bool, list, dict, `None`, or `UNKNOWN`."""
Type: TypeAlias = "str | list[Any] | pb.Schema.Object | pb.Schema.Block"
MAX_INTEGER: Final = 1 << 63


class IllegalResponse(AssertionError):
    """The engine stops with "Provider produced invalid plan", "... inconsistent result" or the like."""


def attribute_types(block: pb.Schema.Block | pb.Schema.Object) -> dict[str, Type]:
    """Return the type of each attribute and block."""
    types: dict[str, Type] = {
        item.name: item.nested_type if item.HasField("nested_type") else json.loads(item.type)
        for item in block.attributes
    }
    if isinstance(block, pb.Schema.Block):
        types |= {nested.type_name: nested.block for nested in block.block_types}
    return types


def flags(block: pb.Schema.Block | pb.Schema.Object) -> dict[str, pb.Schema.Attribute]:
    """Return the attributes by name; a block counts as an optional attribute."""
    attributes = {item.name: item for item in block.attributes}
    if isinstance(block, pb.Schema.Block):
        blocks = {item.type_name for item in block.block_types}
        attributes |= {name: pb.Schema.Attribute(name=name, optional=True) for name in blocks}
    return attributes


def convert(kind: Type, value: Any) -> Value:  # noqa: PLR0911  one for each kind
    """Return a configuration's value of the type, as the engine converts it: every attribute, scalars as declared."""
    if value is None or value is UNKNOWN:
        return value
    if isinstance(kind, pb.Schema.Object):
        if kind.nesting == pb.Schema.Object.NestingMode.LIST:
            return [_convert_object(kind, item) for item in value]
        return _convert_object(kind, value)
    if isinstance(kind, pb.Schema.Block):
        return _convert_object(kind, value)
    if isinstance(kind, list):
        if kind[0] == "list":
            return [convert(kind[1], item) for item in value]
        return {key: convert(kind[1], item) for key, item in value.items()}
    return _convert_scalar(kind, value)


def _convert_object(kind: pb.Schema.Object | pb.Schema.Block, value: Any) -> Value:
    if value is None or value is UNKNOWN:
        return value
    types = attribute_types(kind)
    assert value.keys() <= types.keys(), f"the configuration sets {sorted(value.keys() - types.keys())}, not declared"
    return {name: convert(inner, value.get(name)) for name, inner in types.items()}


def _convert_scalar(kind: str, value: Any) -> Value:
    if kind == "number":
        return Decimal(str(value))
    if kind == "bool":
        return {"true": True, "false": False}.get(value, value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{Decimal(str(value)).normalize():f}" if isinstance(value, int | float | Decimal) else value


def to_wire(value: Value) -> pb.DynamicValue:
    """Return the message of a value, as the engine encodes it."""
    return pb.DynamicValue(msgpack=msgpack.packb(_plain(value)))


def to_json(value: Value) -> bytes:
    """Return the value as a state file has it."""
    return json.dumps(value, default=lambda number: int(number) if number == int(number) else float(number)).encode()


def _plain(value: Value) -> Any:
    if value is UNKNOWN:
        return msgpack.ExtType(0, b"\0")
    if isinstance(value, Decimal):
        if value == int(value) and abs(value) < MAX_INTEGER:
            return int(value)
        return float(value) if Decimal(float(value)) == value else str(value)
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def from_wire(block: pb.Schema.Block, message: pb.DynamicValue) -> Value:
    """Return the value of an object of the block, after checking that it has the block's type."""
    if not message.msgpack:
        raise IllegalResponse("an empty response counts as absent")
    value = msgpack.unpackb(message.msgpack, ext_hook=lambda _code, _data: UNKNOWN)
    return _check(block, value, "")


def _check(kind: Type, value: Any, path: str) -> Value:
    if value is None or value is UNKNOWN:
        return value
    if isinstance(kind, pb.Schema.Object) and kind.nesting == pb.Schema.Object.NestingMode.LIST:
        _require(isinstance(value, list), path, "a list is required")
        return [_check_object(kind, item, f"{path}[{index}]") for index, item in enumerate(value)]
    if isinstance(kind, pb.Schema.Object | pb.Schema.Block):
        return _check_object(kind, value, path)
    if isinstance(kind, list):
        _require(isinstance(value, list if kind[0] == "list" else dict), path, f"a {kind[0]} is required")
        if isinstance(value, list):
            return [_check(kind[1], item, f"{path}[{index}]") for index, item in enumerate(value)]
        return {key: _check(kind[1], item, f"{path}[{key}]") for key, item in value.items()}
    return _check_scalar(kind, value, path)


def _check_object(kind: pb.Schema.Object | pb.Schema.Block, value: Any, path: str) -> Value:
    if value is None or value is UNKNOWN:
        return value
    _require(isinstance(value, dict), path, "an object is required")
    types = attribute_types(kind)
    _require(value.keys() == types.keys(), path, f"these attributes differ: {sorted(value.keys() ^ types.keys())}")
    return {name: _check(inner, value[name], f"{path}.{name}") for name, inner in types.items()}


def _check_scalar(kind: str, value: Any, path: str) -> Value:
    if kind == "number":
        _require(isinstance(value, int | float | str) and not isinstance(value, bool), path, "a number is required")
        return Decimal(value)
    _require(isinstance(value, bool if kind == "bool" else str), path, f"a {kind} is required")
    return value


def proposed_new(block: pb.Schema.Block | pb.Schema.Object, prior: Value, config: Value) -> Value:
    """Return the configuration over the prior state: a computed attribute without a configuration keeps its value."""
    before = prior or dict.fromkeys(config)
    return {
        name: before[name] if value is None and flags(block)[name].computed else value for name, value in config.items()
    }


def check_plan(block: pb.Schema.Block, prior: Value, config: Value, planned: Value) -> None:
    """Check the engine's rules for a plan.

    Raises:
        IllegalResponse: "Provider produced invalid plan".
    """
    _require(isinstance(planned, dict), "", "planned for absence but config wants existence")
    _check_planned_object(block, prior, config, planned, "")


def _check_planned_object(
    kind: pb.Schema.Block | pb.Schema.Object, prior: Value, config: Value, planned: Value, path: str
) -> None:
    types, attributes = attribute_types(kind), flags(kind)
    for name, attribute in attributes.items():
        before = prior[name] if isinstance(prior, dict) else None
        _check_planned(attribute, types[name], before, config[name], planned[name], f"{path}.{name}")


def _check_planned(  # noqa: PLR0913, PLR0917  the engine's own arguments
    attribute: pb.Schema.Attribute, kind: Type, prior: Value, config: Value, planned: Value, path: str
) -> None:
    if attribute.write_only:
        _require(planned is None, path, "planned a value for a write-only attribute")
        return
    is_kept = prior is not None and config is not None and planned == prior
    if planned == config or is_kept or (attribute.computed and config is None):
        return
    _require(config is not None, path, f"planned value {planned} for a non-computed attribute")
    _require(planned is not UNKNOWN, path, "planned unknown for configured value")
    if isinstance(kind, pb.Schema.Object) and kind.nesting == pb.Schema.Object.NestingMode.SINGLE and planned:
        _check_planned_object(kind, prior, config, planned, path)
        return
    raise IllegalResponse(f"{path}: planned value {planned} matches neither config value {config} nor prior {prior}")


def check_result(planned: Value, actual: Value, path: str = "") -> None:
    """Check that the result equals the plan, except for unknown values.

    Raises:
        IllegalResponse: "Provider produced inconsistent result after apply", or "... inconsistent final plan".
    """
    if planned is UNKNOWN:
        return
    if isinstance(planned, dict) and isinstance(actual, dict):
        _require(planned.keys() == actual.keys(), path, f"was {sorted(planned)}, but now {sorted(actual)}")
        for name in planned:
            check_result(planned[name], actual[name], f"{path}.{name}")
    elif isinstance(planned, list) and isinstance(actual, list):
        _require(len(planned) == len(actual), path, f"had {len(planned)} elements, but now {len(actual)}")
        for index, (one, other) in enumerate(zip(planned, actual, strict=True)):
            check_result(one, other, f"{path}[{index}]")
    else:
        _require(_same(planned, actual), path, f"was {planned!r}, but now {actual!r}")


def check_known(block: pb.Schema.Block, state: Value) -> None:
    """Check that a state has no unknown value and no value of a write-only attribute.

    Raises:
        IllegalResponse: "Provider returned invalid result object", or "Provider produced invalid object".
    """
    _require(state is None or not has_unknown(state), "", f"still indicated an unknown value: {state}")
    for name, attribute in flags(block).items():
        is_written = attribute.write_only and state is not None and state[name] is not None
        _require(not is_written, name, "returned a value for the write-only attribute")


def has_unknown(value: Value) -> bool:
    """Return whether there is an unknown value in the value."""
    return value is UNKNOWN or any(has_unknown(item) for item in _items(value))


def _items(value: Value) -> Iterator[Value]:
    yield from value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _same(one: Value, other: Value) -> bool:
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _require(condition: bool, path: str, reason: str) -> None:  # noqa: FBT001
    if not condition:
        raise IllegalResponse(f"{path.removeprefix('.') or 'the object'}: {reason}")
