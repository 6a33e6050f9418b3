"""The shape of JSON objects: which fields they have, and of which types. Values are not kept."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

NULL = "null"
OBJECT = "object"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
OPEN_FIELDS = frozenset({"labels", "config", "config_schema", "env"})
"""Fields whose keys are data of users."""


class Shape:
    """The fields of objects of one kind, by path: `resources.cpu`, `allow[].host`."""

    def __init__(self) -> None:
        self._objects: Counter[str] = Counter()
        self._types: defaultdict[str, Counter[str]] = defaultdict(Counter)

    @property
    def fields(self) -> Mapping[str, frozenset[str]]:
        """Return the types of each field."""
        return {path: frozenset(types) for path, types in self._types.items()}

    def add(self, value: Any, path: str = "") -> None:
        """Add an object, or the value at a path of one."""
        if isinstance(value, Mapping):
            self._objects[path] += 1
            for key, item in value.items():
                self._add_item(item, f"{path}.{key}".lstrip("."), is_open=key in OPEN_FIELDS)
        elif isinstance(value, list):
            for item in value:
                self._add_item(item, f"{path}[]", is_open=False)

    def merge(self, other: Shape) -> None:
        """Add the objects of another shape."""
        self._objects.update(other._objects)
        for path, types in other._types.items():
            self._types[path].update(types)

    def is_required(self, path: str) -> bool:
        """Return whether every object that could have the field has it."""
        return self._types[path].total() >= self._objects[path.rpartition(".")[0]] if path in self._types else False

    def _add_item(self, value: Any, path: str, *, is_open: bool) -> None:
        self._types[path][type_name_of(value)] += 1
        if not is_open:
            self.add(value, path)


def type_name_of(value: Any) -> str:
    """Return the name of the type in JSON; for two forms of text a name of their own."""
    match value:
        case None:
            return NULL
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "UUID" if UUID.fullmatch(value) else "time" if TIME.fullmatch(value) else "string"
        case list():
            return "array"
        case _:
            return OBJECT
