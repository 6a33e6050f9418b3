"""A declaration is read once, and a wrong mark is refused when it is made."""

import copy
from enum import StrEnum
from typing import Annotated, ClassVar

import pytest
from pydantic import BaseModel, Field, ValidationError

from neev_provider.core.markers import AutoName, Computed, Replace, Secret, SecretIf, Stable, Unordered, Update
from neev_provider.core.model import UNKNOWN, Boolean, DeclarationError, Inputs, Integer, Model, Outputs
from neev_provider.core.model import Rule as Between
from neev_provider.core.validation import at_most_one_of


class Rule(Model):
    """A rule."""

    host: str
    """A host."""


class Widget(Inputs):
    """A thing."""

    disk_gb: Annotated[Integer, Replace()]
    """Its disk."""
    walls: Annotated[list[Rule] | None, Update(), Unordered()] = None
    """Its walls."""
    nested: Annotated[Rule | None, Update()] = None
    """One rule."""
    env: Annotated[dict[str, str] | None, Replace(), Secret()] = None
    """Its environment."""
    paused: Annotated[Boolean | None, Update()] = None
    """Whether it sleeps."""


def test_a_property_is_camel_case_outside_and_carries_its_marks() -> None:
    """One declaration yields the name, the marks, the description and whether it is required."""
    disk = Widget.properties["diskGb"]
    assert (disk.field, disk.required, disk.description) == ("disk_gb", True, "Its disk.")
    assert disk.has(Replace)
    assert not disk.has(Update)


def test_nested_models_and_list_items_are_known() -> None:
    """The schema and the diff can walk into both, also where they are optional."""
    assert Widget.properties["nested"].model is Rule
    assert Widget.properties["walls"].item is Rule
    assert Widget.properties["walls"].model is None
    assert Widget.properties["env"].item is None


def test_a_secret_is_masked_in_repr() -> None:
    """A log line that prints the inputs shows no value of a secret."""
    text = repr(Widget(disk_gb=10, env={"TOKEN": "hush"}))
    assert "hush" not in text
    assert "env='[secret]'" in text
    assert "disk_gb=10" in text


def test_whole_numbers_of_the_wire_are_integers() -> None:
    """The wire knows only doubles: 10.0 is 10."""
    assert Widget.model_validate({"diskGb": 10.0}).disk_gb == 10


def test_wire_is_camel_case_and_holds_only_what_is_set() -> None:
    """What a program writes and what the state holds look the same."""
    assert Widget(disk_gb=10, nested=Rule(host="a")).to_properties() == {"diskGb": 10, "nested": {"host": "a"}}


def declare_model(annotation: object, *, base: type[BaseModel] = Inputs) -> None:
    """A model with one property of this annotation."""
    type("Toy", (base,), {"__annotations__": {"x": annotation}, "x": None, "__module__": __name__})


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (str | None, "exactly one of"),
        (Annotated[str | None, Replace(), Update()], "exactly one of"),
        (Annotated[str | None, Replace(), Replace()], "twice"),
        (Annotated[str, Replace()] | None, "inside the type is lost"),
        (Annotated[list[Annotated[str, Secret()]] | None, Update()], "inside the type is lost"),
        (Annotated[str | None, Update(), Stable()], "Stable has no meaning here"),
        (Annotated[str | None, Replace], "write its parentheses"),
        (Annotated[Annotated[str, Replace] | None, Update()], "inside the type is lost"),
    ],
)
def test_a_wrong_mark_fails_at_import(annotation: object, words: str) -> None:
    """Missing, doubled, nested, foreign and unfinished marks are refused when the class is made."""
    with pytest.raises(DeclarationError, match=words):
        declare_model(annotation)


@pytest.mark.parametrize("mark", [Replace(), Update(), Computed(), AutoName()])
def test_outputs_take_no_mark_of_an_input(mark: object) -> None:
    """An output is neither updated nor replaced."""
    with pytest.raises(DeclarationError, match="no meaning here"):
        declare_model(Annotated[str | None, mark], base=Outputs)


