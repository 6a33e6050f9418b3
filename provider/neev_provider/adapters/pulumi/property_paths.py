"""Property paths as Pulumi writes them (`egress.allow[0].host`, `env["MY-KEY"]`, `*`)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from neev_provider.adapters.shared.schema_types import AnyType, ArrayType, MapType, ObjectType, TypeSpec, type_of
from neev_provider.core.model import Model, Property

WILDCARD = "*"
"""Stands for every key or index; as the whole path, for every property."""

_STEP = re.compile(r'(?P<dot>\.?)(?P<name>[^.\[\]"]+)|\[(?P<index>\d+|\*)\]|\["(?P<key>(?:[^"\\]|\\.)*)"\]')


class PathError(ValueError):
    """Error of a path that leads to no property."""


def parse_path(path: str) -> tuple[str, ...]:
    """Return the names, keys and indices of the path."""
    return tuple(_step_key(step) for step in _match_steps(path))


def covers(path: str, changed_path: str) -> bool:
    """Return whether the path contains the changed property, or is equal to it."""
    pattern, steps = parse_path(path), parse_path(changed_path)
    return len(pattern) <= len(steps) and all(
        expected in (WILDCARD, step) for expected, step in zip(pattern, steps, strict=False)
    )


def translate_path(path: str, model: type[Model]) -> str:
    """Return the path with the state's names; it may have those or Python's.

    Raises:
        PathError: the model has no property there.
    """
    if path == WILDCARD:
        return path
    type_spec: TypeSpec = ObjectType(model)
    text = ""
    for step in _match_steps(path):
        type_spec, step_text = _resolve_step(type_spec, step)
        text += step_text
    return text


def resolve_property_name(key: str, properties: Mapping[str, Property]) -> str:
    """Return the state's name of the property; the key may be that or Python's.

    Raises:
        PathError: the property does not exist.
    """
    names = {prop.field: name for name, prop in properties.items()}
    name = names.get(key, key)
    if name in properties:
        return name
    matches = get_close_matches(key, sorted(names), n=3)
    raise PathError(f"there is no property {key!r}" + (f"; near: {', '.join(matches)}" if matches else ""))


def _match_steps(path: str) -> Iterator[re.Match[str]]:
    position = 0
    while position < len(path) or position == 0:
        step = _STEP.match(path, position)
        if step is None or bool(step["dot"]) is not (position > 0 and step["name"] is not None):
            raise PathError(f"{path!r} is not a property path, such as egress.allow[0].host")
        yield step
        position = step.end()


def _step_key(step: re.Match[str]) -> str:
    if step["key"] is not None:
        return re.sub(r"\\(.)", r"\1", step["key"])
    return step["index"] or step["name"]


def _resolve_step(type_spec: TypeSpec, step: re.Match[str]) -> tuple[TypeSpec, str]:
    """Return the type that the step leads to, and the step with the state's name."""
    key, text = _step_key(step), step[0]
    match type_spec:
        case ObjectType(model):
            name = resolve_property_name(key, model.properties)
            return type_of(model.properties[name]), f"{'.' if step.start() else ''}{name}"
        case MapType(value) if step["index"] is None:
            return value, text
        case ArrayType(item) if step["index"] is not None:
            return item, text
        case AnyType():
            return type_spec, text
    raise PathError(f"there is no property at {text.lstrip('.')!r}")
