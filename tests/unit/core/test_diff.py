"""The effect of a change, by path: none, an update or a replacement; a default is never a change."""

from typing import Annotated, Any

import pytest

from neev_provider.core.diff import (
    AUTONAMED_KEY,
    IMPORTED_KEY,
    Change,
    ChangeKind,
    Diff,
    compute_diff,
    semantically_equal,
)
from neev_provider.core.markers import AutoName, Computed, Replace, ResetsTo, Secret, Unordered, Update
from neev_provider.core.model import UNKNOWN, Inputs, Integer, Model, Number


class Hole(Model):
    """A hole."""

    host: str
    """Where."""
    ports: Annotated[list[Integer] | None, Unordered()] = None
    """Which."""


class Wall(Model):
    """A wall."""

    mode: str = "closed"
    """How."""
    holes: Annotated[list[Hole], Unordered()] = []
    """What it lets through."""


class Shell(Model):
    """A shell."""

    wall: Wall = Wall()
    """Its wall."""


class Widget(Inputs):
    """A widget."""

    name: Annotated[str | None, Replace(), Computed(), AutoName()] = None
    """Its name."""
    image: Annotated[str | None, Replace(), Computed()] = None
    """Its image."""
    origin: Annotated[str | None, Replace(if_configured=True)] = None
    """Where it came from."""
    env: Annotated[dict[str, str] | None, Replace(), Secret()] = None
    """Its environment."""
    argv: Annotated[list[str] | None, Replace()] = None
    """Its command."""
    cpu: Annotated[Number | None, Update(), Computed()] = None
    """Its cores."""
    paused: Annotated[bool | None, Update()] = None
    """Whether it is paused."""
    wall: Annotated[Wall | None, Update(), Computed(), ResetsTo(Wall().to_properties())] = None
    """Its wall."""
    fence: Annotated[Wall | None, Update(), Computed(), ResetsTo(Wall().to_properties(), only_on_removal=True)] = None
    """Its fence."""


def find_changes(
    old_inputs: dict[str, Any], new_inputs: dict[str, Any], state: dict[str, Any] | None = None
) -> dict[str, str]:
    """Return the kind of each change by its path; a replacement has a star."""
    found = compute_diff(
        Widget, old_inputs=old_inputs, state=old_inputs if state is None else state, new_inputs=new_inputs
    )
    return {change.path: change.kind.value + "*" * change.requires_replacement for change in found.changes}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({}, {}, {}),
        ({"cpu": 1}, {"cpu": 1.0}, {}),
        ({"cpu": 1}, {"cpu": 2}, {"cpu": "update"}),
        ({"paused": True}, {"paused": False}, {"paused": "update"}),
        ({}, {"paused": True}, {"paused": "add"}),
        ({"image": "a"}, {"image": "b"}, {"image": "update*"}),
        ({"env": {"A": "1"}}, {"env": {"A": "2", "B": "1"}}, {"env.A": "update*", "env.B": "add*"}),
        ({"env": {"A": "1", "B": "1"}}, {"env": {"A": "1"}}, {"env.B": "delete*"}),
        ({"argv": ["a", "b"]}, {"argv": ["a"]}, {"argv[1]": "delete*"}),
        ({"argv": ["a", "b"]}, {"argv": ["b", "a"]}, {"argv[0]": "update*", "argv[1]": "update*"}),
        ({"cpu": 1, "__resourceName": "x"}, {"cpu": 1, "__resourceName": "y"}, {}),
        ({"cpu": None}, {}, {}),
    ],
)
def test_values_are_compared_by_meaning_at_each_path(
    old: dict[str, Any], new: dict[str, Any], expected: dict[str, str]
) -> None:
    """Number types, nulls and an adapter's own keys make no difference; everything else is a change."""
    assert find_changes(old, new) == expected


@pytest.mark.parametrize(
    ("old", "expected"),
    [
        ({"cpu": 1}, {}),
        ({"paused": True}, {}),
        ({"image": "a"}, {}),
        ({"origin": "s"}, {}),
        ({"env": {"A": "1"}}, {"env": "delete*"}),
        ({"argv": ["a"]}, {"argv": "delete*"}),
        ({"wall": {"mode": "open"}}, {"wall.mode": "update"}),
        ({"fence": {"mode": "open"}}, {"fence.mode": "update"}),
    ],
)
def test_removing_an_input_is_a_change_only_if_the_object_must_change(
    old: dict[str, Any], expected: dict[str, str]
) -> None:
    """Inputs that the API returns are kept; those that it never returns, or that reset to a default, change."""
    assert find_changes(old, {}) == expected


def test_an_input_equal_to_the_computed_value_is_unchanged() -> None:
    """The API chose the image; a program that then sets the same one has an empty plan."""
    assert find_changes({}, {"image": "a"}, {"image": "a"}) == {}
    assert find_changes({}, {"image": "b"}, {"image": "a"}) == {"image": "update*"}


def test_an_inherited_value_is_unchanged_if_the_program_never_sets_it() -> None:
    """A fork keeps the policy of its source."""
    assert find_changes({}, {}, {"fence": {"mode": "open"}}) == {}
    assert find_changes({}, {}, {"wall": {"mode": "open"}}) == {"wall.mode": "update"}


def test_unset_null_and_default_nested_values_are_equal() -> None:
    """Unset, null and the default mean the same."""
    assert find_changes({}, {"wall": {"mode": "closed", "holes": []}}) == {}
    assert find_changes({"wall": {"holes": []}}, {"wall": {"mode": "closed", "holes": None}}) == {}


