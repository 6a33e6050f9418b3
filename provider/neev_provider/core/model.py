"""The declaration of a resource's properties, said once; everything else is derived from it.

An inputs model says of each property its type, whether a change replaces or updates, and what else is special::

    class SandboxInputs(Inputs):
        cpu: Annotated[Number | None, Field(ge=0.5, le=8, multiple_of=0.5), Update(), Computed()] = None
        '''vCPUs, in steps of 0.5.'''

A wrong marker raises ``DeclarationError`` at import; a missing docstring does so in ``make check``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import chain
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Final, TypeVar, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo

from neev_provider.core import coercion, docstrings
from neev_provider.core.assets import AssetOrArchive
from neev_provider.core.markers import (
    AutoName,
    Canonical,
    Computed,
    DeclarationError,
    Derived,
    Marker,
    Replace,
    ResetsTo,
    Secret,
    SecretIf,
    Stable,
    Unordered,
    Update,
    validate_markers,
)

MarkerT = TypeVar("MarkerT", bound=Marker)


class Unknown:
    """The type of ``UNKNOWN``, the value that stands for "known only after the update"."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<unknown>"

    def __copy__(self) -> Unknown:
        return self

    def __deepcopy__(self, _memo: object) -> Unknown:
        return self


UNKNOWN: Final = Unknown()


def _number(value: object) -> object:
    if isinstance(value, bool | str | bytes):
        raise ValueError("must be a number")  # noqa: TRY004  pydantic reads ValueError
    return value


def _integer(value: object) -> object:
    number: Any = _number(value)
    if coercion.is_whole_number(number) and abs(number) >= coercion.MIN_INEXACT_INTEGER:
        raise ValueError(coercion.INEXACT_REASON)
    return number


def _boolean(value: object) -> object:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")  # noqa: TRY004  likewise
    return value


# An engine sends only doubles, so 2.0 must be 2. Coercion has already converted text that stands for a number.
Integer = Annotated[int, BeforeValidator(_integer)]
Number = Annotated[float, BeforeValidator(_number)]
Boolean = Annotated[bool, BeforeValidator(_boolean)]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule between properties, which runs only if every field that it reads is known and valid."""

    fields: tuple[str, ...]
    check: Callable[[Mapping[str, Any]], str | None]


@dataclass(frozen=True, eq=False)
class Property:
    """One declared property, from which the schema, the validation, the diff and the pages are derived.

    There is one object for each, so it is a key of what is derived from it.
    The values derived from the annotation are computed once, because every check and diff needs them.
    """

    field: str
    name: str
    annotation: Any
    required: bool
    default: Any
    markers: Mapping[type[Marker], Any]
    owner: type[Model]

    def has(self, marker: type[Marker]) -> bool:
        """Return whether the property has the marker."""
        return self.find(marker) is not None

    def find(self, marker: type[MarkerT]) -> MarkerT | None:
        """Return the property's marker of this type."""
        found: MarkerT | None = self.markers.get(marker)
        return found

    def is_secret(self, values: Mapping[str, Any]) -> bool:
        """Return whether the value is secret with these inputs; it is if the condition is not known yet."""
        condition = self.find(SecretIf)
        return self.has(Secret) or (condition is not None and values.get(condition.input) not in (None, False))

    @cached_property
    def may_be_secret(self) -> bool:
        """Return whether the value, or a part of it, is declared secret, with some inputs at least."""
        nested = [model.properties.values() for model in (self.model, self.item_model) if model]
        return self.has(Secret) or self.has(SecretIf) or any(prop.may_be_secret for prop in chain(*nested))

    @cached_property
    def description(self) -> str:
        """Return the docstring below the property; raise ``DeclarationError`` if it has none."""
        models = (item for item in self.owner.__mro__ if issubclass(item, Model))
        found = next(
            (text for model in models if (text := docstrings.attribute_docstrings(model).get(self.field))), None
        )
        if found is None:
            raise DeclarationError(f"{self.owner.__name__}.{self.field}: say in a docstring below it what it is")
        return found

    @cached_property
    def resets_to(self) -> ResetsTo | None:
        """Return the value that an absent property stands for, if there is one."""
        return self.find(ResetsTo)

    @cached_property
    def canonical(self) -> Canonical | None:
        """Return the function that gives values with the same meaning one form."""
        return self.find(Canonical)

    @cached_property
    def model(self) -> type[Model] | None:
        """Return the nested model of the property, optional or not; ``None`` for plain values and lists."""
        return next((member for member in coercion.union_members(self.annotation) if _is_model(member)), None)

    @cached_property
    def item(self) -> Any:
        """Return the type of the list's items, or ``None`` if the property is no list."""
        return next(
            (get_args(member)[0] for member in coercion.union_members(self.annotation) if get_origin(member) is list),
            None,
        )

    @cached_property
    def item_model(self) -> type[Model] | None:
        """Return the model of the list's items, or ``None`` if they are plain or the property is no list."""
        return self.item if _is_model(self.item) else None

    @cached_property
    def accepts_assets(self) -> bool:
        """Return whether the value is an asset or archive."""
        return any(
            isinstance(member, type) and issubclass(member, AssetOrArchive)
            for member in coercion.union_members(self.annotation)
        )

    @cached_property
    def coerce(self) -> coercion.Coercer:
        """Return the function that coerces a value to the property's type if it stands for exactly one value of it."""
        return coercion.build_coercer(self.annotation)


