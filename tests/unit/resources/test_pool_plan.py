"""What has to be done to a pool, in a table."""

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


def member_observation(
    index: int, phase: str = "Ready", *, template_hash: str = CURRENT_HASH, **inputs: Any
) -> SandboxObservation:
    """A member as it is seen; paused is what the platform says unless told otherwise."""
    name = f"fleet-{template_hash}-{index}"
    outputs = SandboxBaseOutputs(
        phase=phase, addressable=True, org_id="o", project_id="p", created_at="2026-01-01T00:00:00Z"
    )
    return Observation(
        f"id-{name}", {"name": name, "cpu": 1.0, "egress": CLOSED, "paused": phase == "Paused", **inputs}, outputs
    )


@dataclass(frozen=True)
class PlanCase:
    """What there is, what is said, and what has to be done."""

    title: str
    observations: list[SandboxObservation]
    inputs: dict[str, Any]
    create: str = ""
    recreate: str = ""
    update: str = ""
    delete: str = ""
    """Indices; those of the old generation have an apostrophe."""
    old_inputs: dict[str, Any] | None = None


PLAN_CASES = (
    PlanCase("nothing is there", [], {"replicas": 3}, create="0 1 2"),
    PlanCase("all is as asked", [member_observation(0), member_observation(1)], {"replicas": 2}),
    PlanCase("one is missing", [member_observation(0), member_observation(2)], {"replicas": 3}, create="1"),
    PlanCase("none is wanted", [member_observation(0), member_observation(1)], {"replicas": 0}, delete="1 0"),
    PlanCase(
        "two are too many",
        [member_observation(0), member_observation(1), member_observation(2)],
        {"replicas": 1},
        delete="2 1",
    ),
    PlanCase(
        "one failed", [member_observation(0), member_observation(1, "RestoreFailed")], {"replicas": 2}, recreate="1"
    ),
    PlanCase(
        "one is on its way out",
        [member_observation(0, "Terminating"), member_observation(1)],
        {"replicas": 2},
        recreate="0",
    ),
    PlanCase(
        "one too many failed",
        [member_observation(0), member_observation(1), member_observation(2, "RestoreFailed")],
        {"replicas": 1},
        delete="2 1",
    ),
    PlanCase(
        "one has never been ready",
        [member_observation(0), member_observation(1, "Pending")],
        {"replicas": 2},
        update="1",
    ),
    PlanCase("one is restarting by itself", [member_observation(0, "NotReady")], {"replicas": 1}),
    PlanCase(
        "one has another size",
        [member_observation(0), member_observation(1, cpu=4.0)],
        {"replicas": 2, "cpu": 1},
        update="1",
    ),
    PlanCase(
        "a size that nobody asked for is left alone",
        [member_observation(0), member_observation(1, cpu=4.0)],
        {"replicas": 2},
    ),
    PlanCase(
        "egress that nobody asked for is closed",
        [member_observation(0), member_observation(1, egress=OPEN)],
        {"replicas": 2},
        update="1",
    ),
    PlanCase(
        "what a fork may reach is its source's",
        [member_observation(0, egress=OPEN)],
        {"replicas": 1, "sourceSandboxId": "s"},
    ),
    PlanCase(
        "what a fork may reach is closed where the program takes it out",
        [member_observation(0, egress=OPEN)],
        {"replicas": 1, "sourceSandboxId": "s"},
        update="0",
        old_inputs={"egress": OPEN},
    ),
    PlanCase(
        "some are paused",
        [member_observation(0, "Paused"), member_observation(1)],
        {"replicas": 2, "paused": False},
        update="0",
    ),
    PlanCase(
        "some fell asleep",
        [member_observation(0, "Paused", paused=False), member_observation(1)],
        {"replicas": 2, "paused": False},
    ),
    PlanCase(
        "some fell asleep, and the program now says that they run",
        [member_observation(0, "Paused", paused=False), member_observation(1)],
        {"replicas": 2, "paused": False},
        update="0",
        old_inputs={},
    ),
    PlanCase(
        "another source",
        [
            member_observation(0, template_hash=OLD_HASH),
            member_observation(1, template_hash=OLD_HASH),
            member_observation(2, template_hash=OLD_HASH),
        ],
        {"replicas": 2},
        create="0 1",
        delete="2' 0' 1'",
    ),
    PlanCase(
        "another source, begun before",
        [
            member_observation(0),
            member_observation(0, template_hash=OLD_HASH),
            member_observation(1, "Pending", template_hash=OLD_HASH),
            member_observation(2, template_hash=OLD_HASH),
        ],
        {"replicas": 3},
        create="1 2",
        delete="1' 0' 2'",
    ),
)


def format_indices(members: Any) -> str:
    """Members as the table names them."""
    return " ".join(f"{member.index}{'' if member.template_hash == CURRENT_HASH else chr(39)}" for member in members)


@pytest.mark.parametrize("row", PLAN_CASES, ids=lambda row: row.title)
def test_what_has_to_be_done(row: PlanCase) -> None:
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


def test_members_are_shown_by_index_and_what_is_left_over_last() -> None:
    pool = desired_pool(parse(SandboxPoolInputs, {"name": "fleet", "replicas": 3, "cpu": 1}), CURRENT_HASH)
    lives = [
        member_observation(2, cpu=4.0),
        member_observation(0, template_hash=OLD_HASH),
        member_observation(0),
        member_observation(3),
    ]
    assert [
        (output.name, output.phase, output.problem) for output in member_outputs(pool, assess_members(pool, lives))
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
def test_a_pool_knows_its_members_from_others_that_are_called_alike(name: str, *, ours: bool) -> None:
    assert is_member("fleet", name) is ours


def test_new_members_are_like_the_others_where_the_program_says_nothing() -> None:
    pool = desired_pool(parse(SandboxPoolInputs, {"name": "fleet", "replicas": 3, "cpu": 2}), CURRENT_HASH)
    kept = {
        **majority_inputs(
            [member_observation(0, memoryGb=4), member_observation(1, memoryGb=8), member_observation(2, memoryGb=4)]
        ),
        "members": [],
        "phase": "x",
    }
    new = new_member_inputs(pool.template, kept)
    assert (new.cpu, new.memory_gb) == (2, 4)


@pytest.mark.parametrize(("replicas", "quarter"), [(0, 1), (1, 1), (4, 1), (5, 2), (200, 50)])
def test_a_quarter_is_at_least_one(replicas: int, quarter: int) -> None:
    assert default_quarter(replicas) == quarter
