"""The reason for every invalid value is a sentence of this project."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from neev_provider.adapters.shared.config import ProviderConfig
from neev_provider.core.model import Model
from neev_provider.core.validation import validate
from neev_provider.functions import FUNCTIONS
from neev_provider.resources import RESOURCES

WRONG: list[Any] = [
    "",
    "§",
    "x" * 5000,
    -1,
    0,
    1.5,
    1e15,
    2**60,
    float("nan"),
    float("inf"),
    True,
    [],
    {},
    [{}],
    {"a": []},
]
WORDS = re.compile(r"(must|can|needs|is|set|at most|at least)\b|\S+ requires")
"""The beginning of a reason."""


def _list_models() -> Iterator[type[Model]]:
    yield ProviderConfig
    for resource in RESOURCES:
        yield resource.inputs
    for function in FUNCTIONS:
        yield function.arguments


def _walk_models(model: type[Model]) -> Iterator[tuple[type[Model], tuple[str, ...]]]:
    """Yield the model and its nested models, each with its path; a list in the path has one item."""
    yield model, ()
    for declared in model.properties.values():
        inner = declared.model or declared.item_model
        if inner is not None:
            yield from ((item, (declared.name, *names)) for item, names in _walk_models(inner))


def _nest_values(model: type[Model], names: tuple[str, ...], values: dict[str, Any]) -> dict[str, Any]:
    if not names:
        return values
    declared = model.properties[names[0]]
    inner = declared.model or declared.item_model
    assert inner is not None
    assigned = _nest_values(inner, names[1:], values)
    return {names[0]: assigned if declared.model else [assigned]}


@pytest.mark.parametrize("model", tuple(_list_models()), ids=lambda model: model.__name__)
def test_no_reason_contains_a_regular_expression_or_text_of_pydantic(model: type[Model]) -> None:
    """For any value, at any depth, and for a property that does not exist."""
    for inner, names in _walk_models(model):
        for name in (*inner.properties, "noSuchProperty"):
            for value in WRONG:
                for failure in validate(model, _nest_values(model, names, {name: value})):
                    reason = failure.reason if failure.path else failure.reason.partition(": ")[2]
                    assert WORDS.match(reason), (name, value, reason)
                    assert not re.search(r"should|\^|\$|\[[^\]]*-[^\]]*\]|\\", reason.partition(" (is ")[0]), reason


@pytest.mark.parametrize(
    ("raw", "path", "reason"),
    [
        ({"memory": 4}, "", "memory: is not a property; did you mean `memoryGb`?"),
        ({"colour": "red"}, "", "colour: is not a property; see the reference for valid properties"),
        (
            {"egress": {"mode": "allow_list", "allow": [{"host": "pypi.org", "port": 443}]}},
            "egress.allow[0].port",
            "is not a property; did you mean `ports`?",
        ),
        (
            {"egress": {"mode": "allowlist"}},
            "egress.mode",
            "must be one of 'deny_all' or 'allow_list'; did you mean `allow_list`? (is 'allowlist')",
        ),
    ],
)
def test_a_misspelled_property_or_value_is_reported_with_a_suggestion(
    raw: dict[str, Any], path: str, reason: str
) -> None:
    """The suggestion is from the same object."""
    sandbox = next(resource for resource in RESOURCES if resource.name == "Sandbox")
    assert [(item.path, item.reason) for item in validate(sandbox.inputs, raw)] == [(path, reason)]
