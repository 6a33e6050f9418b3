"""`pulumi-neev recover` on stacks after a kill of the engine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.engine.bucket import StateBucket
from tests.engine.project import STACK, PulumiProject, Result, out_of_band_request, wait_until

pytestmark = pytest.mark.engine

HOUR = 3600
PROGRAM = """
import pulumi_neev as neev

box = neev.Sandbox("box", env={"TOKEN": "of a sandbox"}, paused=True)
neev.Snapshot("kept", sandbox_id=box.id)
"""
BOX: dict[str, Any] = {
    "box": {"type": "neev:index:Sandbox", "properties": {"env": {"TOKEN": "of a sandbox"}, "paused": True}}
}
SNAPSHOT_PROGRAM = {"kept": {"type": "neev:index:Snapshot", "properties": {"sandboxId": "${box.id}"}}}


def kill_during_update(project: PulumiProject, request: str = "POST /sandboxes", times: int = 1) -> None:
    """Kill the engine of an update after so many of these requests."""
    emulator = project.emulator
    emulator.change_settings(durations={"create": HOUR, "snapshot": HOUR})
    engine = project.start_pulumi("up", "--yes", "--skip-preview")
    wait_until(lambda: emulator.counts().get(request) == times)
    engine.kill()
    engine.communicate()
    wait_until(lambda: not project.find_processes("pulumi-resource"))
    emulator.change_settings(durations={"create": 0, "snapshot": 0})


def read_actions(plan: Result) -> dict[str, str]:
    steps: list[Mapping[str, str]] = json.loads(plan.stdout)["steps"]
    return {step["resource"]: step["action"] for step in steps}


@pytest.mark.parametrize("adapter", ["plugin", "dynamic"])
def test_a_sandbox_of_a_killed_create_is_recovered_and_not_created_again(project: PulumiProject, adapter: str) -> None:
    emulator = project.emulator
    project.write_yaml({**BOX, **SNAPSHOT_PROGRAM}) if adapter == "plugin" else project.write_python(PROGRAM)
    kill_during_update(project)

    shown = project.run_neev("recover", "--json")
    assert (shown.returncode, read_actions(shown)) == (3, {"Sandbox box": "import"}), shown.text
    locked = project.run_neev("recover", "--yes")
    assert locked.returncode == 1
    assert "--cancel" in locked.stderr
    assert "of a sandbox" not in shown.text + locked.text
    assert project.state_of("box") is None

    emulator.advance(HOUR)
    done = project.run_neev("recover", "--cancel", "--yes")
    assert done.returncode == 0, done.text
    again = project.run_neev("recover", "--yes")
    assert (again.returncode, again.stdout) == (0, "dev: no operation was interrupted.\n"), again.text

    kept = project.state_of("box") or {}
    assert kept["id"] == out_of_band_request(emulator, "GET", "/sandboxes")["items"][0]["id"]
    assert "pending_operations" not in project.export()["deployment"]
    assert "of a sandbox" not in json.dumps(project.export())
    assert project.up().changes == {"box": "update", "kept": "create"}
    assert project.up().changes == {}
    assert project.refresh().changes == {}
    finished = project.state_of("box") or {}
    assert (finished["id"], finished["outputs"]["phase"]) == (kept["id"], "Paused")
    assert finished.get("initErrors") is None
    assert emulator.counts()["POST /sandboxes"] == 1
    project.destroy()
    assert emulator.state()["sandboxes"] == 0


def test_a_duplicate_after_an_update_without_recovery_is_deleted_by_the_next_update(project: PulumiProject) -> None:
    emulator = project.emulator
    project.write_yaml(BOX)
    kill_during_update(project)
    project.run_pulumi("cancel", "--yes")
    emulator.advance(HOUR)
    project.up()
    assert emulator.state()["sandboxes"] == 2

    second = project.state_of("box") or {}
    done = project.run_neev("recover", "--json", "--yes")
    assert (done.returncode, read_actions(done)) == (0, {"Sandbox box": "retire"}), done.text
    project.up()
    assert [item["id"] for item in out_of_band_request(emulator, "GET", "/sandboxes")["items"]] == [second["id"]]
    assert project.up().changes == {}


def test_a_killed_replacement_is_recovered_and_completed(project: PulumiProject, tmp_path: Path) -> None:
    emulator = project.emulator
    project.write_yaml(BOX)
    project.up()
    first = project.state_of("box") or {}
    replaced = {"box": {**BOX["box"], "properties": {**BOX["box"]["properties"], "diskGb": 20}}}
    project.write_yaml(replaced)
    kill_during_update(project, times=2)
    emulator.advance(HOUR)

    # outside of the project's directory, as for a stack of the Automation API
    full = f"organization/story/{STACK}"
    done = project.run_neev("recover", "--cancel", "--json", "--yes", "--stack", full, "--cwd", str(tmp_path))
    assert (done.returncode, read_actions(done)) == (0, {"Sandbox box": "import"}), done.text
    project.up()
    left = out_of_band_request(emulator, "GET", "/sandboxes")["items"]
    assert [(item["id"] == first["id"], item["resources"]["disk_gb"]) for item in left] == [(False, 20)]
    assert project.up().changes == {}
    assert emulator.counts()["POST /sandboxes"] == 2


def test_recover_drops_a_pending_create_without_a_resource_with_state_on_s3(
    project: PulumiProject, bucket: StateBucket
) -> None:
    emulator = project.emulator
    project.env |= bucket.env
    project.write_yaml({**BOX, **SNAPSHOT_PROGRAM})
    project.up("--target", "**box")
    kill_during_update(project, request="POST /sandboxes/{id}/snapshots")
    emulator.advance(HOUR)
    created = out_of_band_request(emulator, "GET", f"/sandboxes/{(project.state_of('box') or {})['id']}/snapshots")[
        "items"
    ]
    out_of_band_request(emulator, "DELETE", f"/snapshots/{created[0]['id']}")

    emulator.inject("status", method="GET", path="/sandboxes/{id}/snapshots", status=500, times=100)
    unclear = project.run_neev("recover", "--cancel", "--yes")
    assert unclear.returncode == 1
    assert "was answered with 500" in unclear.stderr
    assert len(project.export()["deployment"]["pending_operations"]) == 1

    emulator.control("DELETE", "faults")
    done = project.run_neev("recover", "--cancel", "--yes", "--json")
    assert (done.returncode, read_actions(done)) == (0, {"Snapshot kept": "drop"}), done.text
    assert project.up().changes == {"kept": "create"}
    assert project.up().changes == {}


def test_an_empty_attributes_file_of_the_backend_is_an_error_with_a_hint(
    project: PulumiProject, tmp_path: Path
) -> None:
    project.write_yaml(BOX)
    project.up()
    (note,) = tmp_path.glob(f"state/.pulumi/stacks/*/{STACK}.json.attrs")
    note.write_text("")
    cut_off = project.run_neev("recover", "--stack", STACK)
    assert cut_off.returncode == 1
    assert f"Delete the empty file {note.name}".replace(STACK, "STACK") in cut_off.stderr
    note.unlink()
    assert project.run_neev("recover", "--stack", STACK).returncode == 0
    assert project.up().changes == {}
