"""The time range of an interrupted create, and the sandboxes that a stack owns."""

from __future__ import annotations

from typing import Any

import pytest

from neev_provider.cli.recover.ownership import (
    STACK_TYPE,
    CreateTimeRange,
    compute_create_time_range,
    has_generated_name,
    own_sandbox_ids,
)
from neev_provider.client.models import parse_timestamp
from neev_provider.resources import RESOURCES

SANDBOX = next(resource for resource in RESOURCES if resource.name == "Sandbox")
URN = "urn:pulumi:dev::story::"
BEFORE_CREATE, CREATED_AT, AFTER_CREATE, LAST_WRITE = (f"2026-11-29T10:0{minute}:00Z" for minute in (0, 1, 2, 3))


def parse_time(moment: str) -> float:
    return parse_timestamp(moment) or 0


def make_state_entry(kind: str, name: str, **rest: Any) -> dict[str, Any]:
    return {"urn": f"{URN}{kind}::{name}", "type": kind, **rest}


def make_pending_create(**rest: Any) -> dict[str, Any]:
    return make_state_entry("neev:index:Sandbox", "box", inputs={"name": "box"}, **rest)


def make_state(*entries: dict[str, Any]) -> dict[str, Any]:
    stack = make_state_entry(STACK_TYPE, "story-dev", created=BEFORE_CREATE, modified=LAST_WRITE)
    return {"deployment": {"manifest": {"time": LAST_WRITE}, "resources": [stack, *entries]}}


def make_update_record(**rest: Any) -> dict[str, Any]:
    return {"kind": "update", "result": "succeeded", "endTime": CREATED_AT, **rest}


def test_the_create_began_after_the_stack_was_created() -> None:
    assert compute_create_time_range(make_state(), make_pending_create(), SANDBOX, ()) == CreateTimeRange(
        parse_time(BEFORE_CREATE), parse_time(LAST_WRITE) + 600
    )


@pytest.mark.parametrize(
    ("updates", "earliest"),
    [
        ([make_update_record()], CREATED_AT),
        ([make_update_record(endTime=BEFORE_CREATE), make_update_record()], CREATED_AT),
        # a failed update may have run after the killed create
        ([make_update_record(result="failed")], BEFORE_CREATE),
        ([make_update_record(kind="refresh")], BEFORE_CREATE),
    ],
)
def test_the_create_began_after_the_last_successful_update(updates: list[dict[str, Any]], earliest: str) -> None:
    assert compute_create_time_range(make_state(), make_pending_create(), SANDBOX, updates).earliest == parse_time(
        earliest
    )


@pytest.mark.parametrize(
    ("more", "earliest"),
    [
        ({"parent": f"{URN}story:Part::part"}, CREATED_AT),
        ({"provider": f"{URN}story:Part::part::id-of-it"}, CREATED_AT),
        ({"dependencies": [f"{URN}story:Part::part"]}, AFTER_CREATE),
        ({"propertyDependencies": {"env": [f"{URN}story:Part::part"], "name": None}}, AFTER_CREATE),
        ({}, BEFORE_CREATE),
    ],
)
def test_the_create_began_after_its_dependencies_were_written(more: dict[str, Any], earliest: str) -> None:
    part = make_state_entry("story:Part", "part", created=CREATED_AT, modified=AFTER_CREATE)
    assert compute_create_time_range(make_state(part), make_pending_create(**more), SANDBOX, ()).earliest == parse_time(
        earliest
    )


def test_the_create_ended_within_its_timeout() -> None:
    assert (
        compute_create_time_range(make_state(), make_pending_create(customTimeouts={"create": 60}), SANDBOX, ()).latest
        == parse_time(LAST_WRITE) + 60
    )


@pytest.mark.parametrize(
    ("created", "ahead", "doubt"),
    [
        (CREATED_AT, 0, None),
        (AFTER_CREATE, 0, None),
        (BEFORE_CREATE, 0, "it was created 2026-11-29T10:00:00Z, before this create began (2026-11-29T10:01:00Z)"),
        (LAST_WRITE, 0, "it was created 2026-11-29T10:03:00Z, after this create ended (2026-11-29T10:02:00Z)"),
        # the clock of the API is a minute behind or ahead
        (BEFORE_CREATE, -60, None),
        (LAST_WRITE, 60, None),
        (CREATED_AT, 60, "it was created 2026-11-29T10:01:00Z, before this create began (2026-11-29T10:02:00Z)"),
    ],
)
def test_an_object_matches_only_if_created_in_the_time_range_of_the_create(
    created: str, ahead: float, doubt: str | None
) -> None:
    assert (
        CreateTimeRange(parse_time(CREATED_AT), parse_time(AFTER_CREATE)).explain_mismatch(parse_time(created), ahead)
        == doubt
    )


@pytest.mark.parametrize(("earliest", "created"), [(None, 1.0), (1.0, None)])
def test_a_missing_time_is_a_mismatch(earliest: float | None, created: float | None) -> None:
    assert (
        CreateTimeRange(earliest, 2.0).explain_mismatch(created, 0) == "there is no evidence that this create made it"
    )


def test_generated_names_are_detected() -> None:
    assert has_generated_name({"inputs": {"name": "box-1a2b3c4", "__autonamed": True}})
    assert not has_generated_name({"inputs": {"name": "box"}})
    assert not has_generated_name({})


def test_own_sandboxes_are_those_of_sandboxes_forks_agents_and_pools() -> None:
    entries = [
        make_state_entry("neev:index:Sandbox", "box", id="box"),
        make_state_entry(
            "pulumi-python:dynamic/neev:SandboxFork", "fork", id="fork", outputs={"sourceSandboxId": "source"}
        ),
        make_state_entry("neev:index:Agent", "agent", id="agent", outputs={"sandboxId": "of-agent"}),
        make_state_entry("neev:index:SandboxPool", "pool", id="pool", outputs={"members": [{"id": "member"}]}),
        make_state_entry("neev:index:SandboxPool", "none", id="none"),
        make_state_entry("neev:index:Snapshot", "kept", id="kept", outputs={"sandboxId": "of-another"}),
        make_state_entry("neev:index:Sandbox", "read", id="read", external=True),
        make_state_entry("aws:s3/bucket:Bucket", "logs", id="logs"),
    ]
    assert own_sandbox_ids(entries) == {"box", "fork", "of-agent", "member"}