class Model(BaseModel):
    """A frozen value with properties in camelCase for the engine and in snake_case in Python."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,  # an input may be a secret
        defer_build=True,  # a process uses only some of the declarations that it imports
    )

    allowed_markers: ClassVar[tuple[type[Marker], ...]] = (Unordered, Secret)
    rules: ClassVar[tuple[Rule, ...]] = ()
    properties: ClassVar[Mapping[str, Property]] = MappingProxyType({})

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        properties = {
            _external_name(field, info): _build_property(cls, field, info) for field, info in cls.model_fields.items()
        }
        cls.properties = MappingProxyType(properties)
        for rule in cls.rules:
            if strangers := set(rule.fields) - set(cls.model_fields):
                raise DeclarationError(f"{cls.__name__}: a rule reads {sorted(strangers)}, which no property is called")

    @classmethod
    @cache
    def properties_with(cls, marker: type[Marker]) -> tuple[Property, ...]:
        """Return the properties that have the marker."""
        return tuple(declared for declared in cls.properties.values() if declared.has(marker))

    def to_properties(self) -> dict[str, Any]:
        """Return the properties that are set, camelCase and plain, as programs and the state have them."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        for field, value in super().__repr_args__():
            declared = self.properties.get(to_camel(field)) if field else None
            hidden = declared is not None and declared.has(Secret) and value is not None
            yield field, "[secret]" if hidden else value


class Inputs(Model):
    """The inputs of a resource: every property has exactly one of ``Replace()`` and ``Update()``."""

    allowed_markers: ClassVar[tuple[type[Marker], ...]] = (
        Replace,
        Update,
        Secret,
        Computed,
        Unordered,
        AutoName,
        Canonical,
        ResetsTo,
    )
    unique_together: ClassVar[tuple[str, ...]] = ()
    """The inputs that together identify an object: a replacement with the same values has to delete first."""

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        for declared in cls.properties.values():
            if declared.has(Replace) == declared.has(Update):
                raise DeclarationError(f"{cls.__name__}.{declared.field}: exactly one of Replace() and Update()")


class Outputs(Model):
    """The properties that the API sets beside the inputs; unknown keys of a newer API are ignored."""

    model_config = ConfigDict(extra="ignore", from_attributes=True)

    allowed_markers: ClassVar[tuple[type[Marker], ...]] = (Secret, SecretIf, Derived, Stable, Unordered)


class Arguments(Model):
    """The arguments of a data function."""


def _external_name(field: str, info: FieldInfo) -> str:
    return info.alias or to_camel(field)


def _build_property(cls: type[Model], field: str, info: FieldInfo) -> Property:
    where = f"{cls.__name__}.{field}"
    marks = tuple(item for item in info.metadata if isinstance(item, Marker))
    validate_markers(where, info, marks, cls.allowed_markers)
    return Property(
        field=field,
        name=_external_name(field, info),
        annotation=info.annotation,
        required=info.is_required(),
        default=None if info.is_required() else info.get_default(call_default_factory=True, validated_data={}),
        markers={type(marker): marker for marker in marks},
        owner=cls,
    )


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Model)
