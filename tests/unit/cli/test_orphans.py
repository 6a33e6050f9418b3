"""The orphans of a project."""

from __future__ import annotations

import json
from typing import Any

import pytest

from neev_provider.adapters.pulumi.marshal import SECRET, SIGNATURE
from neev_provider.cli.sweep.orphans import (
    AGENT,
    SANDBOX,
    SNAPSHOT,
    RemoteObject,
    SweepFilter,
    find_orphans,
    format_age,
    from_sandbox,
    from_snapshot,
    parse_duration,
    to_json,
)
from neev_provider.cli.sweep.references import StateReferences, state_references
from neev_provider.client.sandboxes import Resources, Sandbox
from neev_provider.client.snapshots import Snapshot

NOW = 100_000.0
NO_REFERENCES = state_references([])


def make_sandbox_object(name: str, *, created: float | None = 0, phase: str = "Ready") -> RemoteObject:
    return RemoteObject(SANDBOX, f"id-of-{name}", name, phase, created, "1 cpu")


def make_snapshot_object(name: str, parent_id: str, *, created: float = 0) -> RemoteObject:
    return RemoteObject(SNAPSHOT, f"id-of-{name}", name, "Ready", created, "", f"id-of-{parent_id}")


def find_orphan_names(
    *items: RemoteObject, references: StateReferences = NO_REFERENCES, sweep_filter: SweepFilter | None = None
) -> list[str]:
    return [
        orphan.remote_object.name for orphan in find_orphans(items, references, sweep_filter or SweepFilter("pr-"), NOW)
    ]


def make_state(**deployment: Any) -> dict[str, Any]:
    return {"version": 3, "deployment": deployment}


def test_an_old_unreferenced_object_with_the_prefix_is_an_orphan() -> None:
    items = (
        make_sandbox_object("pr-1"),
        make_sandbox_object("pr-2", created=NOW - 3599),
        make_sandbox_object("dev-1"),
        make_sandbox_object("pr-3", created=None),
    )
    assert find_orphan_names(*items) == ["pr-1"]


def test_orphans_are_sorted_by_creation_time() -> None:
    assert find_orphan_names(make_sandbox_object("pr-b", created=20), make_sandbox_object("pr-a", created=10)) == [
        "pr-a",
        "pr-b",
    ]


def test_a_reference_to_the_sandbox_of_an_agent_protects_the_agent() -> None:
    agent = RemoteObject(AGENT, "id-of-pr-a", "pr-a", "Ready", 0, "", sandbox_id="id-of-sandbox")
    assert find_orphan_names(agent) == ["pr-a"]
    for text in ("id-of-pr-a", "pr-a", "id-of-sandbox"):
        assert (
            find_orphan_names(agent, references=state_references([make_state(resources=[{"outputs": {"of": text}}])]))
            == []
        )


def test_the_phase_filter_selects_only_sandboxes() -> None:
    items = (
        make_sandbox_object("pr-1", phase="Paused"),
        make_sandbox_object("pr-2"),
        make_snapshot_object("pr-s", "pr-2"),
    )
    assert find_orphan_names(*items, sweep_filter=SweepFilter("pr-", phases={"Ready"})) == ["pr-2"]


@pytest.mark.parametrize(
    "holder",
    [
        {"resources": [{"id": "id-of-pr-1"}]},
        {"resources": [{"id": "id-of-pr-1/8080"}]},
        {"resources": [{"outputs": {"members": [{"deep": {"id": "id-of-pr-1"}}]}}]},
        {"resources": [{"outputs": {"x": {SIGNATURE: SECRET, "plaintext": json.dumps(["id-of-pr-1"])}}}]},
        {"pending_operations": [{"resource": {"inputs": {"name": "pr-1"}}, "type": "creating"}]},
    ],
)
def test_an_object_is_kept_if_any_value_in_a_state_refers_to_it(holder: dict[str, Any]) -> None:
    assert find_orphan_names(
        make_sandbox_object("pr-1"),
        make_sandbox_object("pr-2"),
        references=state_references([make_state(), make_state(**holder)]),
    ) == ["pr-2"]


def test_the_name_of_a_resource_pending_replacement_is_not_a_reference() -> None:
    gone = {"id": "another-id", "inputs": {"name": "pr-1"}, "pendingReplacement": True}
    assert find_orphan_names(
        make_sandbox_object("pr-1"), references=state_references([make_state(resources=[gone])])
    ) == ["pr-1"]
    again = {"resource": {"inputs": {"name": "pr-1"}}, "type": "creating"}
    assert (
        find_orphan_names(
            make_sandbox_object("pr-1"),
            references=state_references([make_state(resources=[gone], pending_operations=[again])]),
        )
        == []
    )


def test_a_name_in_a_longer_text_or_an_internal_property_is_not_a_reference() -> None:
    states = state_references(
        [make_state(resources=[{"inputs": {"__resourceName": "pr-1", "note": "not pr-1"}}]), {"version": 3}]
    )
    assert find_orphan_names(make_sandbox_object("pr-1"), references=states) == ["pr-1"]


