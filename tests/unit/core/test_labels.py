"""The rules for labels, and what the settings add to them."""

import re
from typing import Any

import pytest

from neev_provider.core.labels import (
    LABELS_RULE,
    MAX_LABELS,
    MAX_LENGTH,
    OWNERSHIP_KEYS,
    LabelPolicy,
    Owner,
    explain_invalid,
    explicit_labels,
    is_foreign,
    stack_labels,
    to_label_value,
)
from neev_provider.core.model import UNKNOWN

OWNER = Owner("tool", "shop", "dev", "the address of a resource")
VALID = re.compile(r"[A-Za-z0-9._-]{1,63}")


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        (None, None),
        ("text", None),
        ({}, None),
        ({"team.a_b-c": "A.b_C-1", "x": UNKNOWN, "y" * MAX_LENGTH: "z" * MAX_LENGTH}, None),
        ({"Team": "a"}, "the key 'Team' must have 1 to 63 characters of a-z"),
        ({"": "a"}, "the key '' must have"),
        ({"y" * (MAX_LENGTH + 1): "a"}, "the key 'yyy"),
        ({"team": ""}, "the value of team must have 1 to 63 characters of A-Z"),
        ({"team": "a b"}, "the value of team must"),
        ({"team": "z" * (MAX_LENGTH + 1)}, "the value of team must"),
        ({"managed-by": "me"}, "managed-by is reserved"),
        ({"managed-by.stack": "prod"}, "managed-by.stack is reserved"),
        ({"managed-by-me": "yes"}, None),
        ({f"k{number}": "v" for number in range(MAX_LABELS + 1)}, "must have at most 16 labels (has 17)"),
    ],
)
def test_an_invalid_label_is_rejected_with_the_allowed_format(labels: Any, reason: str | None) -> None:
    explained = LABELS_RULE.check({"labels": labels})
    assert explained == reason or (reason is not None and explained is not None and explained.startswith(reason))


def test_the_maximum_number_of_labels_is_configurable() -> None:
    assert explain_invalid({"a": "1", "b": "2"}, max_labels=1) == "must have at most 1 label (has 2)"


@pytest.mark.parametrize("text", ["", "a/b c", "ü" * 80, "p" * 100])
def test_any_name_is_converted_to_a_unique_valid_label_value(text: str) -> None:
    assert VALID.fullmatch(to_label_value(text))
    assert to_label_value(text) != to_label_value(f"{text}2")
    assert to_label_value("dev-1.x_Y") == "dev-1.x_Y"


def test_owner_labels_are_valid_and_do_not_contain_the_address() -> None:
    labels = OWNER.to_labels()
    assert tuple(labels) == OWNERSHIP_KEYS
    assert all(VALID.fullmatch(value) for value in labels.values())
    assert (labels["managed-by"], labels["managed-by.project"], labels["managed-by.stack"]) == ("tool", "shop", "dev")
    assert re.fullmatch(r"[0-9a-f]{32}", labels["managed-by.resource"])
    assert stack_labels("tool") == {"managed-by": "tool"}
    assert stack_labels("tool", "shop", "dev").items() <= labels.items()


def test_only_labels_of_another_owner_are_foreign() -> None:
    other = Owner("tool", "shop", "dev", "another address").to_labels()
    assert [is_foreign(labels, OWNER) for labels in (None, {}, {"team": "a"}, OWNER.to_labels(), other)] == [
        False,
        False,
        False,
        False,
        True,
    ]
    assert is_foreign({"managed-by": "somebody"}, OWNER)
    assert not is_foreign(other, None)


def test_owner_labels_override_explicit_labels_that_override_defaults() -> None:
    policy = LabelPolicy({"team": "search", "cost": "7"})
    merged = policy.merge({"team": "shop"}, OWNER)
    assert merged == {"team": "shop", "cost": "7", **OWNER.to_labels()}
    assert policy.merge(None, None) == {"team": "search", "cost": "7"}
    assert LabelPolicy(names_owner=False).merge({"a": "1"}, OWNER) == {"a": "1"}


def test_default_and_owner_labels_count_towards_the_maximum() -> None:
    twelve = {f"k{number}": "v" for number in range(12)}
    assert LabelPolicy().explain_excess(twelve) is None
    assert LabelPolicy(names_owner=False).explain_excess({**twelve, "a": "", "b": "", "c": "", "d": ""}) is None
    assert LabelPolicy().explain_excess({**twelve, "x": "v"}) == (
        "must have at most 16 labels together with 4 that name the owner (there are 17)"
    )
    assert LabelPolicy({"x": "1", "k1": "2"}).explain_excess(twelve) == (
        "must have at most 16 labels together with 2 of the setting `defaultLabels` and 4 that name the owner "
        "(there are 17)"
    )
    assert LabelPolicy().explain_excess(None) is None


def test_a_difference_in_default_labels_is_reported() -> None:
    policy = LabelPolicy({"team": "search"})
    own = OWNER.to_labels()
    assert policy.explain_difference((), {"team": "search", **own}) is None
    assert policy.explain_difference(("team", "a"), {"team": "mine", "a": "1"}) is None
    assert "(team differs)" in str(policy.explain_difference((), own))
    assert "(old, team differ)" in str(policy.explain_difference((), {"old": "1", "team": "shop"}))


def test_only_labels_that_the_program_sets_are_read_back() -> None:
    effective = {"team": "search", "a": "1", **OWNER.to_labels()}
    assert explicit_labels({"a": "2", "b": "3"}, effective) == {"a": "1"}
    assert explicit_labels({}, effective) == {}
    assert explicit_labels(None, effective) == {"a": "1", "team": "search"}
    assert LabelPolicy({"team": "search"}).without_defaults({"a": "1", "team": "search"}) == {"a": "1"}
