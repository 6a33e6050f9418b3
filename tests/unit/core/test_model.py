"""A declaration is read once, and a wrong mark is refused when it is made."""

from typing import Annotated

import pytest
from pydantic import BaseModel, ValidationError

from pulumi_neev.core.marks import AutoName, Replace, Secret, Stable, Unordered, Update, Visible
from pulumi_neev.core.model import DeclarationError, Flag, Inputs, Integer, Model, Outputs


class Rule(Model):
    """A rule."""

    host: str
    """A host."""


class Thing(Inputs):
    """A thing."""

    disk_gb: Annotated[Integer, Replace()]
    """Its disk."""
    walls: Annotated[list[Rule] | None, Update(), Unordered()] = None
    """Its walls."""
    nested: Annotated[Rule | None, Update()] = None
    """One rule."""
    env: Annotated[dict[str, str] | None, Replace(), Secret()] = None
    """Its environment."""
    paused: Annotated[Flag | None, Update()] = None
    """Whether it sleeps."""


def test_a_property_is_camel_case_outside_and_carries_its_marks() -> None:
    """One declaration yields the name, the marks, the description and whether it is required."""
    disk = Thing.properties["diskGb"]
    assert (disk.field, disk.required, disk.description) == ("disk_gb", True, "Its disk.")
    assert disk.has(Replace)
    assert not disk.has(Update)


def test_nested_models_and_list_items_are_known() -> None:
    """The schema and the diff can walk into both, also where they are optional."""
    assert Thing.properties["nested"].model is Rule
    assert Thing.properties["walls"].item is Rule
    assert Thing.properties["walls"].model is None
    assert Thing.properties["env"].item is None


def test_a_secret_is_masked_in_repr() -> None:
    """A log line that prints the inputs shows no value of a secret."""
    text = repr(Thing(disk_gb=10, env={"TOKEN": "hush"}))
    assert "hush" not in text
    assert "env='[secret]'" in text
    assert "disk_gb=10" in text


def test_whole_numbers_of_the_wire_are_integers() -> None:
    """The wire knows only doubles: 10.0 is 10."""
    assert Thing.model_validate({"diskGb": 10.0}).disk_gb == 10


def test_wire_is_camel_case_and_holds_only_what_is_set() -> None:
    """What a program writes and what the state holds look the same."""
    assert Thing(disk_gb=10, nested=Rule(host="a")).wire() == {"diskGb": 10, "nested": {"host": "a"}}


def declare(annotation: object, *, base: type[BaseModel] = Inputs) -> None:
    """A model with one property of this annotation."""
    type("Made", (base,), {"__annotations__": {"x": annotation}, "x": None, "__module__": __name__})


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
        declare(annotation)


@pytest.mark.parametrize("mark", [Replace(), Update(), Visible(), AutoName()])
def test_outputs_take_no_mark_of_an_input(mark: object) -> None:
    """An output is neither updated nor replaced."""
    with pytest.raises(DeclarationError, match="no meaning here"):
        declare(Annotated[str | None, mark], base=Outputs)


def test_every_property_says_what_it_is() -> None:
    """The reference is made from the declarations, so none may be silent."""

    class Silent(Thing):
        cpu: Annotated[Integer | None, Update()] = None

    assert Silent.properties["paused"].description == "Whether it sleeps."
    with pytest.raises(DeclarationError, match=r"Silent\.cpu: say in a docstring"):
        _ = Silent.properties["cpu"].description


def test_what_is_refused_is_not_repeated() -> None:
    """It may be a secret, and an error of the model ends in tracebacks."""
    with pytest.raises(ValidationError, match="env") as caught:
        Thing.model_validate({"diskGb": 1, "env": "hunter2"})
    assert "hunter2" not in f"{caught.value} {caught.value!r}"
