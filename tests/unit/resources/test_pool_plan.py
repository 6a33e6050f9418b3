"""Plans of a pool, in a table."""

from dataclasses import dataclass
from typing import Any

import pytest

from neev_provider.core.resource import Observation
from neev_provider.core.validation import parse
from neev_provider.resources.pool.inputs import SandboxPoolInputs
from neev_provider.resources.pool.plan import (
    SandboxObservation,
    assess_members,
    default_quarter,
    desired_pool,
    is_member,
    majority_inputs,
    member_outputs,
    new_member_inputs,
    plan,
)
from neev_provider.resources.sandbox.base import SandboxBaseOutputs

CURRENT_HASH, OLD_HASH = "aaaaaa", "0b1d23"
CLOSED = {"mode": "deny_all", "allowInternet": False, "allow": []}
OPEN = {"mode": "allow_list", "allowInternet": True, "allow": []}


def observe_member(
    index: int, phase: str = "Ready", *, template_hash: str = CURRENT_HASH, **inputs: Any
) -> SandboxObservation:
    """Return the observation of a member; `paused` follows from the phase unless it is given."""
    name = f"fleet-{template_hash}-{index}"
    outputs = SandboxBaseOutputs(
        phase=phase, addressable=True, org_id="o", project_id="p", created_at="2026-01-01T00:00:00Z"
    )
    return Observation(
        f"id-{name}", {"name": name, "cpu": 1.0, "egress": CLOSED, "paused": phase == "Paused", **inputs}, outputs
    )


@dataclass(frozen=True)
class PlanCase:
    """Observations, inputs and the expected plan."""

    title: str
    observations: list[SandboxObservation]
    inputs: dict[str, Any]
    create: str = ""
    recreate: str = ""
    update: str = ""
    delete: str = ""
    """Indices of members; those of the old generation have an apostrophe."""
    old_inputs: dict[str, Any] | None = None


PLAN_CASES = (
    PlanCase("no member exists", [], {"replicas": 3}, create="0 1 2"),
    PlanCase("all members match the inputs", [observe_member(0), observe_member(1)], {"replicas": 2}),
    PlanCase("one member is missing", [observe_member(0), observe_member(2)], {"replicas": 3}, create="1"),
    PlanCase("zero replicas", [observe_member(0), observe_member(1)], {"replicas": 0}, delete="1 0"),
    PlanCase(
        "two surplus members",
        [observe_member(0), observe_member(1), observe_member(2)],
        {"replicas": 1},
        delete="2 1",
    ),
    PlanCase(
        "one member failed", [observe_member(0), observe_member(1, "RestoreFailed")], {"replicas": 2}, recreate="1"
    ),
    PlanCase(
        "one member is terminating",
        [observe_member(0, "Terminating"), observe_member(1)],
        {"replicas": 2},
        recreate="0",
    ),
    PlanCase(
        "one surplus member failed",
        [observe_member(0), observe_member(1), observe_member(2, "RestoreFailed")],
        {"replicas": 1},
        delete="2 1",
    ),
    PlanCase(
        "one member is pending",
        [observe_member(0), observe_member(1, "Pending")],
        {"replicas": 2},
        update="1",
    ),
    PlanCase("one member is restarting", [observe_member(0, "NotReady")], {"replicas": 1}),
    PlanCase(
        "one member has another size",
        [observe_member(0), observe_member(1, cpu=4.0)],
        {"replicas": 2, "cpu": 1},
        update="1",
    ),
    PlanCase(
        "another size is ignored if the input is absent",
        [observe_member(0), observe_member(1, cpu=4.0)],
        {"replicas": 2},
    ),
    PlanCase(
        "egress is denied if the input is absent",
        [observe_member(0), observe_member(1, egress=OPEN)],
        {"replicas": 2},
        update="1",
    ),
    PlanCase(
        "the egress of a fork is inherited if the input is absent",
        [observe_member(0, egress=OPEN)],
        {"replicas": 1, "sourceSandboxId": "s"},
    ),
    PlanCase(
        "the egress of a fork is denied if the input is removed",
        [observe_member(0, egress=OPEN)],
        {"replicas": 1, "sourceSandboxId": "s"},
        update="0",
        old_inputs={"egress": OPEN},
    ),
    PlanCase(
        "one member is paused",
        [observe_member(0, "Paused"), observe_member(1)],
        {"replicas": 2, "paused": False},
        update="0",
    ),
    PlanCase(
        "one member is idle",
        [observe_member(0, "Paused", paused=False), observe_member(1)],
        {"replicas": 2, "paused": False},
    ),
    PlanCase(
        "one member is idle and paused is set to false",
        [observe_member(0, "Paused", paused=False), observe_member(1)],
        {"replicas": 2, "paused": False},
        update="0",
        old_inputs={},
    ),
    PlanCase(
        "changed source",
        [
            observe_member(0, template_hash=OLD_HASH),
            observe_member(1, template_hash=OLD_HASH),
            observe_member(2, template_hash=OLD_HASH),
        ],
        {"replicas": 2},
        create="0 1",
        delete="2' 0' 1'",
    ),
    PlanCase(
        "changed source with a partial rollout",
        [
            observe_member(0),
            observe_member(0, template_hash=OLD_HASH),
            observe_member(1, "Pending", template_hash=OLD_HASH),
            observe_member(2, template_hash=OLD_HASH),
        ],
        {"replicas": 3},
        create="1 2",
        delete="1' 0' 2'",
    ),
)


