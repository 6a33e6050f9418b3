"""Plain properties together with the paths of their secrets."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from neev_provider.core.model import Property

Path = tuple[str | int, ...]
"""The names, keys and indices on the way to a value."""


@dataclass(frozen=True, slots=True)
class PropertyMap:
    """Plain values of properties, and the paths of those that are secret."""

    values: Mapping[str, Any] = field(default_factory=dict, repr=False)
    secrets: frozenset[Path] = frozenset()

    def __or__(self, other: PropertyMap) -> PropertyMap:
        """Return the properties of both; the other's take precedence."""
        secrets = {path for path in self.secrets if path[0] not in other.values}
        return PropertyMap({**self.values, **other.values}, other.secrets | secrets)

    def secret_names(self, properties: Mapping[str, Property]) -> frozenset[str]:
        """Return the names of the properties that hold a secret, by the program or by their declaration."""
        return frozenset(str(path[0]) for path in mark_secrets(properties, self).secrets)

    def secret_values(self) -> list[Any]:
        """Return the plain values of the secrets."""
        return [reduce(operator.getitem, path, self.values) for path in self.secrets]  # type: ignore[arg-type]

    def mark(self, values: Mapping[str, Any]) -> PropertyMap:
        """Return other values with the same secrets; a list that differs is one secret."""
        paths = (_find_path(path, values, self.values) for path in self.secrets)
        return PropertyMap(values, frozenset(path for path in paths if path))


def mark_secrets(properties: Mapping[str, Property], marked: PropertyMap) -> PropertyMap:
    """Return the properties with the declared secrets marked."""
    return PropertyMap(marked.values, marked.secrets | find_declared_secrets(properties, marked.values))


def find_declared_secrets(properties: Mapping[str, Property], values: Mapping[str, Any]) -> frozenset[Path]:
    """Return the paths of the values that are declared secret, at any depth."""
    return frozenset(_iter_declared(properties, values, ()))


def _iter_declared(properties: Mapping[str, Property], values: Mapping[str, Any], path: Path) -> Iterator[Path]:
    for name, value in values.items():
        prop = properties.get(name)
        if prop is None or value is None or not prop.may_be_secret:
            continue
        if prop.is_secret(values):
            yield (*path, name)
        elif prop.model and isinstance(value, dict):
            yield from _iter_declared(prop.model.properties, value, (*path, name))
        elif prop.item_model and isinstance(value, list | tuple):
            for index, item in enumerate(value):
                if isinstance(item, dict):
                    yield from _iter_declared(prop.item_model.properties, item, (*path, name, index))


def _find_path(path: Path, value: Any, reference: Any) -> Path:
    """Return the path as far as both values have the same structure; nothing if the value does not contain it."""
    for depth, step in enumerate(path):
        if not (isinstance(value, Mapping) and isinstance(reference, Mapping)):
            return path if value == reference else path[:depth]
        if step not in value:
            return ()
        value, reference = value[step], reference[step]
    return path
