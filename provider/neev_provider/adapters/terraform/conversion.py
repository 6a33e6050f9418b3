"""Values of the core (camelCase, without nulls) and of the engine (snake_case, every attribute present)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from neev_provider.adapters.shared.schema_types import AnyType, ArrayType, MapType, ObjectType, TypeSpec, type_of
from neev_provider.adapters.terraform.attributes import served_properties
from neev_provider.core.diff import semantically_equal
from neev_provider.core.model import UNKNOWN, Model, Property


def properties_to_core(model: type[Model], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the declared properties that have a value, from the attributes of the engine."""
    return {
        prop.name: to_core(prop, values[prop.field])
        for prop in served_properties(model)
        if values.get(prop.field) is not None
    }


def to_core(prop: Property, value: Any) -> Any:
    """Return the core's form of a property's value."""
    return prop.coerce(_to_core(type_of(prop), value))


def to_engine(prop: Property, value: Any) -> Any:
    """Return the engine's form of a property's value."""
    return _to_engine(type_of(prop), value)


def keep_form(prop: Property, old_value: Any, value: Any) -> Any:
    """Return the engine's form of the core's value: the old one (the engine's, too) if it means the same."""
    if old_value is not None and value is not None and _is_same(prop, to_core(prop, old_value), value):
        return old_value
    return to_engine(prop, value)


def _is_same(prop: Property, one: Any, other: Any) -> bool:
    return other is not UNKNOWN and one is not UNKNOWN and semantically_equal(prop, one, other)


def _to_core(type_spec: TypeSpec, value: Any) -> Any:
    if value is None or value is UNKNOWN:
        return value
    match type_spec:
        case ObjectType(model):
            return properties_to_core(model, value)
        case ArrayType(item):
            return [_to_core(item, part) for part in value]
        case MapType(AnyType()):
            return _parse_json(value)
        case MapType(item):
            return {key: _to_core(item, part) for key, part in value.items()}
    return value


def _to_engine(type_spec: TypeSpec, value: Any) -> Any:  # noqa: PLR0911  one for each kind
    if value is None or value is UNKNOWN:
        return value
    match type_spec:
        case ObjectType(model):
            return {prop.field: to_engine(prop, value.get(prop.name)) for prop in served_properties(model)}
        case ArrayType(item):
            return [_to_engine(item, part) for part in value]
        case MapType(AnyType()):
            return json.dumps(value, sort_keys=True)
        case MapType(item):
            return {key: _to_engine(item, part) for key, part in value.items()}
        case AnyType():
            return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return value


def _parse_json(text: Any) -> Any:
    """Return the value of the JSON text; a text that is none is returned as it is, for the validation."""
    try:
        return json.loads(text)
    except ValueError:
        return text
