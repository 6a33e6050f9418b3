"""Validation of an agent's config with the schema of its template."""

from typing import Any

import pytest

from neev_provider.core.model import UNKNOWN
from neev_provider.resources.agent_config import config_failures, known_config

SCHEMA = {
    "type": "object",
    "properties": {
        "model": {"type": "string", "enum": ["fast", "exact"]},
        "limits": {"type": "object", "properties": {"turns": {"type": "integer", "minimum": 1}}},
        "tools": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["model"],
    "additionalProperties": False,
}


def find_failures(config: dict[str, Any], schema: Any = SCHEMA) -> list[tuple[str, str]]:
    return [(failure.path, failure.reason) for failure in config_failures("config", schema, config)]


@pytest.mark.parametrize(
    ("config", "path", "message"),
    [
        ({"model": "hunter2"}, "config.model", 'does not satisfy {"enum": ["fast", "exact"]} of the template'),
        ({"limits": {"turns": 0}}, "config.limits.turns", 'does not satisfy {"minimum": 1} of the template'),
        ({"tools": ["git", 5]}, "config.tools[1]", 'does not satisfy {"type": "string"} of the template'),
        ({"modell": "fast"}, "config.modell", "is not a property of the template's config; did you mean `model`"),
    ],
)
def test_a_failure_has_the_path_and_the_rule_and_not_the_value(config: dict[str, Any], path: str, message: str) -> None:
    ((found, reason),) = find_failures(config)
    assert found == path
    assert message in reason
    assert "hunter2" not in reason


def test_all_failures_are_reported_in_the_order_of_their_paths() -> None:
    found = find_failures({"tools": 5, "limits": {"turns": "many"}})
    assert [path for path, _ in found] == ["config.limits.turns", "config.tools"]


def test_a_required_property_may_be_absent_from_the_config() -> None:
    """The config of the template may have it."""
    assert find_failures({"tools": []}) == []


@pytest.mark.parametrize(
    "schema",
    [
        {"oneOf": [{"required": ["model"]}, {"required": ["key"]}]},
        {"not": {"required": ["key"]}},
        {"if": {"required": ["key"]}, "then": {"properties": {"tools": {"type": "string"}}}},
        {"minProperties": 5},
    ],
)
def test_schema_rules_about_absent_properties_are_ignored(schema: dict[str, Any]) -> None:
    assert find_failures({"tools": []}, schema) == []


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "no such type"},
        {"properties": {"model": {"$ref": "https://schemas.example.com/model.json"}}},
    ],
)
def test_an_empty_or_invalid_schema_accepts_every_config(schema: dict[str, Any]) -> None:
    assert find_failures({"model": 5}, schema) == []


def test_known_config_omits_properties_with_unknown_values() -> None:
    assert known_config({"model": UNKNOWN, "limits": {"turns": [UNKNOWN]}, "tools": ["git"]}) == '{"tools": ["git"]}'
