"""Scalars that represent exactly one value of the declared type are converted to it; others are not."""

from typing import Annotated, Any

import pytest

from neev_provider.core.coercion import coerce_properties
from neev_provider.core.markers import Replace, Secret, Update
from neev_provider.core.model import UNKNOWN, Boolean, Inputs, Integer, Model, Number
from neev_provider.core.validation import parse, validate
from neev_provider.resources.sandbox.expiration import OnIdle


class Port(Model):
    """A port."""

    port: Integer | None = None
    """Its number."""
    open: Boolean = False
    """Whether it is open."""


class House(Inputs):
    """A house."""

    text: Annotated[str | None, Update()] = None
    """Text."""
    whole: Annotated[Integer | None, Update()] = None
    """A whole number."""
    number: Annotated[Number | None, Update()] = None
    """A number."""
    flag: Annotated[Boolean | None, Update()] = None
    """A flag."""
    choice: Annotated[OnIdle | None, Update()] = None
    """A choice."""
    env: Annotated[dict[str, str] | None, Replace(), Secret()] = None
    """A map."""
    argv: Annotated[list[str] | None, Replace()] = None
    """A list."""
    entry: Annotated[Port | None, Update()] = None
    """A port."""
    ports: Annotated[list[Port] | None, Update()] = None
    """Ports."""
    anything: Annotated[dict[str, Any] | None, Update()] = None
    """Whatever it is."""
    triggers: Annotated[list[Any] | None, Update()] = None
    """Whatever they are."""


COERCED = [
    ({"text": 17123456789}, {"text": "17123456789"}),
    ({"text": 8080.0}, {"text": "8080"}),
    ({"text": -1}, {"text": "-1"}),
    ({"text": True}, {"text": "true"}),
    ({"text": 2**53 - 1}, {"text": "9007199254740991"}),
    ({"whole": "8"}, {"whole": 8}),
    ({"whole": "8.0"}, {"whole": 8}),
    ({"whole": "1e3"}, {"whole": 1000}),
    ({"number": "0.5"}, {"number": 0.5}),
    ({"number": "-2"}, {"number": -2}),
    ({"flag": "true"}, {"flag": True}),
    ({"flag": "false"}, {"flag": False}),
    ({"env": {"PORT": 8080, "DEBUG": True}}, {"env": {"PORT": "8080", "DEBUG": "true"}}),
    ({"argv": ["sleep", 5, False]}, {"argv": ["sleep", "5", "false"]}),
    ({"entry": {"port": "80", "open": "true"}}, {"entry": {"port": 80, "open": True}}),
    ({"ports": [{"port": "80"}]}, {"ports": [{"port": 80}]}),
]
UNCHANGED: list[dict[str, Any]] = [
    {"text": 1.5},
    {"text": 2**53},
    {"text": 1e300},
    {"text": ["a"]},
    {"text": UNKNOWN},
    {"whole": True},
    {"whole": "08"},
    {"whole": " 8"},
    {"whole": "0x10"},
    {"whole": "1_000"},
    {"whole": "٨"},
    {"number": "nan"},
    {"number": "1e999"},
    {"number": ""},
    {"flag": 1},
    {"flag": "yes"},
    {"flag": "True"},
    {"choice": "delete"},
    {"env": "A=1"},
    {"argv": "sleep 5"},
    {"entry": 5},
    {"ports": [5]},
    {"anything": {"a": 1, "b": "1", "c": True}},
    {"triggers": [1, "1", True]},
    {"unknown": 5},
]


@pytest.mark.parametrize(("raw", "values"), COERCED)
def test_a_scalar_with_one_exact_value_is_coerced_to_the_declared_type(
    raw: dict[str, Any], values: dict[str, Any]
) -> None:
    """At any depth; values that already have the declared type are unchanged."""
    for item in (raw, values):
        found = coerce_properties(House.properties, item)
        assert found == values
        assert [type(value) for value in found.values()] == [type(value) for value in values.values()]
        assert validate(House, item) == []
    assert parse(House, raw) == parse(House, values)


@pytest.mark.parametrize("raw", UNCHANGED)
def test_other_values_are_not_coerced(raw: dict[str, Any]) -> None:
    """Validation reports what is wrong with them."""
    assert coerce_properties(House.properties, raw) == raw


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ({"text": 3.1}, "must be a string; write it in quotes: 1.10 and 1.1 are one number (is 3.1)"),
        ({"text": float(2**53)}, "is a whole number too large to be exact (9007199254740992 or more); write it in"),
        ({"whole": 2**60}, "is a whole number too large to be exact (9007199254740992 or more)"),
        ({"whole": "9007199254740993"}, "is a whole number too large to be exact (9007199254740992 or more)"),
        ({"whole": "1.5"}, "must be a whole number (is 1.5)"),
        ({"number": "fast"}, "must be a number (is 'fast')"),
        ({"flag": "yes"}, "must be true or false (is 'yes')"),
        ({"choice": 8}, "must be one of 'pause' or 'delete' (is '8')"),
        ({"choice": "Delet"}, "must be one of 'pause' or 'delete'; did you mean `delete`? (is 'Delet')"),
    ],
)
def test_an_inexact_value_is_rejected_with_a_reason(raw: dict[str, Any], reason: str) -> None:
    """Values are not rounded."""
    assert [failure.reason[: len(reason)] for failure in validate(House, raw)] == [reason]


def test_the_error_for_an_inexact_secret_does_not_show_it() -> None:
    """The error contains neither the number nor its digits."""
    assert [failure.reason for failure in validate(House, {"env": {"A": 3.25}})] == [
        "env.A: must be a string; write it in quotes: 1.10 and 1.1 are one number"
    ]
