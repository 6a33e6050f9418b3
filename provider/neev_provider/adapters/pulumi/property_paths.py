"""Property paths as Pulumi writes them (``egress.allow[0].host``, ``env["MY-KEY"]``, ``*``)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from neev_provider.adapters.shared.schema_types import Anything, ListOf, MapOf, Nested, Shape, shape_of
from neev_provider.core.model import Model, Property

ANY = "*"
"""Stands for every key or index; as the whole path, for every property."""

_STEP = re.compile(r'(?P<dot>\.?)(?P<name>[^.\[\]"]+)|\[(?P<index>\d+|\*)\]|\["(?P<key>(?:[^"\\]|\\.)*)"\]')


class PathError(ValueError):
    """A path that leads to no property."""


def steps(path: str) -> tuple[str, ...]:
    """Return the names, keys and indices that the path is made of."""
    return tuple(_key(step) for step in _steps(path))


def covers(path: str, changed: str) -> bool:
    """Return whether the path stands for the property that changed, or for something around it."""
    wanted, found = steps(path), steps(changed)
    return len(wanted) <= len(found) and all(one in (ANY, other) for one, other in zip(wanted, found, strict=False))


def translated(path: str, model: type[Model]) -> str:
    """Return the path with the state's names, whether it has those or Python's.

    Raises:
        PathError: the model has no property there.
    """
    if path == ANY:
        return path
    shape: Shape = Nested(model)
    text = ""
    for step in _steps(path):
        shape, said = _inside(shape, step)
        text += said
    return text


def named(key: str, properties: Mapping[str, Property]) -> str:
    """Return the state's name of the property, whether the key is that or Python's.

    Raises:
        PathError: there is none.
    """
    names = {declared.field: name for name, declared in properties.items()}
    name = names.get(key, key)
    if name in properties:
        return name
    near = get_close_matches(key, sorted(names), n=3)
    raise PathError(f"there is no property {key!r}" + (f"; near: {', '.join(near)}" if near else ""))


def _steps(path: str) -> Iterator[re.Match[str]]:
    at = 0
    while at < len(path) or at == 0:
        step = _STEP.match(path, at)
        if step is None or bool(step["dot"]) is not (at > 0 and step["name"] is not None):
            raise PathError(f"{path!r} is not a property path, such as egress.allow[0].host")
        yield step
        at = step.end()


def _key(step: re.Match[str]) -> str:
    if step["key"] is not None:
        return re.sub(r"\\(.)", r"\1", step["key"])
    return step["index"] or step["name"]


def _inside(shape: Shape, step: re.Match[str]) -> tuple[Shape, str]:
    """Return the shape of what the step leads to, and the step with the state's name."""
    key, said = _key(step), step[0]
    match shape:
        case Nested(model):
            name = named(key, model.properties)
            return shape_of(model, model.properties[name]), f"{'.' if step.start() else ''}{name}"
        case MapOf(value) if step["index"] is None:
            return value, said
        case ListOf(item) if step["index"] is not None:
            return item, said
        case Anything():
            return shape, said
    raise PathError(f"there is no property at {said.lstrip('.')!r}")
