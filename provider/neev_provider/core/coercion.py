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

EXACT: Final = 2**53
"""Whole numbers from here on are not told apart by the doubles in which Pulumi hands them over."""
INEXACT: Final = f"is a whole number too large to be exact ({EXACT} or more)"
_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_FLAGS: Final = {"true": True, "false": False}

Taker = Callable[[Any], Any]


def taker(annotation: Any) -> Taker:
    """Return what takes a value for one of the annotation's type; a value that stands for none stays as it is."""
    for each in alternatives(annotation):
        origin, arguments = get_origin(each), get_args(each)
        properties = getattr(each, "properties", None)
        if isinstance(properties, Mapping):
            return lambda value: taken(properties, value) if isinstance(value, Mapping) else value
        if origin is list:
            return _in_list(taker(arguments[0]))
        if origin is dict:
            return _in_map(taker(arguments[1]))
        if isinstance(each, type) and issubclass(each, str | bool | int | float):
            return next(take for kind, take in _TAKERS.items() if issubclass(each, kind))
    return _same


def alternatives(annotation: Any) -> tuple[Any, ...]:
    """Return the types that the annotation is a union of, without their metadata."""
    if get_origin(annotation) is Annotated:
        return alternatives(get_args(annotation)[0])
    if get_origin(annotation) in (list, dict, None):
        return (annotation,)
    return tuple(found for part in get_args(annotation) for found in alternatives(part))


def taken(properties: Mapping[str, Property], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values, each taken for one of its property's type."""
    return {name: properties[name].take(value) if name in properties else value for name, value in values.items()}


def is_whole(value: object) -> bool:
    """Return whether the value is a whole number."""
    return not isinstance(value, bool) and (isinstance(value, int) or (isinstance(value, float) and value.is_integer()))


def _in_list(take: Taker) -> Taker:
    return lambda value: [take(each) for each in value] if isinstance(value, list | tuple) else value


def _in_map(take: Taker) -> Taker:
    return lambda value: {key: take(each) for key, each in value.items()} if isinstance(value, Mapping) else value


def _same(value: Any) -> Any:
    return value


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if is_whole(value) and abs(value) < EXACT else value


def _flag(value: Any) -> Any:
    return _FLAGS.get(value, value) if isinstance(value, str) else value


def _number(value: Any) -> Any:
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        return value
    number = float(value)
    if not math.isfinite(number):
        return value
    return int(number) if is_whole(number) and abs(number) < EXACT else number


_TAKERS: Final[Mapping[type, Taker]] = {str: _text, bool: _flag, int: _number, float: _number}