def test_sets_are_compared_without_order() -> None:
    """The API may return rules and ports in any order."""
    old = {"wall": {"mode": "open", "holes": [{"host": "a", "ports": [1, 2]}, {"host": "b"}]}}
    new = {"wall": {"mode": "open", "holes": [{"host": "b"}, {"host": "a", "ports": [2, 1]}]}}
    assert find_changes(old, new) == {}


def test_a_changed_set_reports_only_the_items_that_differ() -> None:
    """One changed rule is one path, with its index in the program."""
    old = {"wall": {"mode": "open", "holes": [{"host": "a"}, {"host": "b"}]}}
    new = {"wall": {"mode": "open", "holes": [{"host": "b"}, {"host": "c"}]}}
    assert find_changes(old, new) == {"wall.holes[1].host": "update"}
    assert find_changes(old, {"wall": {"mode": "open", "holes": [{"host": "b"}]}}) == {"wall.holes[1]": "delete"}
    twice = {"wall": {"mode": "open", "holes": [{"host": "a"}, {"host": "b"}, {"host": "b"}]}}
    assert find_changes(old, twice) == {"wall.holes[2]": "add"}


def test_an_unknown_value_is_a_change() -> None:
    """An unknown value may differ, at any depth."""
    assert find_changes({"cpu": 1}, {"cpu": UNKNOWN}) == {"cpu": "update"}
    assert find_changes({}, {"image": UNKNOWN}) == {"image": "add*"}
    assert find_changes({"argv": ["a"]}, {"argv": [UNKNOWN]}) == {"argv[0]": "update*"}
    old = {"wall": {"mode": "open", "holes": [{"host": "a"}]}}
    assert find_changes(old, {"wall": {"mode": "open", "holes": [{"host": UNKNOWN}]}}) == {
        "wall.holes[0].host": "update"
    }
    assert find_changes(old, {"wall": {"mode": "open", "holes": [UNKNOWN]}}) == {"wall.holes[0]": "update"}


def test_a_value_that_the_api_never_returns_is_added_after_an_import() -> None:
    """An environment cannot be read: the one of the program is stored without a replacement."""
    assert find_changes({"name": "a"}, {"name": "a", "env": {"A": "1"}}, {"name": "a", IMPORTED_KEY: True}) == {
        "env": "add"
    }
    assert find_changes({"name": "a"}, {"name": "a", "env": {"A": "1"}}) == {"env": "add*"}


def test_delete_before_replace_is_set_if_an_explicit_name_is_unchanged() -> None:
    """Two objects cannot have the same name; a generated name is generated again."""
    old = {"name": "a", "image": "x"}
    assert compute_diff(Widget, old_inputs=old, state=old, new_inputs={"name": "a", "image": "y"}).delete_before_replace
    assert not compute_diff(
        Widget, old_inputs=old, state=old, new_inputs={"name": "b", "image": "y"}
    ).delete_before_replace
    assert not compute_diff(
        Widget, old_inputs=old, state=old, new_inputs={"name": "a", "image": "y", AUTONAMED_KEY: True}
    ).delete_before_replace
    # also without a replacement in the plan: the user may request one
    assert compute_diff(
        Widget, old_inputs=old, state=old, new_inputs={"name": "a", "image": "x", "cpu": 2}
    ).delete_before_replace
    assert compute_diff(Widget, old_inputs=old, state=old, new_inputs=old).delete_before_replace


def test_property_name_is_the_top_level_input_of_a_change() -> None:
    """The engine needs the top-level name too."""
    assert Change("wall.holes[1].host", ChangeKind.UPDATE, requires_replacement=False).property_name == "wall"
    assert Change("argv[0]", ChangeKind.UPDATE, requires_replacement=True).property_name == "argv"
    assert Change('["a-b.c"]', ChangeKind.ADD, requires_replacement=False).property_name == "a-b.c"
    assert not Diff().requires_replacement


def test_semantically_equal_uses_the_declaration() -> None:
    """A refresh compares by the same rules as a plan."""
    assert semantically_equal(Widget.properties["wall"], None, {"mode": "closed", "holes": []})
    assert not semantically_equal(Widget.properties["wall"], {"mode": "open"}, {"mode": "closed"})


def test_the_state_is_ignored_for_an_input_that_the_api_never_returns() -> None:
    """It is the old value of an input that the API returns, because the API chose it."""
    state = {"env": {"A": "1"}, "image": "ubuntu"}
    assert find_changes({}, state, state) == {"env": "add*"}


def test_after_an_import_only_inputs_that_cannot_be_read_need_no_replacement() -> None:
    assert find_changes({}, {"env": {"A": "1"}, "image": "x"}, {IMPORTED_KEY: True}) == {"env": "add", "image": "add*"}


def test_an_ordered_list_changes_at_its_end() -> None:
    assert find_changes({"argv": ["a"]}, {"argv": ["a", "b"]}) == {"argv[1]": "add*"}
    assert find_changes({"argv": ["a", "b"]}, {"argv": ["a"]}) == {"argv[1]": "delete*"}


def test_values_of_different_types_are_one_change() -> None:
    assert find_changes({"env": "x"}, {"env": {"A": "1"}}) == {"env": "update*"}
    assert find_changes({"env": {"A": "1"}}, {"env": "x"}) == {"env": "update*"}
    assert find_changes({"argv": UNKNOWN}, {"argv": ["a"]}) == {"argv": "update*"}


def test_a_default_model_equals_its_explicit_values() -> None:
    class House(Inputs):
        """A house."""

        shell: Annotated[Shell | None, Update()] = None
        """Its shell."""

    old: dict[str, Any] = {"shell": {}}
    new = {"shell": {"wall": {"mode": "closed", "holes": []}}}
    assert compute_diff(House, old_inputs=old, state=old, new_inputs=new).changes == ()
