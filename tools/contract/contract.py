"""A contract: the paths of an API, the fields of its objects and the values of its enums."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Schema:
    """What a field may be: its JSON types, without null, and its values if it is an enum."""

    types: frozenset[str]
    values: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, schema: Json, definitions: Mapping[str, Json]) -> Schema:
        """Return the schema of a field, with references resolved. No types mean any."""
        if "$ref" in schema:
            return cls.parse(definitions[schema["$ref"].rpartition("/")[2]], definitions)
        branches = [item for key in ("anyOf", "oneOf", "allOf") for item in schema.get(key, ())]
        parts = [cls.parse(item, definitions) for item in branches]
        types = {schema["type"]} if isinstance(schema.get("type"), str) else set(schema.get("type", ()))
        values = [schema["const"]] if "const" in schema else schema.get("enum", ())
        return cls(
            frozenset(types.union(*(part.types for part in parts)) - {"null"}),
            frozenset(map(str, values)).union(*(part.values for part in parts)),
        )

    def __str__(self) -> str:
        return " or ".join(sorted(self.types)) or "anything"


@dataclass(frozen=True)
class Contract:
    """The requests of an API as `METHOD path`, and the fields of its objects by the object's name."""

    paths: frozenset[str]
    fields: Mapping[str, Mapping[str, Schema]]


def from_openapi(description: Json) -> Contract:
    """Return the contract of an OpenAPI description."""
    definitions = description.get("components", {}).get("schemas", {})
    return Contract(
        frozenset(
            normalize_path(method.upper(), path)
            for path, methods in description["paths"].items()
            for method in methods
            if method in ("get", "head", "post", "put", "patch", "delete")
        ),
        {name: parse_fields(schema, definitions) for name, schema in definitions.items()},
    )


def normalize_path(method: str, path: str) -> str:
    """Return `METHOD path` with nameless parameters, and without what a gateway puts before the version."""
    version = re.search("/(api/)?v1", path)
    return f"{method} {re.sub(r'{[^}]*}', '{}', path[version.start() if version else 0 :])}"


def parse_fields(schema: Json, definitions: Mapping[str, Json]) -> dict[str, Schema]:
    """Return the fields of an object, also of one that is composed of others."""
    if "$ref" in schema:
        return parse_fields(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    fields = {name: Schema.parse(value, definitions) for name, value in schema.get("properties", {}).items()}
    for key in ("allOf", "oneOf", "anyOf"):
        for part in schema.get(key, ()):
            fields |= parse_fields(part, definitions)
    return fields
