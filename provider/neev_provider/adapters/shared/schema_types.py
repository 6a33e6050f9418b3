"""The types of the declarations as a small closed set of shapes, from which schema, types and docs follow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, TypeAlias, Union, get_args, get_origin

from annotated_types import Ge, Le, MultipleOf
from pydantic.fields import FieldInfo

from neev_provider.core import docstrings
from neev_provider.core.assets import AssetOrArchive
from neev_provider.core.markers import AutoName, Computed
from neev_provider.core.model import DeclarationError, Model, Property


@dataclass(frozen=True, slots=True)
class Scalar:
    """One plain value; ``type`` is ``str``, ``int``, ``float`` or ``bool``."""

    type: type
    limits: str = ""
    """Which values are allowed, in words; empty where all are."""


@dataclass(frozen=True, slots=True)
class Anything:
    """Any value at all."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the values of an enum."""

    enum: type[StrEnum]


@dataclass(frozen=True, slots=True)
class Nested:
    """An object with properties of its own."""

    model: type[Model]


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of one shape."""

    item: Shape


@dataclass(frozen=True, slots=True)
class Handed:
    """An asset, an archive, or either, by its class."""

    kind: type[AssetOrArchive]


@dataclass(frozen=True, slots=True)
class MapOf:
    """A map from strings to one shape."""

    value: Shape


Shape: TypeAlias = Scalar | Anything | Choice | Nested | ListOf | MapOf | Handed

_SCALARS = (str, int, float, bool)


def shape_of(model: type[Model], declared: Property) -> Shape:
    """The shape of a property, optional or not; raises ``DeclarationError`` where it has none."""
    return _shape(declared.annotation, model.model_fields[declared.field].metadata, f"{model.__name__}.{declared.name}")


def is_optional(declared: Property) -> bool:
    """Whether the property may be without a value."""
    return NoneType in get_args(declared.annotation)


def always_there(declared: Property) -> bool:
    """Whether the property has a value once the resource is made.

    That is so where it cannot be without one, where a name is made, where unset means a value, and where the platform
    always chooses one.
    """
    chosen = any(isinstance(mark, Computed) and mark.always for mark in declared.markers)
    return not is_optional(declared) or declared.resets_to is not None or declared.has(AutoName) or chosen


@dataclass(frozen=True, slots=True)
class Member:
    """One value of an enum."""

    name: str
    value: str
    description: str


@cache
def members(enum: type[StrEnum]) -> tuple[Member, ...]:
    """The values of an enum, each with the docstring below it."""
    described = docstrings.attribute_docstrings(enum)
    if silent := [each.name for each in enum if each.name not in described]:
        raise DeclarationError(f"{enum.__name__}: say in a docstring below them what {', '.join(silent)} mean")
    return tuple(Member(each.name, each.value, described[each.name]) for each in enum)


def nested(shape: Shape) -> Iterator[type[Model | StrEnum]]:
    """The models and enums that a shape is made of, the inner ones too."""
    match shape:
        case ListOf(inner) | MapOf(inner):
            yield from nested(inner)
        case Choice(enum):
            yield enum
        case Nested(model):
            yield model
            for declared in model.properties.values():
                yield from nested(shape_of(model, declared))


def _shape(annotation: Any, metadata: Iterable[Any], where: str) -> Shape:
    arguments = get_args(annotation)
    if get_origin(annotation) is Annotated:
        return _shape(arguments[0], (*metadata, *arguments[1:]), where)
    if get_origin(annotation) in (Union, UnionType):
        alternatives = [each for each in arguments if each is not NoneType]
        if len(alternatives) == 1:
            return _shape(alternatives[0], metadata, where)
    if get_origin(annotation) is list:
        return ListOf(_shape(arguments[0], (), where))
    if get_origin(annotation) is dict and arguments[0] is str:
        return MapOf(_shape(arguments[1], (), where))
    return _plain(annotation, metadata, where)


def _plain(annotation: Any, metadata: Iterable[Any], where: str) -> Shape:
    if annotation is Any:
        return Anything()
    if isinstance(annotation, type):
        if annotation in _SCALARS:
            return Scalar(annotation, _limits(metadata))
        if issubclass(annotation, StrEnum):
            return Choice(annotation)
        if issubclass(annotation, Model):
            return Nested(annotation)
        if issubclass(annotation, AssetOrArchive):
            return Handed(annotation)
    raise DeclarationError(f"{where}: {annotation} is no type that every Pulumi language has")


def _limits(metadata: Iterable[Any]) -> str:
    marks = [mark for each in metadata for mark in (each.metadata if isinstance(each, FieldInfo) else (each,))]
    low = next((each.ge for each in marks if isinstance(each, Ge)), None)
    high = next((each.le for each in marks if isinstance(each, Le)), None)
    step = next((each.multiple_of for each in marks if isinstance(each, MultipleOf)), None)
    said = [_range(low, high), f"steps of {step:g}" if step is not None else ""]
    return ", ".join(each for each in said if each)


def _range(low: Any, high: Any) -> str:
    if low is not None and high is not None:
        return f"{low:g} to {high:g}"
    if low is not None:
        return f"{low:g} or more"
    return "" if high is None else f"{high:g} or less"
