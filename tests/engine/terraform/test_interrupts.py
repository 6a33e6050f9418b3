"""Creates that do not complete: after Ctrl-C, a timeout, or a kill of the engine."""

from __future__ import annotations

import os
import signal

import pytest
from tests.engine.project import read_command_line, wait_until
from tests.engine.terraform.project import Result, TerraformProject

pytestmark = pytest.mark.engine

BOX = "neev_sandbox.box"
HOUR = 3600
PROVIDER = "terraform-provider-neev"


def is_provider_running(project: TerraformProject) -> bool:
    return any(PROVIDER in word for process in project.list_processes() for word in read_command_line(process))


def test_ctrl_c_stores_the_sandbox_and_the_next_apply_continues(process_project: TerraformProject) -> None:
    project, emulator = process_project, process_project.emulator
    emulator.change_settings(durations={"create": HOUR})
    after = 'resource "neev_snapshot" "after" {\n  sandbox_id = neev_sandbox.box.id\n}\n'
    project.write(f'resource "neev_sandbox" "box" {{\n  paused = true\n}}\n{after}')

    engine = project.start_apply()
    wait_until(lambda: emulator.counts().get("POST /sandboxes") == 1)
    os.killpg(engine.pid, signal.SIGINT)  # as a terminal does: the provider receives it, too
    stopped = Result.wait_for(engine)
    assert stopped.returncode == 1
    ((address, kept),) = project.resources().items()
    assert (address, kept.is_tainted) == (BOX, False)

    emulator.advance(HOUR)
    emulator.change_settings(durations={"create": 0})
    assert project.apply().changes == {BOX: "update", "neev_snapshot.after": "create"}
    assert project.values(BOX)["phase"] == "Paused"
    assert project.values(BOX)["id"] == kept.values["id"]
    assert emulator.counts()["POST /sandboxes"] == 1


def test_a_create_that_times_out_is_tainted_and_untaint_keeps_the_sandbox(project: TerraformProject) -> None:
    emulator = project.emulator
    emulator.change_settings(durations={"create": HOUR})
    project.write('resource "neev_sandbox" "box" {\n  timeouts {\n    create = "1s"\n  }\n}\n')

    failed = project.try_apply()
    assert failed.returncode == 1
    (error,) = failed.errors
    assert "not done after 1 s; last seen: Pending" in error
    assert "run `terraform untaint ADDRESS`" in error
    (kept,) = project.resources().values()
    assert kept.is_tainted
    assert project.plan().changes == {BOX: "replace"}

    assert project.run("untaint", BOX).returncode == 0
    emulator.advance(HOUR)
    assert project.apply().changes == {BOX: "update"}
    assert project.values(BOX)["id"] == kept.values["id"]
    assert project.plan().returncode == 0
    assert emulator.counts()["POST /sandboxes"] == 1


def test_a_tainted_snapshot_is_replaced_by_the_next_apply(project: TerraformProject) -> None:
    project.emulator.inject("failed_phase", method="POST", path="/sandboxes/{id}/snapshots", reason="the disk is full")
    snapshot = 'resource "neev_snapshot" "saved" {\n  sandbox_id = neev_sandbox.box.id\n}\n'
    project.write(f'resource "neev_sandbox" "box" {{\n}}\n{snapshot}')
    failed = project.try_apply()
    assert failed.returncode == 1
    assert "the disk is full" in failed.errors[0]

    assert project.apply().changes == {"neev_snapshot.saved": "replace"}
    assert project.values("neev_snapshot.saved")["status"] == "Ready"
    assert project.emulator.state()["snapshots"] == 1


def test_the_provider_exits_if_the_engine_is_killed_and_the_next_apply_suggests_an_import(
    process_project: TerraformProject,
) -> None:
    project, emulator = process_project, process_project.emulator
    emulator.change_settings(durations={"create": HOUR})
    project.write('resource "neev_sandbox" "box" {\n  name = "box"\n}\n')

    engine = project.start_apply()
    wait_until(lambda: emulator.counts().get("POST /sandboxes") == 1)
    assert is_provider_running(project)
    engine.kill()
    Result.wait_for(engine)
    wait_until(lambda: not project.list_processes())
    assert project.resources() == {}

    emulator.advance(HOUR)
    (error,) = project.try_apply().errors
    assert "terraform import" in error
    assert emulator.state()["sandboxes"] == 1
    project.import_(BOX, "box")
    assert project.plan().returncode == 0


def test_creates_run_with_the_parallelism_of_the_engine(project: TerraformProject) -> None:
    emulator = project.emulator
    emulator.change_settings(durations={"create": HOUR})
    project.write('resource "neev_sandbox" "box" {\n  count = 24\n}\n')
    engine = project.start_apply("-parallelism=24")
    wait_until(lambda: emulator.counts().get("POST /sandboxes") == 24)
    emulator.advance(HOUR)
    applied = Result.wait_for(engine)
    assert (applied.returncode, len(applied.changes)) == (0, 24)
    assert len({item.values["name"] for item in project.resources().values()}) == 24
