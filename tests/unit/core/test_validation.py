"""Invalid inputs are reported before any request, each with its path and what is allowed."""

from collections.abc import Callable
from typing import Annotated, Any, ClassVar

import pytest
from pydantic import Field

from neev_provider.core.assets import Archive, Asset, AssetOrArchive
from neev_provider.core.errors import InputError
from neev_provider.core.markers import Replace, Secret, Update
from neev_provider.core.model import UNKNOWN, Boolean, Inputs, Integer, Model, Number, Rule
from neev_provider.core.validation import (
    ValidationFailure,
    also_requires,
    at_most_one_of,
    exactly_one_of,
    format_path,
    less_than,
    parse,
    parse_valid,
    user_properties,
    validate,
)


class Hole(Model):
    """A hole."""

    rules: ClassVar[tuple[Rule, ...]] = (also_requires("protocol", "port"),)

    host: str
    """Where."""
    port: Annotated[Integer | None, Field(ge=1, le=65535)] = None
    """Which."""
    protocol: str | None = None
    """How."""


class Wall(Model):
    """A wall."""

    holes: list[Hole]
    """What it lets through."""
    top: Hole | None = None
    """What goes over it."""


class Widget(Inputs):
    """A widget."""

    rules: ClassVar[tuple[Rule, ...]] = (at_most_one_of("image", "template_id"), less_than("rootfs_gb", "disk_gb"))

    image: Annotated[str | None, Replace()] = None
    """An image."""
    template_id: Annotated[str | None, Replace()] = None
    """A template."""
    disk_gb: Annotated[Integer | None, Field(ge=10, le=100, multiple_of=10), Replace()] = None
    """A disk."""
    rootfs_gb: Annotated[Integer | None, Replace()] = None
    """Part of the disk."""
    cpu: Annotated[Number | None, Update()] = None
    """Cores."""
    paused: Annotated[Boolean | None, Update()] = None
    """Whether it is paused."""
    wall: Annotated[Wall | None, Update()] = None
    """A wall."""
    token: Annotated[str | None, Field(max_length=3), Replace(), Secret()] = None
    """A secret."""


@pytest.mark.parametrize(
    ("raw", "path", "reason"),
    [
        ({"diskGb": 15}, "diskGb", "must be a multiple of 10 (is 15)"),
        ({"diskGb": 5}, "diskGb", "must be at least 10 (is 5)"),
        ({"diskGb": 200}, "diskGb", "must be at most 100 (is 200)"),
        ({"diskGb": 20.5}, "diskGb", "must be a whole number (is 20.5)"),
        ({"diskGb": "20 GB"}, "diskGb", "must be a number (is '20 GB')"),
        ({"diskGb": True}, "diskGb", "must be a number"),
        ({"paused": "yes"}, "paused", "must be true or false (is 'yes')"),
        ({"image": ["a"]}, "image", "must be a string"),
        ({"wall": {"holes": [{"host": "a"}, {"host": "b", "port": 70000}]}}, "wall.holes[1].port", "must be at most"),
        ({"wall": {"holes": [{}]}}, "wall.holes[0].host", "is required"),
        ({"wall": {"holes": "a"}}, "wall.holes", "must be a list"),
        ({"wall": 3}, "wall", "must be an object"),
        (
            {"wall": {"holes": [], "top": {"host": "a", "colour": "red"}}},
            "wall.top.colour",
            "is not a property; see the reference",
        ),
        ({"colour": "red"}, "", "colour: is not a property"),
        ({"image": "a", "templateId": "b"}, "image", "at most one of image and templateId can be set"),
        ({"diskGb": 20, "rootfsGb": 20}, "rootfsGb", "must be less than diskGb (20); rootfsGb is 20"),
        (
            {"wall": {"holes": [], "top": {"host": "a", "protocol": "x"}}},
            "wall.top.protocol",
            "protocol requires port",
        ),
    ],
)
def test_an_invalid_input_is_reported_with_its_path_and_reason(raw: dict[str, object], path: str, reason: str) -> None:
    """The path is the one in the program; the reason contains what is allowed."""
    found = validate(Widget, raw)
    assert [failure.path for failure in found] == [path]
    assert reason in found[0].reason


