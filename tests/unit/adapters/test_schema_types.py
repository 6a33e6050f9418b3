"""The schema type of a property, for every form of its annotation."""

from enum import StrEnum
from typing import Annotated, Any

import pytest
from pydantic import Field

from neev_provider.adapters.shared.schema_types import (
    AnyType,
    ArrayType,
    EnumType,
    EnumValue,
    MapType,
    ObjectType,
    PrimitiveType,
    TypeSpec,
    enum_values,
    is_always_present,
    referenced_types,
    type_of,
)
from neev_provider.core.markers import AutoName, Computed, DeclarationError, Replace, ResetsTo, Update
from neev_provider.core.model import Inputs, Integer, Model, Number


class Colour(StrEnum):
    """A colour."""

    RED = "red"
    """Like a
    rose."""
    BLUE = "blue"
    """Like the sky."""


class Mute(StrEnum):
    """An enum whose values have no docstrings."""

    ONE = "one"


class Wall(Model):
    """A wall."""

    colour: Colour = Colour.RED
    """Its colour."""


class House(Inputs):
    """A house."""

    name: Annotated[str | None, Replace(), AutoName()] = None
    """A name."""
    size: Annotated[Number | None, Field(ge=0.5, le=8, multiple_of=0.5), Update()] = None
    """With every kind of limit."""
    floors: Annotated[Integer, Field(ge=1), Update()] = 2
    """With a lower limit and a default."""
    cellars: Annotated[list[Annotated[Integer, Field(le=3)]] | None, Update()] = None
    """With an upper limit within."""
    doors: Annotated[dict[str, str] | None, Update()] = None
    """A map."""
    walls: Annotated[list[Wall] | None, Update()] = None
    """Models in a list."""
    front: Annotated[Wall | None, Update(), Computed(), ResetsTo(Wall().to_properties())] = None
    """A model with a value to which it resets."""
    notes: Annotated[list[Any] | None, Update()] = None
    """Untyped items."""
    empty: Annotated[bool, Update()]
    """Required."""


class Odd(Inputs):
    """Inputs with types that other languages do not have."""

    number: Annotated[complex, Update()]
    """Complex."""
    either: Annotated[int | str, Update()]
    """One of two."""


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("name", PrimitiveType(str)),
        ("size", PrimitiveType(float, "0.5 to 8, steps of 0.5")),
        ("floors", PrimitiveType(int, "1 or more")),
        ("cellars", ArrayType(PrimitiveType(int, "3 or less"))),
        ("doors", MapType(PrimitiveType(str))),
        ("walls", ArrayType(ObjectType(Wall))),
        ("front", ObjectType(Wall)),
        ("notes", ArrayType(AnyType())),
        ("empty", PrimitiveType(bool)),
    ],
)
def test_a_type_is_resolved_through_optional_and_annotated(name: str, shape: TypeSpec) -> None:
    assert type_of(House.properties[name]) == shape


@pytest.mark.parametrize("name", ["number", "either"])
def test_an_unsupported_type_is_rejected_with_its_property(name: str) -> None:
    with pytest.raises(DeclarationError, match=f"Odd.{name}: .* is no type"):
        type_of(Odd.properties[name])


def test_required_defaulted_and_autonamed_properties_are_always_present() -> None:
    assert [name for name, declared in House.properties.items() if is_always_present(declared)] == [
        "name",
        "floors",
        "front",
        "empty",
    ]


def test_enum_values_have_the_docstrings_below_them() -> None:
    assert enum_values(Colour) == (EnumValue("RED", "red", "Like a\nrose."), EnumValue("BLUE", "blue", "Like the sky."))


def test_an_enum_value_without_a_docstring_is_rejected() -> None:
    with pytest.raises(DeclarationError, match=r"Mute: .* ONE"):
        enum_values(Mute)


def test_referenced_types_are_found_at_any_depth() -> None:
    assert set(referenced_types(type_of(House.properties["walls"]))) == {Wall, Colour}
    assert set(referenced_types(EnumType(Colour))) == {Colour}
    assert set(referenced_types(MapType(PrimitiveType(str)))) == set()