def test_a_sandbox_is_kept_if_one_of_its_snapshots_is_not_an_orphan() -> None:
    items = (
        make_sandbox_object("pr-1"),
        make_snapshot_object("pr-old", "pr-1"),
        make_snapshot_object("base", "pr-1"),
        make_sandbox_object("pr-2"),
    )
    found = {
        orphan.remote_object.name: orphan for orphan in find_orphans(items, NO_REFERENCES, SweepFilter("pr-"), NOW)
    }
    assert found["pr-1"].blocked_by == "its snapshot base would be deleted with it, and is not an orphan"
    assert found["pr-1"].snapshots == {"id-of-pr-old", "id-of-base"}
    assert found["pr-1"].unblocked.blocked_by is None
    assert (found["pr-old"].blocked_by, found["pr-2"].blocked_by) == (None, None)
    assert [name for name, value in found.items() if value.can_be_paused] == ["pr-1", "pr-2"]


def test_remote_objects_have_a_size_and_a_creation_time() -> None:
    box = from_sandbox(
        Sandbox(
            id="1",
            name="box",
            phase="Ready",
            resources=Resources(cpu=1.5, memory_gb=2),
            created_at="1970-01-01T00:01:00Z",
        )
    )
    assert (box.size, box.created_at) == ("1.5 cpu, 2 GB", 60)
    kept = from_snapshot(Snapshot(id="2", sandbox_id="1", status="Ready", size_bytes=2**30))
    assert (kept.size, kept.name, kept.created_at, kept.parent_id) == ("1.00 GB", "", None, "1")
    assert from_sandbox(Sandbox(id="1", name="box", phase="Ready")).size == ""
    assert from_snapshot(Snapshot(id="2", sandbox_id="1", status="Ready")).size == ""


def test_orphans_are_converted_to_json() -> None:
    (one,) = find_orphans([make_sandbox_object("pr-1")], NO_REFERENCES, SweepFilter(), NOW)
    assert to_json(one) == {
        "kind": "sandbox",
        "name": "pr-1",
        "id": "id-of-pr-1",
        "phase": "Ready",
        "size": "1 cpu",
        "owner": None,
        "ageSeconds": 100_000,
        "blockedBy": None,
    }


def test_durations_are_parsed_and_formatted() -> None:
    assert [parse_duration(text) for text in ("90m", "1h30m", "2d", "45s")] == [5400, 5400, 172_800, 45]
    for text in ("", "1", "h", "1h x", "-1h", "1w"):
        with pytest.raises(ValueError, match="not a duration"):
            parse_duration(text)
    assert [format_age(item) for item in (59, 3_700, 90_000)] == ["0m", "1h 1m", "1d 1h"]


OWN = {"managed-by": "pulumi-neev", "managed-by.project": "shop", "managed-by.stack": "dev"}
LISTED: dict[str, SweepFilter] = {
    "any": SweepFilter(),
    "prefix": SweepFilter("pr-"),
    "id": SweepFilter(ids=("1",)),
    "stack": SweepFilter(owners=[OWN]),
    "label": SweepFilter(labels={"team": "a"}),
    "prefix and stack": SweepFilter("pr-", owners=[OWN]),
    "prefix and label": SweepFilter("pr-", labels={"team": "a"}),
}


@pytest.mark.parametrize(
    ("labels", "selected_by"),
    [
        (None, {"prefix", "id"}),
        ({}, {"prefix", "id"}),
        ({"team": "a"}, {"prefix", "id", "prefix and label"}),
        ({"managed-by": "another-tool", "team": "a"}, set()),
        ({"managed-by": "pulumi-neev"}, {"any", "prefix", "id"}),
        (OWN, {"any", "prefix", "id", "stack", "prefix and stack"}),
        ({**OWN, "team": "a"}, set(LISTED)),
    ],
)
def test_unlabelled_objects_need_a_prefix_or_id_and_other_owners_are_excluded(
    labels: dict[str, str] | None, selected_by: set[str]
) -> None:
    assert {name for name, item in LISTED.items() if item.selects(labels)} == selected_by


def test_filters_by_label_are_sent_as_label_queries() -> None:
    assert LISTED["any"].queries == [{"managed-by": "pulumi-neev"}]
    assert LISTED["stack"].queries == [OWN]
    assert LISTED["label"].queries == [{"managed-by": "pulumi-neev", "team": "a"}]
    assert LISTED["prefix and label"].queries == [{"team": "a"}]
    assert LISTED["prefix and stack"].queries == [OWN]
    assert LISTED["prefix"].queries == LISTED["id"].queries == [{}]
    assert [name for name, item in LISTED.items() if not item.is_specific] == ["any"]


def test_the_owner_of_a_sandbox_is_read_from_its_labels() -> None:
    box = Sandbox(id="1", name="box", phase="Ready", labels=OWN)
    assert from_sandbox(box).owner == "shop/dev (pulumi-neev)"
