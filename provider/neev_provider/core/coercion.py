"""Scalars taken for what they stand for, where that is exactly one value of the declared type.

A program in YAML, or a structured configuration, writes ``8080`` where text is declared and ``"0.5"`` where a number
is. A fraction is not taken for text, because ``3.10`` and ``3.1`` are one number; nor is a whole number that doubles
do not tell from its neighbours.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final, get_args, get_origin

if TYPE_CHECKING:
    from neev_provider.core.model import Property

MIN_INEXACT_INTEGER: Final = 2**53
"""Whole numbers from here on are not told apart by the doubles of an engine."""
INEXACT_REASON: Final = f"is a whole number too large to be exact ({MIN_INEXACT_INTEGER} or more)"
_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_BOOLEANS: Final = {"true": True, "false": False}

Coercer = Callable[[Any], Any]


def build_coercer(annotation: Any) -> Coercer:
    """Return what takes a value for one of the annotation's type; a value that stands for none stays as it is."""
    for each in union_members(annotation):
        origin, arguments = get_origin(each), get_args(each)
        properties = getattr(each, "properties", None)
        if isinstance(properties, Mapping):
            return lambda value: coerce_properties(properties, value) if isinstance(value, Mapping) else value
        if origin is list:
            return _list_coercer(build_coercer(arguments[0]))
        if origin is dict:
            return _map_coercer(build_coercer(arguments[1]))
        if isinstance(each, type) and issubclass(each, str | bool | int | float):
            return next(take for kind, take in _COERCERS.items() if issubclass(each, kind))
    return _identity


def union_members(annotation: Any) -> tuple[Any, ...]:
    """Return the types that the annotation is a union of, without their metadata."""
    if get_origin(annotation) is Annotated:
        return union_members(get_args(annotation)[0])
    if get_origin(annotation) in (list, dict, None):
        return (annotation,)
    return tuple(found for part in get_args(annotation) for found in union_members(part))


def coerce_properties(properties: Mapping[str, Property], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values, each taken for one of its property's type."""
    return {name: properties[name].coerce(value) if name in properties else value for name, value in values.items()}


def is_whole_number(value: object) -> bool:
    """Return whether the value is a whole number."""
    return not isinstance(value, bool) and (isinstance(value, int) or (isinstance(value, float) and value.is_integer()))


def _list_coercer(coerce: Coercer) -> Coercer:
    return lambda value: [coerce(each) for each in value] if isinstance(value, list | tuple) else value


def _map_coercer(coerce: Coercer) -> Coercer:
    return lambda value: {key: coerce(each) for key, each in value.items()} if isinstance(value, Mapping) else value


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