def test_every_property_says_what_it_is() -> None:
    """The reference is made from the declarations, so none may be silent."""

    class Silent(Widget):
        cpu: Annotated[Integer | None, Update()] = None

    assert Silent.properties["paused"].description == "Whether it sleeps."
    with pytest.raises(DeclarationError, match=r"Silent\.cpu: say in a docstring"):
        _ = Silent.properties["cpu"].description


def test_what_is_refused_is_not_repeated() -> None:
    """It may be a secret, and an error of the model ends in tracebacks."""
    with pytest.raises(ValidationError, match="env") as caught:
        Widget.model_validate({"diskGb": 1, "env": "hunter2"})
    assert "hunter2" not in f"{caught.value} {caught.value!r}"


def test_there_is_one_unknown() -> None:
    """Also in a copy of what holds it."""
    assert copy.copy(UNKNOWN) is UNKNOWN
    assert copy.deepcopy({"a": [UNKNOWN]})["a"][0] is UNKNOWN


def test_a_rule_that_reads_an_undeclared_field_fails_at_import() -> None:
    """A property that was renamed would silence it."""
    with pytest.raises(DeclarationError, match=r"Ruled: a rule reads \['colour'\], which no property is called"):

        class Ruled(Model):
            """Ruled."""

            rules: ClassVar[tuple[Between, ...]] = (at_most_one_of("host", "colour"),)
            host: str | None = None
            """A host."""


class Colour(StrEnum):
    """A colour."""

    RED = "red"


def test_what_is_declared_is_what_is_derived_from() -> None:
    """Toy here, so that all of it is worked out here."""

    class Toy(Inputs):
        """Toy."""

        needed_part: Annotated[Integer, Replace()]
        """Needed."""
        named: Annotated[str | None, Field(alias="called"), Update()] = None
        """Named otherwise outside."""
        size: Annotated[Integer, Update()] = 3
        """Its size."""
        parts: Annotated[list[Rule], Update(), Unordered()] = Field(default_factory=list)
        """Its parts."""
        wall: Annotated[Annotated[Rule, "documented"] | None, Update()] = None
        """Its wall."""
        colour: Annotated[Colour | None, Update()] = None
        """Its colour."""
        tags: Annotated[dict[str, str] | None, Update()] = None
        """Its tags."""

    observed = Toy.properties
    assert list(observed) == ["neededPart", "called", "size", "parts", "wall", "colour", "tags"]
    assert [item.field for item in observed.values()] == list(Toy.model_fields)
    assert [item.name for item in observed.values()] == list(observed)
    assert [item.required for item in observed.values()] == [True, *[False] * 6]
    assert [item.default for item in observed.values()] == [None, None, 3, [], None, None, None]
    assert observed["neededPart"].description == "Needed."
    assert observed["size"].annotation == Integer.__origin__  # type: ignore[attr-defined]  # what Annotated holds
    assert observed["parts"].markers == (Update(), Unordered())
    assert [observed[name].model for name in ("wall", "parts", "tags", "size")] == [Rule, None, None, None]
    assert (observed["parts"].item, observed["parts"].item_model) == (Rule, Rule)
    assert (observed["tags"].item, observed["wall"].item) == (None, None)
    created = Toy(needed_part=1, called="x", colour=Colour.RED)  # type: ignore[call-arg]  # its name outside
    assert created.to_properties() == {"neededPart": 1, "called": "x", "size": 3, "parts": [], "colour": "red"}
    assert type(created.to_properties()["colour"]) is str


def test_a_wrong_declaration_is_named_with_what_is_wrong() -> None:
    """Model and property first: it is read in the traceback of an import."""
    with pytest.raises(DeclarationError, match=r"^Toy\.x: Stable, SecretIf has no meaning here$"):
        declare_model(Annotated[str | None, Update(), Stable(), SecretIf("y")])
    with pytest.raises(DeclarationError, match=r"^Toy\.x: exactly one of Replace\(\) and Update\(\)$"):
        declare_model(str | None)
    with pytest.raises(DeclarationError, match=r"^Toy\.x: the same mark twice$"):
        declare_model(Annotated[str | None, Update(), Update()])


def test_the_unknown_shows_as_such() -> None:
    assert repr(UNKNOWN) == "<unknown>"
