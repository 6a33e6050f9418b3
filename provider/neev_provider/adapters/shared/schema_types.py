"""The types of the declarations as a small closed set of schema types, for the schema, the SDK and the pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Generic, TypeAlias, TypeVar, Union, get_args, get_origin

from annotated_types import Ge, Le, MultipleOf
from pydantic.fields import FieldInfo

from neev_provider.core import docstrings
from neev_provider.core.assets import AssetOrArchive
from neev_provider.core.markers import AutoName, Computed, DeclarationError, Secret
from neev_provider.core.model import Model, Property


@dataclass(frozen=True, slots=True)
class PrimitiveType:
    """One plain value; ``type`` is ``str``, ``int``, ``float`` or ``bool``."""

    type: type
    limits: str = ""
    """The allowed values in words; empty if every value is allowed."""


@dataclass(frozen=True, slots=True)
class AnyType:
    """Any value at all."""


@dataclass(frozen=True, slots=True)
class EnumType:
    """One of the values of an enum."""

    enum: type[StrEnum]


@dataclass(frozen=True, slots=True)
class ObjectType:
    """An object with declared properties."""

    model: type[Model]


@dataclass(frozen=True, slots=True)
class ArrayType:
    """A list of items of one type."""

    item: TypeSpec


@dataclass(frozen=True, slots=True)
class AssetType:
    """An asset, an archive, or either, by its class."""

    asset_class: type[AssetOrArchive]


@dataclass(frozen=True, slots=True)
class MapType:
    """A map from strings to values of one type."""

    value: TypeSpec


NestedType: TypeAlias = type[Model | StrEnum]
TypeSpec: TypeAlias = PrimitiveType | AnyType | EnumType | ObjectType | ArrayType | MapType | AssetType

PRIMITIVE_NAMES: Mapping[type, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}
"""The names of the primitive types outside Python."""

T = TypeVar("T")


@dataclass(frozen=True)
class TypeVisitor(Generic[T]):
    """One form of the types, such as the schema's: a value or a function for each kind."""

    primitive: Callable[[PrimitiveType], T]
    any: T
    enum: Callable[[type[StrEnum]], T]
    object: Callable[[type[Model]], T]
    array: Callable[[T], T]
    """Called with the form of the item."""
    map: Callable[[T], T]
    """Called with the form of the value."""
    asset: Callable[[type[AssetOrArchive]], T]

    def visit(self, type_spec: TypeSpec) -> T:  # noqa: PLR0911  one for each kind
        """Return the visitor's form of the type."""
        match type_spec:
            case PrimitiveType():
                return self.primitive(type_spec)
            case AnyType():
                return self.any
            case EnumType(enum):
                return self.enum(enum)
            case ObjectType(model):
                return self.object(model)
            case ArrayType(item):
                return self.array(self.visit(item))
            case MapType(value):
                return self.map(self.visit(value))
            case AssetType(asset_class):
                return self.asset(asset_class)


@cache
def type_of(prop: Property) -> TypeSpec:
    """Return the type of a property, optional or not; raise ``DeclarationError`` if it has none."""
    metadata = prop.owner.model_fields[prop.field].metadata
    return _type_of_annotation(prop.annotation, metadata, f"{prop.owner.__name__}.{prop.name}")


def is_optional(prop: Property) -> bool:
    """Return whether the property may be absent."""
    return NoneType in get_args(prop.annotation)


def is_always_present(prop: Property) -> bool:
    """Return whether the property always has a value after the create.

    It has one if it is required, if its name is generated, if unset means a value that the API returns, or if the API
    always chooses a value.
    """
    computed = prop.find(Computed)
    chosen = computed is not None and (computed.always or prop.resets_to is not None)
    return not is_optional(prop) or prop.has(AutoName) or chosen


@dataclass(frozen=True, slots=True)
class EnumValue:
    """One value of an enum."""

    name: str
    value: str
    description: str


@cache
def enum_values(enum: type[StrEnum]) -> tuple[EnumValue, ...]:
    """Return the values of an enum, each with the docstring below it."""
    described = docstrings.attribute_docstrings(enum)
    if silent := [item.name for item in enum if item.name not in described]:
        raise DeclarationError(f"{enum.__name__}: say in a docstring below them what {', '.join(silent)} mean")
    return tuple(EnumValue(item.name, item.value, described[item.name]) for item in enum)


def nested_types(models: Iterable[type[Model]]) -> set[NestedType]:
    """Return the models and enums in the properties of the models, at any depth."""
    props = (prop for model in models for prop in model.properties.values())
    return {nested for prop in props for nested in referenced_types(type_of(prop))}


def declares_secret(model: type[Model]) -> bool:
    """Return whether the model declares a secret property, at any depth."""
    models = (model, *(nested for nested in nested_types([model]) if issubclass(nested, Model)))
    return any(prop.has(Secret) for item in models for prop in item.properties.values())


def referenced_types(type_spec: TypeSpec) -> Iterator[NestedType]:
    """Yield the models and enums in a type, at any depth."""
    match type_spec:
        case ArrayType(inner) | MapType(inner):
            yield from referenced_types(inner)
        case EnumType(enum):
            yield enum
        case ObjectType(model):
            yield model
            yield from nested_types([model])


def _type_of_annotation(annotation: Any, metadata: Iterable[Any], property_path: str) -> TypeSpec:
    arguments = get_args(annotation)
    if get_origin(annotation) is Annotated:
        return _type_of_annotation(arguments[0], (*metadata, *arguments[1:]), property_path)
    if get_origin(annotation) in (Union, UnionType):
        alternatives = [argument for argument in arguments if argument is not NoneType]
        if len(alternatives) == 1:
            return _type_of_annotation(alternatives[0], metadata, property_path)
    if get_origin(annotation) is list:
        return ArrayType(_type_of_annotation(arguments[0], (), property_path))
    if get_origin(annotation) is dict and arguments[0] is str:
        return MapType(_type_of_annotation(arguments[1], (), property_path))
    return _leaf_type(annotation, metadata, property_path)


def _leaf_type(annotation: Any, metadata: Iterable[Any], property_path: str) -> TypeSpec:
    if annotation is Any:
        return AnyType()
    if isinstance(annotation, type):
        if annotation in PRIMITIVE_NAMES:
            return PrimitiveType(annotation, _describe_limits(metadata))
        if issubclass(annotation, StrEnum):
            return EnumType(annotation)
        if issubclass(annotation, Model):
            return ObjectType(annotation)
        if issubclass(annotation, AssetOrArchive):
            return AssetType(annotation)
    raise DeclarationError(f"{property_path}: {annotation} is no type that every engine has")


def _describe_limits(metadata: Iterable[Any]) -> str:
    marks = [mark for item in metadata for mark in (item.metadata if isinstance(item, FieldInfo) else (item,))]
    low = next((item.ge for item in marks if isinstance(item, Ge)), None)
    high = next((item.le for item in marks if isinstance(item, Le)), None)
    step = next((item.multiple_of for item in marks if isinstance(item, MultipleOf)), None)
    message = [_describe_range(low, high), f"steps of {step:g}" if step is not None else ""]
    return ", ".join(item for item in message if item)


def _describe_range(low: Any, high: Any) -> str:
    if low is not None and high is not None:
        return f"{low:g} to {high:g}"
    if low is not None:
        return f"{low:g} or more"
    return "" if high is None else f"{high:g} or less"
