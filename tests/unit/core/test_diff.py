"""What a change means: nothing, an update, a replacement; per path, and never because of a default."""

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
    """A thing."""

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
    """Asleep."""
    wall: Annotated[Wall | None, Update(), Computed(), ResetsTo(Wall().to_properties())] = None
    """Its wall."""
    fence: Annotated[Wall | None, Update(), Computed(), ResetsTo(Wall().to_properties(), only_on_removal=True)] = None
    """Its fence."""


def change_kinds(
    old_inputs: dict[str, Any], new_inputs: dict[str, Any], state: dict[str, Any] | None = None
) -> dict[str, str]:
    """Path to kind of what differs; a replacement has a star."""
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
def test_values_are_compared_as_they_mean(old: dict[str, Any], new: dict[str, Any], expected: dict[str, str]) -> None:
    """Number types, nulls and a face's own keys make no difference; everything else does, at its path."""
    assert change_kinds(old, new) == expected


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
def test_removing_an_input_leaves_the_object_alone_where_it_can(old: dict[str, Any], expected: dict[str, str]) -> None:
    """What the platform answers and where it came from stay; what nobody can read back, or means a default, counts."""
    assert change_kinds(old, {}) == expected


def test_asking_for_what_is_already_there_is_no_change() -> None:
    """The platform chose the image; a program that then names the same one plans nothing."""
    assert change_kinds({}, {"image": "a"}, {"image": "a"}) == {}
    assert change_kinds({}, {"image": "b"}, {"image": "a"}) == {"image": "update*"}


def test_what_was_inherited_stays_while_the_program_never_says_it() -> None:
    """A fork keeps the policy of its source."""
    assert change_kinds({}, {}, {"fence": {"mode": "open"}}) == {}
    assert change_kinds({}, {}, {"wall": {"mode": "open"}}) == {"wall.mode": "update"}


def test_defaults_of_nested_values_never_differ() -> None:
    """Unset, null and the default mean the same."""
    assert change_kinds({}, {"wall": {"mode": "closed", "holes": []}}) == {}
    assert change_kinds({"wall": {"holes": []}}, {"wall": {"mode": "closed", "holes": None}}) == {}


def test_sets_are_compared_without_order() -> None:
    """Rules and ports may come back in any order."""
    old = {"wall": {"mode": "open", "holes": [{"host": "a", "ports": [1, 2]}, {"host": "b"}]}}
    new = {"wall": {"mode": "open", "holes": [{"host": "b"}, {"host": "a", "ports": [2, 1]}]}}
    assert change_kinds(old, new) == {}


def test_only_what_differs_in_a_set_is_named() -> None:
    """One changed rule is one path, with the place it has in the program."""
    old = {"wall": {"mode": "open", "holes": [{"host": "a"}, {"host": "b"}]}}
    new = {"wall": {"mode": "open", "holes": [{"host": "b"}, {"host": "c"}]}}
    assert change_kinds(old, new) == {"wall.holes[1].host": "update"}
    assert change_kinds(old, {"wall": {"mode": "open", "holes": [{"host": "b"}]}}) == {"wall.holes[1]": "delete"}
    twice = {"wall": {"mode": "open", "holes": [{"host": "a"}, {"host": "b"}, {"host": "b"}]}}
    assert change_kinds(old, twice) == {"wall.holes[2]": "add"}


def test_the_unknown_counts_as_a_change() -> None:
    """What is not known yet may differ, at any depth."""
    assert change_kinds({"cpu": 1}, {"cpu": UNKNOWN}) == {"cpu": "update"}
    assert change_kinds({}, {"image": UNKNOWN}) == {"image": "add*"}
    assert change_kinds({"argv": ["a"]}, {"argv": [UNKNOWN]}) == {"argv[0]": "update*"}
    old = {"wall": {"mode": "open", "holes": [{"host": "a"}]}}
    assert change_kinds(old, {"wall": {"mode": "open", "holes": [{"host": UNKNOWN}]}}) == {
        "wall.holes[0].host": "update"
    }
    assert change_kinds(old, {"wall": {"mode": "open", "holes": [UNKNOWN]}}) == {"wall.holes[0]": "update"}


