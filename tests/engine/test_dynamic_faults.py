"""An API whose responses are late, wrong or missing: nothing is created twice, and nothing is lost."""

from __future__ import annotations

import pytest
from tests.engine.project import PulumiProject, out_of_band_request

pytestmark = pytest.mark.engine


def make_program(*names: str) -> str:
    lines = ("import pulumi_neev as neev", *(f'neev.Sandbox("{name}", name="{name}")' for name in names))
    return "\n".join(lines)


def test_each_sandbox_is_created_once_if_responses_are_lost_late_or_throttled(project: PulumiProject) -> None:
    emulator = project.emulator
    emulator.inject("reset_after", method="POST", path="/sandboxes")
    emulator.inject("status", method="POST", path="/sandboxes", status=504, execute_first=True)
    emulator.inject("status", method="POST", path="/sandboxes", status=429, retry_after=1)
    emulator.inject("unknown_phase", method="GET", path="/sandboxes", phase="Hibernating", times=2)
    project.write_python(make_program("one", "two", "three"))

    assert project.up().changes == {"one": "create", "two": "create", "three": "create"}
    assert emulator.state()["sandboxes"] == 3
    assert emulator.counts()["POST /sandboxes"] == 4
    for name in ("one", "two", "three"):
        state = project.state_of(name)
        assert state is not None
        assert state["id"] == out_of_band_request(emulator, "GET", f"/sandboxes/{name}")["id"]
        assert state["outputs"]["phase"] == "Ready"
    assert project.up().changes == {}


def test_a_refresh_removes_only_deleted_sandboxes_and_fails_if_a_read_fails(project: PulumiProject) -> None:
    emulator = project.emulator
    project.write_python(make_program("kept", "deleted"))
    project.up()
    out_of_band_request(emulator, "DELETE", "/sandboxes/deleted")
    emulator.advance(5)

    emulator.inject("status", method="GET", path="/sandboxes*", status=500, times=1000)
    refreshed = project.run_pulumi("refresh", "--yes", "--skip-preview")
    assert refreshed.returncode != 0
    assert "was answered with 500" in refreshed.text
    assert "Traceback" not in refreshed.text
    assert project.state_of("kept") is not None
    assert project.state_of("deleted") is not None

    emulator.control("DELETE", "faults")
    assert project.refresh().changes == {"deleted": "delete"}
    assert project.state_of("deleted") is None
    assert project.state_of("kept") is not None
