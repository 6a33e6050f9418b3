"""When a create can have made what was found, and whose sandboxes a stack's are."""

from __future__ import annotations

from typing import Any

import pytest

from neev_provider.cli.recover.ownership import (
    STACK_TYPE,
    CreateTimeRange,
    has_generated_name,
    own_sandbox_ids,
    compute_create_time_range,
)
from neev_provider.client.models import parse_timestamp
from neev_provider.resources import RESOURCES

SANDBOX = next(each for each in RESOURCES if each.name == "Sandbox")
URN = "urn:pulumi:dev::story::"
BEFORE, AT, LATER, LAST = (f"2026-11-29T10:0{minute}:00Z" for minute in (0, 1, 2, 3))


def at(moment: str) -> float:
    return parse_timestamp(moment) or 0


def entry(kind: str, name: str, **rest: Any) -> dict[str, Any]:
    return {"urn": f"{URN}{kind}::{name}", "type": kind, **rest}


def begun(**rest: Any) -> dict[str, Any]:
    return entry("neev:index:Sandbox", "box", inputs={"name": "box"}, **rest)


def state(*entries: dict[str, Any]) -> dict[str, Any]:
    stack = entry(STACK_TYPE, "story-dev", created=BEFORE, modified=LAST)
    return {"deployment": {"manifest": {"time": LAST}, "resources": [stack, *entries]}}


def update(**rest: Any) -> dict[str, Any]:
    return {"kind": "update", "result": "succeeded", "endTime": AT, **rest}


def test_the_stack_was_there_before_the_create_began() -> None:
    assert compute_create_time_range(state(), begun(), SANDBOX, ()) == CreateTimeRange(at(BEFORE), at(LAST) + 600)


@pytest.mark.parametrize(
    ("updates", "earliest"),
    [
        ([update()], AT),
        ([update(endTime=BEFORE), update()], AT),
        # one that failed may have met what the killed create had made
        ([update(result="failed")], BEFORE),
        ([update(kind="refresh")], BEFORE),
    ],
)
def test_an_update_that_succeeded_had_ended_before(updates: list[dict[str, Any]], earliest: str) -> None:
    assert compute_create_time_range(state(), begun(), SANDBOX, updates).earliest == at(earliest)


@pytest.mark.parametrize(
    ("more", "earliest"),
    [
        ({"parent": f"{URN}story:Part::part"}, AT),
        ({"provider": f"{URN}story:Part::part::id-of-it"}, AT),
        ({"dependencies": [f"{URN}story:Part::part"]}, LATER),
        ({"propertyDependencies": {"env": [f"{URN}story:Part::part"], "name": None}}, LATER),
        ({}, BEFORE),
    ],
)
def test_what_it_is_made_upon_was_there_before(more: dict[str, Any], earliest: str) -> None:
    part = entry("story:Part", "part", created=AT, modified=LATER)
    assert compute_create_time_range(state(part), begun(**more), SANDBOX, ()).earliest == at(earliest)


def test_a_create_ends_within_its_time() -> None:
    assert compute_create_time_range(state(), begun(customTimeouts={"create": 60}), SANDBOX, ()).latest == at(LAST) + 60


@pytest.mark.parametrize(
    ("created", "ahead", "doubt"),
    [
        (AT, 0, None),
        (LATER, 0, None),
        (BEFORE, 0, "it was made 2026-11-29T10:00:00Z, and this create began after 2026-11-29T10:01:00Z"),
        (LAST, 0, "it was made 2026-11-29T10:03:00Z, and this create had ended by 2026-11-29T10:02:00Z"),
        # the platform's clock is a minute behind, or ahead
        (BEFORE, -60, None),
        (LAST, 60, None),
        (AT, 60, "it was made 2026-11-29T10:01:00Z, and this create began after 2026-11-29T10:02:00Z"),
    ],
)
def test_only_what_was_made_in_the_time_of_the_create_is_its_own(created: str, ahead: float, doubt: str | None) -> None:
    assert CreateTimeRange(at(AT), at(LATER)).explain_mismatch(at(created), ahead) == doubt


@pytest.mark.parametrize(("earliest", "created"), [(None, 1.0), (1.0, None)])
def test_without_a_time_nothing_is_proven(earliest: float | None, created: float | None) -> None:
    assert CreateTimeRange(earliest, 2.0).explain_mismatch(created, 0) == "nothing says whether this create made it"


def test_a_name_that_was_made_for_the_create_is_known() -> None:
    assert has_generated_name({"inputs": {"name": "box-1a2b3c4", "__autonamed": True}})
    assert not has_generated_name({"inputs": {"name": "box"}})
    assert not has_generated_name({})


def test_the_sandboxes_of_a_stack_are_those_that_its_resources_are_or_have() -> None:
    entries = [
        entry("neev:index:Sandbox", "box", id="box"),
        entry("pulumi-python:dynamic/neev:SandboxFork", "fork", id="fork", outputs={"sourceSandboxId": "source"}),
        entry("neev:index:Agent", "agent", id="agent", outputs={"sandboxId": "of-agent"}),
        entry("neev:index:SandboxPool", "pool", id="pool", outputs={"members": [{"id": "member"}]}),
        entry("neev:index:SandboxPool", "none", id="none"),
        entry("neev:index:Snapshot", "kept", id="kept", outputs={"sandboxId": "of-another"}),
        entry("neev:index:Sandbox", "read", id="read", external=True),
        entry("aws:s3/bucket:Bucket", "logs", id="logs"),
    ]
    assert own_sandbox_ids(entries) == {"box", "fork", "of-agent", "member"}
