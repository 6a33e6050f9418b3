"""Stored states of other versions of the provider, in the form of this one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neev_provider.adapters.shared.schema_types import ArrayType, MapType, ObjectType, TypeSpec
from neev_provider.adapters.terraform.attributes import Attributes, nested_attributes


def conform(attributes: Attributes, stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return the stored values of the attributes: null for those that are new, and nothing that is not declared."""
    return {
        name: _conform(attribute.type, stored.get(name), is_input=attribute.is_input)
        for name, attribute in attributes.items()
    }


def _conform(type_spec: TypeSpec, value: Any, *, is_input: bool) -> Any:
    match type_spec:
        case ObjectType(model) if isinstance(value, Mapping):
            return conform(nested_attributes(model, is_input=is_input), value)
        case ArrayType(item) if isinstance(value, list):
            return [_conform(item, part, is_input=is_input) for part in value]
        case MapType(item) if isinstance(value, Mapping):
            return {key: _conform(item, part, is_input=is_input) for key, part in value.items()}
    return value
