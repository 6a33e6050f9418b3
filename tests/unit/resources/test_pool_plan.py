"""What has to be done to a pool, in a table."""

from dataclasses import dataclass
from typing import Any

import pytest

from neev_provider.core.resource import Observation
from neev_provider.core.validation import parse
from neev_provider.resources.pool.inputs import SandboxPoolInputs
from neev_provider.resources.pool.plan import (
    SandboxObservation,
    majority_inputs,
    new_member_inputs,
    is_member,
    plan,
    default_quarter,
    member_outputs,
    assess_members,
    desired_pool,
)
from neev_provider.resources.sandbox.base import SandboxBaseOutputs

NOW, OLD = "aaaaaa", "0b1d23"
CLOSED = {"mode": "deny_all", "allowInternet": False, "allow": []}
OPEN = {"mode": "allow_list", "allowInternet": True, "allow": []}


def live(index: int, phase: str = "Ready", *, of: str = NOW, **inputs: Any) -> SandboxObservation:
    """A member as it is seen; paused is what the platform says unless told otherwise."""
    name = f"fleet-{of}-{index}"
    outputs = SandboxBaseOutputs(
        phase=phase, addressable=True, org_id="o", project_id="p", created_at="2026-01-01T00:00:00Z"
    )
    return Observation(
        f"id-{name}", {"name": name, "cpu": 1.0, "egress": CLOSED, "paused": phase == "Paused", **inputs}, outputs
    )


@dataclass(frozen=True)
class Row:
    """What there is, what is said, and what has to be done."""

    title: str
    lives: list[SandboxObservation]
    inputs: dict[str, Any]
    make: str = ""
    mend: str = ""
    change: str = ""
    remove: str = ""
    """Indices; those of the old generation have an apostrophe."""
    was: dict[str, Any] | None = None


ROWS = (
    Row("nothing is there", [], {"replicas": 3}, make="0 1 2"),
    Row("all is as asked", [live(0), live(1)], {"replicas": 2}),
    Row("one is missing", [live(0), live(2)], {"replicas": 3}, make="1"),
    Row("none is wanted", [live(0), live(1)], {"replicas": 0}, remove="1 0"),
    Row("two are too many", [live(0), live(1), live(2)], {"replicas": 1}, remove="2 1"),
    Row("one failed", [live(0), live(1, "RestoreFailed")], {"replicas": 2}, mend="1"),
    Row("one is on its way out", [live(0, "Terminating"), live(1)], {"replicas": 2}, mend="0"),
    Row("one too many failed", [live(0), live(1), live(2, "RestoreFailed")], {"replicas": 1}, remove="2 1"),
    Row("one has never been ready", [live(0), live(1, "Pending")], {"replicas": 2}, change="1"),
    Row("one is restarting by itself", [live(0, "NotReady")], {"replicas": 1}),
    Row("one has another size", [live(0), live(1, cpu=4.0)], {"replicas": 2, "cpu": 1}, change="1"),
    Row("a size that nobody asked for is left alone", [live(0), live(1, cpu=4.0)], {"replicas": 2}),
    Row("egress that nobody asked for is closed", [live(0), live(1, egress=OPEN)], {"replicas": 2}, change="1"),
    Row("what a fork may reach is its source's", [live(0, egress=OPEN)], {"replicas": 1, "sourceSandboxId": "s"}),
    Row(
        "what a fork may reach is closed where the program takes it out",
        [live(0, egress=OPEN)],
        {"replicas": 1, "sourceSandboxId": "s"},
        change="0",
        was={"egress": OPEN},
    ),
    Row("some are paused", [live(0, "Paused"), live(1)], {"replicas": 2, "paused": False}, change="0"),
    Row("some fell asleep", [live(0, "Paused", paused=False), live(1)], {"replicas": 2, "paused": False}),
    Row(
        "some fell asleep, and the program now says that they run",
        [live(0, "Paused", paused=False), live(1)],
        {"replicas": 2, "paused": False},
        change="0",
        was={},
    ),
    Row(
        "another source",
        [live(0, of=OLD), live(1, of=OLD), live(2, of=OLD)],
        {"replicas": 2},
        make="0 1",
        remove="2' 0' 1'",
    ),
    Row(
        "another source, begun before",
        [live(0), live(0, of=OLD), live(1, "Pending", of=OLD), live(2, of=OLD)],
        {"replicas": 3},
        make="1 2",
        remove="1' 0' 2'",
    ),
)


def indices(members: Any) -> str:
    """Members as the table names them."""
    return " ".join(f"{each.index}{'' if each.generation == NOW else chr(39)}" for each in members)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.title)
def test_what_has_to_be_done(row: Row) -> None:
    said = {"name": "fleet", "replicas": 0}
    was = None if row.was is None else parse(SandboxPoolInputs, {**said, **row.was})
    pool = desired_pool(parse(SandboxPoolInputs, {**said, **row.inputs}), NOW, was)
    todo = plan(pool, assess_members(pool, row.lives))
    assert " ".join(name.removeprefix(f"fleet-{NOW}-") for name in todo.create) == row.make
    assert (indices(todo.recreate), indices(todo.update), indices(todo.delete)) == (row.mend, row.change, row.remove)


def test_members_are_shown_by_index_and_what_is_left_over_last() -> None:
    pool = desired_pool(parse(SandboxPoolInputs, {"name": "fleet", "replicas": 3, "cpu": 1}), NOW)
    lives = [live(2, cpu=4.0), live(0, of=OLD), live(0), live(3)]
    assert [(each.name, each.phase, each.problem) for each in member_outputs(pool, assess_members(pool, lives))] == [
        (f"fleet-{NOW}-0", "Ready", None),
        (f"fleet-{NOW}-1", "Missing", "it is missing"),
        (f"fleet-{NOW}-2", "Ready", "not as asked for: cpu"),
        (f"fleet-{OLD}-0", "Ready", "it is made from another source"),
        (f"fleet-{NOW}-3", "Ready", "it is one too many"),
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
    pool = desired_pool(parse(SandboxPoolInputs, {"name": "fleet", "replicas": 3, "cpu": 2}), NOW)
    kept = {
        **majority_inputs([live(0, memoryGb=4), live(1, memoryGb=8), live(2, memoryGb=4)]),
        "members": [],
        "phase": "x",
    }
    new = new_member_inputs(pool.template, kept)
    assert (new.cpu, new.memory_gb) == (2, 4)


@pytest.mark.parametrize(("replicas", "quarter"), [(0, 1), (1, 1), (4, 1), (5, 2), (200, 50)])
def test_a_quarter_is_at_least_one(replicas: int, quarter: int) -> None:
    assert default_quarter(replicas) == quarter