def test_what_the_api_never_returns_is_recorded_after_an_import() -> None:
    """Nobody can read an environment: the one that the program says is recorded, and no reason to replace."""
    assert change_kinds({"name": "a"}, {"name": "a", "env": {"A": "1"}}, {"name": "a", IMPORTED_KEY: True}) == {
        "env": "add"
    }
    assert change_kinds({"name": "a"}, {"name": "a", "env": {"A": "1"}}) == {"env": "add*"}


def test_a_kept_explicit_name_deletes_first() -> None:
    """Two cannot have the same name; a made one is made anew."""
    old = {"name": "a", "image": "x"}
    assert compute_diff(Widget, old_inputs=old, state=old, new_inputs={"name": "a", "image": "y"}).delete_before_replace
    assert not compute_diff(
        Widget, old_inputs=old, state=old, new_inputs={"name": "b", "image": "y"}
    ).delete_before_replace
    assert not compute_diff(
        Widget, old_inputs=old, state=old, new_inputs={"name": "a", "image": "y", AUTONAMED_KEY: True}
    ).delete_before_replace
    # also where nothing is replaced by itself: the program may ask for it
    assert compute_diff(
        Widget, old_inputs=old, state=old, new_inputs={"name": "a", "image": "x", "cpu": 2}
    ).delete_before_replace
    assert compute_diff(Widget, old_inputs=old, state=old, new_inputs=old).delete_before_replace


def test_a_change_knows_its_input() -> None:
    """The engine wants the top-level name too."""
    assert Change("wall.holes[1].host", ChangeKind.UPDATE, requires_replacement=False).property_name == "wall"
    assert Change("argv[0]", ChangeKind.UPDATE, requires_replacement=True).property_name == "argv"
    assert Change('["a-b.c"]', ChangeKind.ADD, requires_replacement=False).property_name == "a-b.c"
    assert not Diff().requires_replacement


def test_equal_reads_the_declaration() -> None:
    """A refresh compares by the same rules as a plan."""
    assert semantically_equal(Widget.properties["wall"], None, {"mode": "closed", "holes": []})
    assert not semantically_equal(Widget.properties["wall"], {"mode": "open"}, {"mode": "closed"})


def test_what_only_the_state_says_is_no_old_value_of_what_the_api_never_returns() -> None:
    """Of what it does answer, it is: the platform chose it."""
    state = {"env": {"A": "1"}, "image": "ubuntu"}
    assert change_kinds({}, state, state) == {"env": "add*"}


def test_after_an_import_only_what_cannot_be_read_back_is_silent() -> None:
    assert change_kinds({}, {"env": {"A": "1"}, "image": "x"}, {IMPORTED_KEY: True}) == {"env": "add", "image": "add*"}


def test_a_list_whose_order_counts_grows_and_shrinks_at_its_end() -> None:
    assert change_kinds({"argv": ["a"]}, {"argv": ["a", "b"]}) == {"argv[1]": "add*"}
    assert change_kinds({"argv": ["a", "b"]}, {"argv": ["a"]}) == {"argv[1]": "delete*"}


def test_values_of_different_kinds_differ_as_a_whole() -> None:
    assert change_kinds({"env": "x"}, {"env": {"A": "1"}}) == {"env": "update*"}
    assert change_kinds({"env": {"A": "1"}}, {"env": "x"}) == {"env": "update*"}
    assert change_kinds({"argv": UNKNOWN}, {"argv": ["a"]}) == {"argv": "update*"}


def test_a_default_that_is_a_model_is_its_values() -> None:
    class House(Inputs):
        """A house."""

        shell: Annotated[Shell | None, Update()] = None
        """Its shell."""

    old: dict[str, Any] = {"shell": {}}
    new = {"shell": {"wall": {"mode": "closed", "holes": []}}}
    assert compute_diff(House, old_inputs=old, state=old, new_inputs=new).changes == ()
