"""Coercion of scalars that stand for exactly one value of the declared type.

A program in YAML, or a structured configuration, writes ``8080`` where text is declared and ``"0.5"`` where a number
is declared. A fraction is not coerced to text, because ``3.10`` and ``3.1`` are one number. A whole number without an
exact double is not coerced either.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final, get_args, get_origin

if TYPE_CHECKING:
    from neev_provider.core.model import Property

MIN_INEXACT_INTEGER: Final = 2**53
"""The first whole number that an engine's doubles do not represent exactly."""
INEXACT_REASON: Final = f"is a whole number too large to be exact ({MIN_INEXACT_INTEGER} or more)"
_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_BOOLEANS: Final = {"true": True, "false": False}

Coercer = Callable[[Any], Any]


def build_coercer(annotation: Any) -> Coercer:
    """Return the function that coerces a value to the annotation's type; it returns any other value unchanged."""
    for member in union_members(annotation):
        origin, arguments = get_origin(member), get_args(member)
        properties = getattr(member, "properties", None)
        if isinstance(properties, Mapping):
            return lambda value: coerce_properties(properties, value) if isinstance(value, Mapping) else value
        if origin is list:
            return _list_coercer(build_coercer(arguments[0]))
        if origin is dict:
            return _map_coercer(build_coercer(arguments[1]))
        if isinstance(member, type) and issubclass(member, str | bool | int | float):
            return next(coerce for kind, coerce in _COERCERS.items() if issubclass(member, kind))
    return _identity


def union_members(annotation: Any) -> tuple[Any, ...]:
    """Return the types that the annotation is a union of, without their metadata."""
    if get_origin(annotation) is Annotated:
        return union_members(get_args(annotation)[0])
    if get_origin(annotation) in (list, dict, None):
        return (annotation,)
    return tuple(member for part in get_args(annotation) for member in union_members(part))


def coerce_properties(properties: Mapping[str, Property], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values, each coerced to its property's type."""
    return {name: properties[name].coerce(value) if name in properties else value for name, value in values.items()}


def is_whole_number(value: object) -> bool:
    """Return whether the value is a whole number."""
    return not isinstance(value, bool) and (isinstance(value, int) or (isinstance(value, float) and value.is_integer()))


def _list_coercer(coerce: Coercer) -> Coercer:
    return lambda value: [coerce(item) for item in value] if isinstance(value, list | tuple) else value


def _map_coercer(coerce: Coercer) -> Coercer:
    return lambda value: {key: coerce(item) for key, item in value.items()} if isinstance(value, Mapping) else value


def _identity(value: Any) -> Any:
    return value


def _coerce_text(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if is_whole_number(value) and abs(value) < MIN_INEXACT_INTEGER else value


def _coerce_boolean(value: Any) -> Any:
    return _BOOLEANS.get(value, value) if isinstance(value, str) else value


def _coerce_number(value: Any) -> Any:
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        return value
    number = float(value)
    if not math.isfinite(number):
        return value
    return int(number) if is_whole_number(number) and abs(number) < MIN_INEXACT_INTEGER else number


_COERCERS: Final[Mapping[type, Coercer]] = {
    str: _coerce_text,
    bool: _coerce_boolean,
    int: _coerce_number,
    float: _coerce_number,
}