def test_rules_apply_to_list_items() -> None:
    """The items of a list are validated like other objects."""
    found = validate(Widget, {"wall": {"holes": [{"host": "a"}, {"host": "a", "protocol": "x"}]}})
    assert [failure.path for failure in found] == ["wall.holes[1].protocol"]


def test_the_reason_does_not_show_the_value_of_a_secret() -> None:
    """The path is empty, so that the engine does not show the value either."""
    assert validate(Widget, {"token": "hush!"}) == [ValidationFailure("", "token: must have at most 3 characters")]


def test_unknown_values_are_not_validated_at_any_depth() -> None:
    """In a preview, an unknown value may still be valid."""
    raw = {"diskGb": UNKNOWN, "rootfsGb": 5, "wall": {"holes": [{"host": UNKNOWN, "port": UNKNOWN}, UNKNOWN]}}
    assert validate(Widget, raw) == []
    assert validate(Widget, {"wall": UNKNOWN, "paused": UNKNOWN, "cpu": UNKNOWN}) == []


def test_a_rule_applies_if_all_its_fields_are_known() -> None:
    """An unknown input does not hide a conflict between two others."""
    found = validate(Widget, {"image": "a", "templateId": "b", "diskGb": UNKNOWN})
    assert [failure.path for failure in found] == ["image"]
    assert validate(Widget, {"image": "a", "templateId": UNKNOWN}) == []


def test_null_values_are_treated_as_absent() -> None:
    """The engine sends null for absent values."""
    assert user_properties({"a": None, "b": {"c": None, "d": [{"e": None}]}, "__x": 1}) == {"b": {"d": [{}]}}
    assert parse(Widget, {"image": None, "diskGb": 20.0, "__resourceName": "x"}).disk_gb == 20


def test_asset_and_archive_inputs_accept_only_their_own_type() -> None:
    """Each type has its own error text."""

    class Sent(Model):
        """Sent."""

        text: Asset | None = None
        """An asset."""
        many: Archive | None = None
        """An archive."""
        any: AssetOrArchive | None = None
        """Either."""

    text, many = Asset(text="a"), Archive(path="a")
    assert validate(Sent, {"text": text, "many": many, "any": many}) == []
    found = {failure.path: failure.reason for failure in validate(Sent, {"text": many, "many": "a", "any": {}})}
    assert found == {
        "text": "must be an asset",
        "many": "must be an archive (is 'a')",
        "any": "must be an asset or an archive",
    }


def test_exactly_one_of_rejects_none_and_both() -> None:
    """None is as invalid as two."""

    class Which(Model):
        """Which."""

        rules: ClassVar[tuple[Rule, ...]] = (exactly_one_of("id", "name"),)
        id: str | None = None
        """Id."""
        name: str | None = None
        """Name."""

    assert [failure.reason for failure in validate(Which, {})] == ["set exactly one of id and name"]
    assert validate(Which, {"id": "a", "name": "b"})
    assert not validate(Which, {"name": "b"})


def test_paths_have_the_format_of_pulumi() -> None:
    """Dots, brackets, and quotes for a key that is not a name."""
    assert format_path(("egress", "allow", 1, "host")) == "egress.allow[1].host"
    assert format_path(("env", "a.b")) == 'env["a.b"]'


def test_a_rule_is_not_applied_to_values_of_the_wrong_type() -> None:
    """Only the wrong type is reported."""
    found = validate(Widget, {"rootfsGb": "a", "diskGb": 20})
    assert found == [ValidationFailure("rootfsGb", "must be a number (is 'a')")]


