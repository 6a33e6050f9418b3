"""The plan for interrupted operations."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from neev_provider.cli.recover.ownership import UnverifiedMatch
from neev_provider.cli.recover.plan import (
    Action,
    RecoveryPlan,
    build_plan,
    list_pending_operations,
    list_state_resources,
    resource_for_lookup,
)
from neev_provider.core.lifecycle import StoredResource

STACK = "urn:pulumi:dev::story::pulumi:pulumi:Stack::story-dev"
EARLY, LATE = "2026-11-24T10:00:00Z", "2026-11-24T11:00:00Z"


def make_urn(kind: str, name: str) -> str:
    return f"urn:pulumi:dev::story::{kind}::{name}"


def make_state_resource(kind: str = "neev:index:Sandbox", name: str = "box", **rest: Any) -> dict[str, Any]:
    return {
        "urn": make_urn(kind, name),
        "custom": True,
        "type": kind,
        "inputs": {"name": f"{name}-1"},
        "parent": STACK,
        **rest,
    }


def make_pending_operation(
    kind: str = "neev:index:Sandbox", name: str = "box", operation: str = "creating"
) -> dict[str, Any]:
    return {"resource": make_state_resource(kind, name), "type": operation}


def make_state(*resources: dict[str, Any], interrupted: list[dict[str, Any]]) -> dict[str, Any]:
    stack = {"urn": STACK, "custom": False, "type": "pulumi:pulumi:Stack"}
    return {"version": 3, "deployment": {"resources": [stack, *resources], "pending_operations": interrupted}}


def make_stored_resource(id: str = "new", created: str | None = LATE, **more: Any) -> StoredResource:
    return StoredResource(id, {}, {"name": "box-1", **({"createdAt": created} if created else {}), **more})


def list_ids_and_deletes(state: RecoveryPlan) -> list[tuple[str | None, bool]]:
    return [(resource.get("id"), bool(resource.get("delete"))) for resource in list_state_resources(state.state)[1:]]


def test_a_created_object_is_imported_and_finished_by_the_next_update() -> None:
    before = make_state(interrupted=[make_pending_operation()])
    untouched = copy.deepcopy(before)
    after = build_plan(before, {0: make_stored_resource()})
    (step,) = after.steps
    assert (step.action, step.resource, step.id) == (Action.IMPORT, "Sandbox box", "new")
    entry = list_state_resources(after.state)[-1]
    assert (entry["id"], entry["outputs"]["createdAt"]) == ("new", LATE)
    assert "the next `pulumi up` finishes it" in entry["initErrors"][0]
    assert list_pending_operations(after.state) == []
    assert before == untouched


def test_a_pending_create_is_dropped_if_no_object_exists() -> None:
    after = build_plan(make_state(interrupted=[make_pending_operation()]), {})
    assert [(step.action, step.why) for step in after.steps] == [
        (Action.DROP, "nothing of it is there; the next `pulumi up` makes it")
    ]
    assert list_ids_and_deletes(after) == []


def test_a_pending_command_is_dropped_with_an_unknown_outcome() -> None:
    command = make_pending_operation("neev:index:Command", "install")
    assert resource_for_lookup(command) is None
    (step,) = build_plan(make_state(interrupted=[command]), {}).steps
    assert step.why == "nobody can tell how far it came; the next `pulumi up` does it (again)"


@pytest.mark.parametrize("kind", ["neev:index:Snapshot", "pulumi-python:dynamic/neev:Snapshot"])
def test_pending_creates_of_both_adapters_are_looked_up(kind: str) -> None:
    found = resource_for_lookup(make_pending_operation(kind))
    assert found is not None
    assert found.name == "Snapshot"


@pytest.mark.parametrize("operation", ["updating", "deleting", "reading", "importing"])
def test_other_operations_of_any_provider_are_dropped(operation: str) -> None:
    for kind in ("neev:index:Sandbox", "aws:s3/bucket:Bucket"):
        interrupted = make_pending_operation(kind, operation=operation)
        assert resource_for_lookup(interrupted) is None
        after = build_plan(make_state(interrupted=[interrupted]), {})
        assert [(step.action, "refresh" in step.why) for step in after.steps] == [(Action.DROP, False)]
        assert after.foreign_steps == ()


@pytest.mark.parametrize("kind", ["aws:s3/bucket:Bucket", "neev:index:OfTomorrow"])
def test_a_pending_create_of_an_unknown_type_is_a_foreign_step(kind: str) -> None:
    after = build_plan(make_state(interrupted=[make_pending_operation(kind)]), {})
    assert [step.resource for step in after.foreign_steps] == [f"{kind.rpartition(':')[2]} box"]


def test_an_object_in_the_state_is_not_imported_again() -> None:
    after = build_plan(
        make_state(make_state_resource(id="new"), interrupted=[make_pending_operation()]), {0: make_stored_resource()}
    )
    assert [(step.action, step.why) for step in after.steps] == [(Action.DROP, "the state already contains it")]
    assert list_ids_and_deletes(after) == [("new", False)]


def test_an_interrupted_replacement_imports_the_new_object_and_deletes_the_old() -> None:
    old = make_state_resource(id="old", outputs={"createdAt": EARLY})
    after = build_plan(make_state(old, interrupted=[make_pending_operation()]), {0: make_stored_resource()})
    assert [(step.action, "deletes old" in step.why) for step in after.steps] == [(Action.IMPORT, True)]
    assert list_ids_and_deletes(after) == [("new", False), ("old", True)]


def test_an_object_that_a_later_update_recreated_is_deleted() -> None:
    there = make_state_resource(id="second", outputs={"createdAt": LATE})
    after = build_plan(
        make_state(there, interrupted=[make_pending_operation()]), {0: make_stored_resource("first", EARLY)}
    )
    assert [step.action for step in after.steps] == [Action.RETIRE]
    assert list_ids_and_deletes(after) == [("second", False), ("first", True)]


def test_the_newer_object_of_two_interrupted_creates_is_kept() -> None:
    after = build_plan(
        make_state(interrupted=[make_pending_operation(), make_pending_operation()]),
        {0: make_stored_resource("first", EARLY), 1: make_stored_resource("second", LATE)},
    )
    assert list_ids_and_deletes(after) == [("second", False), ("first", True)]


def test_a_resource_deleted_before_its_replacement_is_removed_from_the_state() -> None:
    after = build_plan(
        make_state(make_state_resource(id="old", pendingReplacement=True), interrupted=[make_pending_operation()]),
        {0: make_stored_resource()},
    )
    assert list_ids_and_deletes(after) == [("new", False)]
    assert after.steps[0].action is Action.IMPORT


def test_no_object_is_deleted_if_its_creation_time_is_unknown() -> None:
    after = build_plan(
        make_state(make_state_resource(id="other"), interrupted=[make_pending_operation()]),
        {0: make_stored_resource(created=None)},
    )
    assert [(step.action, step.id) for step in after.steps] == [(Action.DROP, "new")]
    assert "check both" in after.steps[0].why
    assert list_ids_and_deletes(after) == [("other", False)]


@pytest.mark.parametrize(
    ("kind", "custom"),
    [("pulumi:pulumi:Stack", False), ("story:index:Part", False), ("pulumi:providers:neev", True)],
)
def test_pending_creates_of_components_and_providers_are_dropped(kind: str, *, custom: bool) -> None:
    interrupted = {"resource": {**make_state_resource(kind, "it"), "custom": custom}, "type": "creating"}
    assert resource_for_lookup(interrupted) is None
    after = build_plan(make_state(interrupted=[interrupted]), {})
    assert [(step.action, step.why) for step in after.steps] == [(Action.DROP, "it exists only in the state")]
    assert (after.foreign_steps, list_pending_operations(after.state)) == ((), [])


@pytest.mark.parametrize(
    ("kind", "way"),
    [
        ("neev:index:Sandbox", "`pulumi import neev:index:Sandbox box theirs`; if not, choose another name"),
        ("pulumi-python:dynamic/neev:Sandbox", "if it is this stack's, delete it; if not, choose another name"),
        ("neev:index:File", "the next `pulumi up` creates it again"),
        ("neev:index:Process", "the next `pulumi up` creates it again"),
        (
            "neev:index:EgressRule",
            "`pulumi import neev:index:EgressRule box theirs`; if not, remove it from the program",
        ),
        (
            "pulumi-python:dynamic/neev:EgressRule",
            "if it is this stack's, delete it; if not, remove it from the program",
        ),
    ],
)
def test_an_unverified_match_is_not_imported_and_the_next_step_is_named(kind: str, way: str) -> None:
    after = build_plan(
        make_state(interrupted=[make_pending_operation(kind)]), {0: UnverifiedMatch("theirs", "it is older")}
    )
    (step,) = after.steps
    assert (step.action, step.id) == (Action.LEAVE, "theirs")
    assert step.why.startswith("it is older; ")
    assert step.why.endswith(way)
    assert (list_ids_and_deletes(after), list_pending_operations(after.state)) == ([], [])
