"""The properties of a declaration, and the errors for an invalid one."""

import copy
from enum import StrEnum
from typing import Annotated, ClassVar

import pytest
from pydantic import BaseModel, Field, ValidationError

from neev_provider.core.markers import (
    AutoName,
    Computed,
    DeclarationError,
    Replace,
    Secret,
    SecretIf,
    Stable,
    Unordered,
    Update,
)
from neev_provider.core.model import UNKNOWN, Boolean, Inputs, Integer, Model, Outputs
from neev_provider.core.model import Rule as Between
from neev_provider.core.validation import at_most_one_of


class Rule(Model):
    """A rule."""

    host: str
    """A host."""


class Widget(Inputs):
    """A widget."""

    disk_gb: Annotated[Integer, Replace()]
    """Its disk."""
    walls: Annotated[list[Rule] | None, Update(), Unordered()] = None
    """Its walls."""
    nested: Annotated[Rule | None, Update()] = None
    """One rule."""
    env: Annotated[dict[str, str] | None, Replace(), Secret()] = None
    """Its environment."""
    paused: Annotated[Boolean | None, Update()] = None
    """Whether it is paused."""


def test_a_property_has_a_camel_case_name_and_its_markers() -> None:
    """One declaration yields the name, the markers, the description and whether it is required."""
    disk = Widget.properties["diskGb"]
    assert (disk.field, disk.required, disk.description) == ("disk_gb", True, "Its disk.")
    assert disk.has(Replace)
    assert not disk.has(Update)


def test_properties_expose_nested_models_and_list_items() -> None:
    """The schema and the diff can walk into both, also where they are optional."""
    assert Widget.properties["nested"].model is Rule
    assert Widget.properties["walls"].item is Rule
    assert Widget.properties["walls"].model is None
    assert Widget.properties["env"].item is None


def test_properties_are_found_by_their_marker() -> None:
    assert [prop.name for prop in Widget.properties_with(Update)] == ["walls", "nested", "paused"]
    assert Widget.properties_with(AutoName) == ()
    assert Rule.properties_with(Update) == ()


def test_a_property_may_be_secret_if_a_part_of_it_is() -> None:
    class Login(Model):
        """A login."""

        password: Annotated[str, Secret()]
        """A password."""

    class Account(Outputs):
        """An account."""

        login: Login | None = None
        """One login."""
        logins: list[Login] | None = None
        """More of them."""
        url: Annotated[str | None, SecretIf("private")] = None
        """Its address."""
        name: str | None = None
        """Its name."""

    assert [prop.name for prop in Account.properties.values() if prop.may_be_secret] == ["login", "logins", "url"]


def test_a_secret_is_masked_in_repr() -> None:
    """A log line that prints the inputs shows no value of a secret."""
    text = repr(Widget(disk_gb=10, env={"TOKEN": "hush"}))
    assert "hush" not in text
    assert "env='[secret]'" in text
    assert "disk_gb=10" in text


def test_whole_numbers_of_the_protocol_are_integers() -> None:
    """The protocol has only doubles: 10.0 is 10."""
    assert Widget.model_validate({"diskGb": 10.0}).disk_gb == 10


def test_to_properties_uses_camel_case_and_omits_unset_values() -> None:
    """A program and a state have the same format."""
    assert Widget(disk_gb=10, nested=Rule(host="a")).to_properties() == {"diskGb": 10, "nested": {"host": "a"}}


def declare_model(annotation: object, *, base: type[BaseModel] = Inputs) -> None:
    """Declare a model with one property of this annotation."""
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
def test_an_invalid_marker_fails_at_import(annotation: object, words: str) -> None:
    """Missing, duplicate, nested, misplaced and uncalled markers are rejected when the class is created."""
    with pytest.raises(DeclarationError, match=words):
        declare_model(annotation)


@pytest.mark.parametrize("mark", [Replace(), Update(), Computed(), AutoName()])
def test_outputs_reject_markers_of_inputs(mark: object) -> None:
    """An output is neither updated nor replaced."""
    with pytest.raises(DeclarationError, match="no meaning here"):
        declare_model(Annotated[str | None, mark], base=Outputs)


def test_a_property_without_a_docstring_is_rejected() -> None:
    """The reference is generated from the declarations, so each property needs a docstring."""

    class Undocumented(Widget):
        cpu: Annotated[Integer | None, Update()] = None

    assert Undocumented.properties["paused"].description == "Whether it is paused."
    with pytest.raises(DeclarationError, match=r"Undocumented\.cpu: say in a docstring"):
        _ = Undocumented.properties["cpu"].description


def test_a_validation_error_of_a_model_hides_the_value() -> None:
    """The value may be a secret, and a traceback shows the error."""
    with pytest.raises(ValidationError, match="env") as caught:
        Widget.model_validate({"diskGb": 1, "env": "hunter2"})
    assert "hunter2" not in f"{caught.value} {caught.value!r}"


def test_a_copy_of_unknown_is_the_same_object() -> None:
    """Also in a deep copy of a container."""
    assert copy.copy(UNKNOWN) is UNKNOWN
    assert copy.deepcopy({"a": [UNKNOWN]})["a"][0] is UNKNOWN


def test_a_rule_that_reads_an_undeclared_field_fails_at_import() -> None:
    """Otherwise a renamed property would disable the rule."""
    with pytest.raises(DeclarationError, match=r"Ruled: a rule reads \['colour'\], which no property is called"):

        class Ruled(Model):
            """Ruled."""

            rules: ClassVar[tuple[Between, ...]] = (at_most_one_of("host", "colour"),)
            host: str | None = None
            """A host."""


class Colour(StrEnum):
    """A colour."""

    RED = "red"


def test_properties_are_derived_from_the_declaration() -> None:
    """The model is declared in the test, so that nothing is cached before."""

    class Toy(Inputs):
        """Toy."""

        needed_part: Annotated[Integer, Replace()]
        """Needed."""
        named: Annotated[str | None, Field(alias="called"), Update()] = None
        """Has an alias."""
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
    assert observed["parts"].markers == {Update: Update(), Unordered: Unordered()}
    assert [observed[name].model for name in ("wall", "parts", "tags", "size")] == [Rule, None, None, None]
    assert (observed["parts"].item, observed["parts"].item_model) == (Rule, Rule)
    assert (observed["tags"].item, observed["wall"].item) == (None, None)
    created = Toy(needed_part=1, called="x", colour=Colour.RED)  # type: ignore[call-arg]  # its alias
    assert created.to_properties() == {"neededPart": 1, "called": "x", "size": 3, "parts": [], "colour": "red"}
    assert type(created.to_properties()["colour"]) is str


def test_a_declaration_error_names_the_model_the_property_and_the_reason() -> None:
    """The user reads it in the traceback of an import."""
    with pytest.raises(DeclarationError, match=r"^Toy\.x: Stable, SecretIf has no meaning here$"):
        declare_model(Annotated[str | None, Update(), Stable(), SecretIf("y")])
    with pytest.raises(DeclarationError, match=r"^Toy\.x: exactly one of Replace\(\) and Update\(\)$"):
        declare_model(str | None)
    with pytest.raises(DeclarationError, match=r"^Toy\.x: the same mark twice$"):
        declare_model(Annotated[str | None, Update(), Update()])


def test_unknown_has_a_readable_repr() -> None:
    assert repr(UNKNOWN) == "<unknown>"
