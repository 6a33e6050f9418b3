"""A pool on the real engine: scaled, repaired, replaced, interrupted, and never with an extra member."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from tests.engine.project import PulumiProject, out_of_band_request, wait_until

from neev_emulator.testing import Emulator

pytestmark = pytest.mark.engine

CREATE, DELETE, PATCH = "POST /sandboxes", "DELETE /sandboxes/{id}", "PATCH /sandboxes/{id}"
HOUR = 3600


def declare_pool(replicas: int, **properties: Any) -> dict[str, Any]:
    """Return a program of one pool."""
    return {"fleet": {"type": "neev:index:SandboxPool", "properties": {"replicas": replicas, **properties}}}


def read_members(project: PulumiProject) -> list[dict[str, Any]]:
    """Return the members in the state."""
    kept = project.state_of("fleet")
    assert kept is not None
    found: list[dict[str, Any]] = kept["outputs"]["members"]
    return found


def count_requests(emulator: Emulator) -> Counter[str]:
    """Return the mutating requests since the last call."""
    found = Counter(f"{entry['method']} {entry['template']}" for entry in emulator.mutating_requests)
    emulator.clear_log()
    return found


def test_a_pool_is_created_scaled_repaired_replaced_and_destroyed(project: PulumiProject) -> None:
    emulator = project.emulator
    emulator.change_settings(durations={"create": 0})
    project.write_yaml(declare_pool(200))
    assert project.preview().changes == {"fleet": "create"}
    assert count_requests(emulator) == {}
    project.up()
    assert count_requests(emulator) == {CREATE: 200}
    assert project.up().changes == {}
    assert emulator.requests == []

    project.write_yaml(declare_pool(210))
    assert project.up().diff("fleet") == {"replicas": "update"}
    assert count_requests(emulator) == {CREATE: 10}
    project.write_yaml(declare_pool(195, cpu=2))
    project.up()
    assert count_requests(emulator) == {DELETE: 15, PATCH: 195}
    assert [member["name"].rpartition("-")[2] for member in read_members(project)] == [
        str(index) for index in range(195)
    ]

    before = read_members(project)
    for place in (2, 3, 194):
        out_of_band_request(emulator, "DELETE", f"/sandboxes/{before[place]['id']}")
    emulator.advance(1)
    count_requests(emulator)
    healed = project.up("--refresh")
    assert healed.diff("fleet") == {f'["{before[place]["name"]}"]': "add" for place in (2, 3, 194)}
    assert count_requests(emulator) == {CREATE: 3}
    assert [now["id"] == was["id"] for now, was in zip(read_members(project), before, strict=True)].count(False) == 3
    assert project.refresh().changes == {}

    project.write_yaml(declare_pool(195, cpu=2, env={"STAGE": "two"}))
    assert project.up().changes == {"fleet": "update"}
    assert count_requests(emulator) == {CREATE: 195, DELETE: 195}
    assert project.up("--refresh").changes == {}

    project.destroy()
    assert emulator.state()["sandboxes"] == 0


def test_failed_members_are_reported_and_created_by_the_next_update(project: PulumiProject) -> None:
    emulator = project.emulator
    emulator.inject("status", method="POST", path="/sandboxes", status=500, body={"message": "no room"}, times=2)
    project.write_yaml(declare_pool(5))
    failed = project.run_pulumi("up", "--yes", "--skip-preview")
    assert failed.returncode != 0
    assert "2 of 5 members failed" in failed.text
    assert "no room" in failed.text
    assert Counter(member["phase"] for member in read_members(project)) == {"Ready": 3, "Missing": 2}

    assert project.refresh().returncode == 0
    assert set(project.preview().diff("fleet").values()) == {"add"}
    count_requests(emulator)
    assert project.up().changes == {"fleet": "update"}
    assert count_requests(emulator) == {CREATE: 2}
    assert project.up().changes == {}


def kill_during_update(project: PulumiProject, creates: int) -> None:
    """Kill the engine of an update after so many creates of members, and recover the stack."""
    emulator = project.emulator
    emulator.change_settings(durations={"create": HOUR})
    emulator.clear_log()
    engine = project.start_pulumi("up", "--yes", "--skip-preview")
    wait_until(lambda: emulator.counts().get(CREATE) == creates)
    engine.kill()
    engine.communicate()
    wait_until(lambda: not project.find_processes("pulumi-resource"))
    emulator.change_settings(durations={"create": 0})
    emulator.advance(HOUR)
    assert project.run_neev("recover", "--cancel", "--yes").returncode == 0


def test_members_created_before_a_kill_are_recovered(project: PulumiProject) -> None:
    emulator = project.emulator
    project.write_yaml(declare_pool(4, maxConcurrency=3))
    kill_during_update(project, creates=3)
    assert len(read_members(project)) == 4
    assert project.up().changes == {"fleet": "update"}
    assert emulator.counts()[CREATE] == 4

    project.write_yaml(declare_pool(4, env={"STAGE": "two"}, maxSurge=2, maxUnavailable=0))
    kill_during_update(project, creates=2)
    assert project.up().changes == {"fleet": "update"}
    assert emulator.counts()[CREATE] == 4
    assert emulator.state()["sandboxes"] == 4
    assert project.up("--refresh").changes == {}
    project.destroy()
    assert emulator.state()["sandboxes"] == 0
