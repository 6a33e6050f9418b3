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
from functools import cached_property
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
    Derived,
    Marker,
    Replace,
    ResetsTo,
    Secret,
    SecretIf,
    Stable,
    Unordered,
    Update,
)

MarkerT = TypeVar("MarkerT", bound=Marker)


class DeclarationError(TypeError):
    """A declaration is wrong: the program that holds it cannot start."""


class Unknown:
    """The one value that stands for "known only after the update"; see ``UNKNOWN``."""

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


# The wire knows only doubles, so 2.0 must be 2; text that stands for a number was taken for it before (scalars.py).
Integer = Annotated[int, BeforeValidator(_integer)]
Number = Annotated[float, BeforeValidator(_number)]
Boolean = Annotated[bool, BeforeValidator(_boolean)]


@dataclass(frozen=True, slots=True)
class Rule:
    """What must hold between properties: run only when every field it reads is known and valid."""

    fields: tuple[str, ...]
    check: Callable[[Mapping[str, Any]], str | None]


@dataclass(frozen=True)
class Property:
    """One property as declared: what the schema, the checks, the diff and the docs are derived from.

    What follows from the annotation is worked out once: every check and diff asks for it.
    """

    field: str
    name: str
    annotation: Any
    required: bool
    default: Any
    markers: tuple[Marker, ...]
    owner: type[Model]

    def has(self, marker: type[Marker]) -> bool:
        """Return whether the property has the marker."""
        return self.find(marker) is not None

    def find(self, marker: type[MarkerT]) -> MarkerT | None:
        """Return the property's marker of this type."""
        return next((item for item in self.markers if isinstance(item, marker)), None)

    def is_secret(self, values: Mapping[str, Any]) -> bool:
        """Whether the value is hidden where the inputs are these; a condition that is not known yet hides it."""
        conditions = (values.get(marker.input) for marker in self.markers if isinstance(marker, SecretIf))
        return self.has(Secret) or (
            self.has(SecretIf) and any(condition not in (None, False) for condition in conditions)
        )

    @cached_property
    def description(self) -> str:
        """What the docstring below the property says; raises ``DeclarationError`` where there is none."""
        models = (item for item in self.owner.__mro__ if issubclass(item, Model))
        found = next(
            (text for model in models if (text := docstrings.attribute_docstrings(model).get(self.field))), None
        )
        if found is None:
            raise DeclarationError(f"{self.owner.__name__}.{self.field}: say in a docstring below it what it is")
        return found

    @cached_property
    def resets_to(self) -> ResetsTo | None:
        """What leaving the property out means, where it means a value."""
        return self.find(ResetsTo)

    @cached_property
    def canonical(self) -> Canonical | None:
        """How values that are written differently and mean the same are told."""
        return self.find(Canonical)

    @cached_property
    def model(self) -> type[Model] | None:
        """The nested model of the property, also where it is optional; ``None`` for plain values and lists."""
        return next((member for member in coercion.union_members(self.annotation) if _is_model(member)), None)

    @cached_property
    def item(self) -> Any:
        """The type of the list's items, or ``None`` where the property is no list."""
        return next(
            (get_args(member)[0] for member in coercion.union_members(self.annotation) if get_origin(member) is list),
            None,
        )

    @cached_property
    def item_model(self) -> type[Model] | None:
        """The model of the list's items, or ``None`` where they are plain or there is no list."""
        return self.item if _is_model(self.item) else None

    @cached_property
    def accepts_assets(self) -> bool:
        """Whether the value is an asset or archive."""
        return any(
            isinstance(member, type) and issubclass(member, AssetOrArchive)
            for member in coercion.union_members(self.annotation)
        )

    @cached_property
    def coerce(self) -> coercion.Coercer:
        """What takes a value for one of the property's type, where it stands for exactly one."""
        return coercion.build_coercer(self.annotation)


class Model(BaseModel):
    """A frozen value whose properties are camelCase outside and snake_case in Python."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,  # an input may be a secret
        defer_build=True,  # most of what is declared is not used by the process that imports it
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

    def to_properties(self) -> dict[str, Any]:
        """The properties that are set, camelCase and plain, as programs and the state write them."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        for field, value in super().__repr_args__():
            declared = self.properties.get(to_camel(field)) if field else None
            hidden = declared is not None and declared.has(Secret) and value is not None
            yield field, "[secret]" if hidden else value


class Inputs(Model):
    """What a user writes: every property carries exactly one of ``Replace()`` and ``Update()``."""

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
    """The inputs that together say what there can be only one of: a replacement that keeps them deletes first."""

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        for declared in cls.properties.values():
            if declared.has(Replace) == declared.has(Update):
                raise DeclarationError(f"{cls.__name__}.{declared.field}: exactly one of Replace() and Update()")


class Outputs(Model):
    """What the platform answers beyond the inputs; unknown keys of a newer API are passed over."""

    model_config = ConfigDict(extra="ignore", from_attributes=True)

    allowed_markers: ClassVar[tuple[type[Marker], ...]] = (Secret, SecretIf, Derived, Stable, Unordered)


class Arguments(Model):
    """What a data function is asked."""


def _external_name(field: str, info: FieldInfo) -> str:
    return info.alias or to_camel(field)


def _build_property(cls: type[Model], field: str, info: FieldInfo) -> Property:
    where = f"{cls.__name__}.{field}"
    marks = tuple(item for item in info.metadata if isinstance(item, Marker))
    _validate_markers(where, info, marks, cls.allowed_markers)
    return Property(
        field=field,
        name=_external_name(field, info),
        annotation=info.annotation,
        required=info.is_required(),
        default=None if info.is_required() else info.get_default(call_default_factory=True, validated_data={}),
        markers=marks,
        owner=cls,
    )


def _validate_markers(
    location: str, info: FieldInfo, markers: tuple[Marker, ...], allowed: tuple[type[Marker], ...]
) -> None:
    kinds = [type(marker) for marker in markers]
    if any(isinstance(item, type) and issubclass(item, Marker) for item in info.metadata):
        raise DeclarationError(f"{location}: a mark is an object; write its parentheses")
    if len(set(kinds)) != len(kinds):
        raise DeclarationError(f"{location}: the same mark twice")
    if strangers := [kind.__name__ for kind in kinds if kind not in allowed]:
        raise DeclarationError(f"{location}: {', '.join(strangers)} has no meaning here")
    # pydantic drops the metadata of Annotated[X, M] | None without a word
    if any(isinstance(item, Marker) or item in Marker.__subclasses__() for item in _nested_metadata(info.annotation)):
        raise DeclarationError(f"{location}: a mark inside the type is lost; write Annotated[X | None, Mark()]")


def _nested_metadata(annotation: Any) -> Iterator[Any]:
    if get_origin(annotation) is Annotated:
        yield from annotation.__metadata__
    for part in get_args(annotation):
        yield from _nested_metadata(part)


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Model)
