"""Validation of a pool's inputs, and the digest of its source."""

from typing import Any

import pytest

from neev_provider.core.names import MAX_LENGTH, generate_name
from neev_provider.core.validation import parse, validate
from neev_provider.resources.pool.inputs import MAX_NAME_LENGTH, SandboxPoolInputs, template_digest
from neev_provider.resources.pool.plan import format_member_name

POOL: dict[str, Any] = {"name": "fleet", "replicas": 3}


@pytest.mark.parametrize(
    ("inputs", "path", "reason"),
    [
        ({"replicas": -1}, "replicas", "must be at least 0"),
        ({"replicas": 10_000}, "replicas", "must be at most 9999"),
        ({"name": "f" * 52}, "name", "at most 51 characters"),
        ({"name": "Fleet"}, "name", "at most 51 lowercase letters"),
        ({"name": "Fleet"}, "name", "lowercase"),
        ({"name": "a" * 25}, "name", "the form of a UUID"),
        ({"image": "docker.io/library/a:1", "snapshotId": "s"}, "templateId", "at most one"),
        ({"image": "docker.io/library/a:1", "sourceSandboxId": "s"}, "templateId", "at most one"),
        ({"sourceSandboxId": "s", "env": {"A": "1"}, "diskGb": 20}, "sourceSandboxId", "conflicts with env, diskGb"),
        ({"maxUnavailable": 0, "maxSurge": 0}, "maxUnavailable", "must be at least 1 if maxSurge is 0"),
        ({"maxConcurrency": 0}, "maxConcurrency", "must be at least 1"),
        ({"command": ["sleep", "1"]}, "command", "command requires image"),
        ({"rollbackToSnapshotId": "s"}, "", "rollbackToSnapshotId: is not a property"),
        ({"renewTrigger": "s"}, "", "renewTrigger: is not a property"),
    ],
)
def test_invalid_inputs_are_rejected(inputs: dict[str, Any], path: str, reason: str) -> None:
    found = validate(SandboxPoolInputs, {**POOL, **inputs})
    assert [failure.path for failure in found] == [path]
    assert reason in found[0].reason


@pytest.mark.parametrize("inputs", [{}, {"maxUnavailable": 0}, {"maxSurge": 0}, {"name": "f" * 51}, {"replicas": 0}])
def test_valid_inputs_are_accepted(inputs: dict[str, Any]) -> None:
    assert validate(SandboxPoolInputs, {**POOL, **inputs}) == []


def test_a_generated_name_reserves_characters_for_member_names() -> None:
    name = generate_name("the-agents-of-the-review-environment-of-a-branch", "1234567", max_length=MAX_NAME_LENGTH)
    assert name.endswith("-1234567")
    assert validate(SandboxPoolInputs, {**POOL, "name": name}) == []
    assert len(format_member_name(name, "0" * 6, 9999)) <= MAX_LENGTH


def test_the_digest_depends_only_on_the_source() -> None:
    """Inputs that are updated in place or that limit a rollout are not part of it."""
    source = template_digest(parse(SandboxPoolInputs, POOL))
    assert len(source) == 6
    alike: tuple[dict[str, Any], ...] = ({"replicas": 9}, {"cpu": 2}, {"paused": True}, {"egress": {}}, {"maxSurge": 2})
    assert {template_digest(parse(SandboxPoolInputs, {**POOL, **item})) for item in alike} == {source}
    others: tuple[dict[str, Any], ...] = (
        {"env": {"A": "1"}},
        {"env": {"A": "2"}},
        {"region": "dev"},
        {"diskGb": 20},
        {"snapshotId": "s"},
    )
    assert len({source, *(template_digest(parse(SandboxPoolInputs, {**POOL, **other})) for other in others)}) == 6


def test_the_digest_depends_on_the_name_of_the_pool() -> None:
    """Names of members do not reveal which pools have the same environment."""
    assert template_digest(parse(SandboxPoolInputs, POOL)) != template_digest(
        parse(SandboxPoolInputs, {**POOL, "name": "other"})
    )