@pytest.mark.parametrize(
    ("make", "fields", "values", "reason"),
    [
        (at_most_one_of, ("a", "b", "c"), {"a": None, "b": 1, "c": None}, None),
        (at_most_one_of, ("a", "b"), {"a": 1, "b": 0}, "at most one of a and b can be set"),
        (exactly_one_of, ("a", "b"), {"a": None, "b": None}, "set exactly one of a and b"),
        (exactly_one_of, ("a", "b"), {"a": 1, "b": 1}, "set exactly one of a and b"),
        (exactly_one_of, ("a", "b", "c"), {"a": 1, "b": None, "c": None}, None),
        (less_than, ("a", "b"), {"a": 1, "b": 2}, None),
        (less_than, ("a", "b"), {"a": 2, "b": 2}, "must be less than b (2); a is 2"),
        (less_than, ("a", "b"), {"a": None, "b": 2}, None),
        (less_than, ("a", "b"), {"a": 2, "b": None}, None),
        (also_requires, ("a", "b"), {"a": 1, "b": 1}, None),
        (also_requires, ("a", "b"), {"a": None, "b": 1}, None),
        (also_requires, ("a", "b"), {"a": None, "b": None}, None),
        (also_requires, ("a", "b"), {"a": 1, "b": None}, "a requires b"),
    ],
)
def test_a_rule_lists_its_fields_and_returns_its_reason(
    make: Callable[..., Rule], fields: tuple[str, ...], values: dict[str, object], reason: str | None
) -> None:
    rule = make(*fields)
    assert (rule.fields, rule.check(values)) == (fields, reason)


def test_a_long_value_is_truncated_in_the_reason() -> None:
    for length, shown in ((78, "x" * 78 + "'"), (79, "x" * 76 + "…")):
        [found] = validate(Widget, {"image": "a", "cpu": "x" * length})
        assert found.reason == f"must be a number (is '{shown})"
    [found] = validate(Widget, {"diskGb": 1e9 + 0.25})
    assert found.reason == "must be a whole number (is 1e+09)"


def test_a_constraint_without_its_own_text_has_the_reason_of_pydantic() -> None:
    """No declaration of this project has such a constraint."""

    class Strict(Model):
        """Strict."""

        at: Annotated[str, Field(pattern="^a")]
        """A place."""

    [found] = validate(Strict, {"at": "b"})
    assert found == ValidationFailure("at", "String should match pattern '^a' (is 'b')")


def test_an_unknown_value_in_one_rule_does_not_affect_the_others() -> None:
    found = validate(Widget, {"image": UNKNOWN, "templateId": "b", "diskGb": 20, "rootfsGb": 20})
    assert [failure.path for failure in found] == ["rootfsGb"]


def test_the_reason_does_not_show_a_boolean_in_place_of_a_number() -> None:
    assert validate(Widget, {"diskGb": True}) == [ValidationFailure("diskGb", "must be a number")]


def test_a_list_of_any_values_is_not_validated() -> None:
    class Loose(Model):
        """Loose."""

        triggers: list[Any]
        """Anything."""

    assert validate(Loose, {"triggers": [{"a": 1}, 2]}) == []


@pytest.mark.parametrize(
    ("raw", "path", "reason"),
    [
        ({"diskGb": 15, "cpu": 1}, "diskGb", "must be a multiple of 10 (is 15)"),
        ({"wall": {"holes": [{"host": "a"}, {"port": 1}]}}, "wall.holes[1].host", "is required"),
        ({"ofTomorrow": {}}, "ofTomorrow", "is not a property; see the reference for valid properties"),
        ({"token": "hush!"}, "token", "must have at most 3 characters"),
        ({"image": UNKNOWN}, "image", "is not known yet"),
    ],
)
def test_parse_rejects_invalid_values_with_a_hint(raw: dict[str, Any], path: str, reason: str) -> None:
    """For example in a state that was edited by hand; the error does not show a secret."""
    for read in (parse, parse_valid):
        with pytest.raises(InputError) as caught:
            read(Widget, raw)
        assert (caught.value.path, caught.value.reason) == (path, reason)
        assert str(caught.value) == (
            f"{path}: {reason}. Correct it in the program; where only the state has it so, import the resource anew."
        )


def test_parse_valid_applies_the_rules_and_parse_does_not() -> None:
    """A program can correct inputs that an earlier version accepted."""
    raw = {"image": "a", "templateId": "b"}
    assert parse(Widget, raw).image == "a"
    with pytest.raises(InputError, match=r"^image: at most one of image and templateId can be set. Correct it"):
        parse_valid(Widget, raw)
    assert parse_valid(Widget, {"image": "a", "templateId": None, "__resourceName": "x"}) == Widget(image="a")