def format_indices(members: Any) -> str:
    """Return the members in the notation of the table."""
    return " ".join(f"{member.index}{'' if member.template_hash == CURRENT_HASH else chr(39)}" for member in members)


@pytest.mark.parametrize("row", PLAN_CASES, ids=lambda row: row.title)
def test_a_plan_lists_the_members_to_create_recreate_update_and_delete(row: PlanCase) -> None:
    message = {"name": "fleet", "replicas": 0}
    was = None if row.old_inputs is None else parse(SandboxPoolInputs, {**message, **row.old_inputs})
    pool = desired_pool(parse(SandboxPoolInputs, {**message, **row.inputs}), CURRENT_HASH, was)
    todo = plan(pool, assess_members(pool, row.observations))
    assert " ".join(name.removeprefix(f"fleet-{CURRENT_HASH}-") for name in todo.create) == row.create
    assert (format_indices(todo.recreate), format_indices(todo.update), format_indices(todo.delete)) == (
        row.recreate,
        row.update,
        row.delete,
    )


def test_members_are_sorted_by_index_with_surplus_members_last() -> None:
    pool = desired_pool(parse(SandboxPoolInputs, {"name": "fleet", "replicas": 3, "cpu": 1}), CURRENT_HASH)
    observations = [
        observe_member(2, cpu=4.0),
        observe_member(0, template_hash=OLD_HASH),
        observe_member(0),
        observe_member(3),
    ]
    assert [
        (output.name, output.phase, output.problem)
        for output in member_outputs(pool, assess_members(pool, observations))
    ] == [
        (f"fleet-{CURRENT_HASH}-0", "Ready", None),
        (f"fleet-{CURRENT_HASH}-1", "Missing", "it is missing"),
        (f"fleet-{CURRENT_HASH}-2", "Ready", "not as asked for: cpu"),
        (f"fleet-{OLD_HASH}-0", "Ready", "it is made from another source"),
        (f"fleet-{CURRENT_HASH}-3", "Ready", "it is one too many"),
    ]


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("fleet-abc123-0", True),
        ("fleet-abc123-9999", True),
        ("fleet-abc123-00", False),
        ("fleet-abc123-12345", False),
        ("fleet-abc12g-0", False),
        ("fleet-2-abc123-0", False),
        ("fleet-abc123-0-abc123-0", False),
        ("my-fleet-abc123-0", False),
        ("fleet", False),
    ],
)
def test_members_are_identified_by_the_exact_form_of_their_name(name: str, *, ours: bool) -> None:
    assert is_member("fleet", name) is ours


def test_absent_inputs_of_new_members_are_those_of_the_majority() -> None:
    pool = desired_pool(parse(SandboxPoolInputs, {"name": "fleet", "replicas": 3, "cpu": 2}), CURRENT_HASH)
    kept = {
        **majority_inputs(
            [observe_member(0, memoryGb=4), observe_member(1, memoryGb=8), observe_member(2, memoryGb=4)]
        ),
        "members": [],
        "phase": "x",
    }
    new = new_member_inputs(pool.template, kept)
    assert (new.cpu, new.memory_gb) == (2, 4)


@pytest.mark.parametrize(("replicas", "quarter"), [(0, 1), (1, 1), (4, 1), (5, 2), (200, 50)])
def test_the_default_limit_is_a_quarter_and_at_least_one(replicas: int, quarter: int) -> None:
    assert default_quarter(replicas) == quarter
