"""Creates that come to no end: by Ctrl-C, by a time limit, and by the end of the engine's process."""

from __future__ import annotations

import os
import signal

import pytest
from tests.engine.project import command_line, wait_until
from tests.engine.terraform.project import Result, TerraformProject

pytestmark = pytest.mark.engine

BOX = "neev_sandbox.box"
HOUR = 3600
PROVIDER = "terraform-provider-neev"


def is_provider_running(project: TerraformProject) -> bool:
    return any(PROVIDER in word for process in project.list_processes() for word in command_line(process))


def test_ctrl_c_keeps_what_exists_and_the_next_apply_goes_on(process_project: TerraformProject) -> None:
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


def test_a_create_that_fails_is_tainted_and_untaint_keeps_it(project: TerraformProject) -> None:
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


def test_a_failed_create_that_stays_tainted_is_replaced(project: TerraformProject) -> None:
    project.emulator.inject("failed_phase", method="POST", path="/sandboxes/{id}/snapshots", reason="the disk is full")
    snapshot = 'resource "neev_snapshot" "saved" {\n  sandbox_id = neev_sandbox.box.id\n}\n'
    project.write(f'resource "neev_sandbox" "box" {{\n}}\n{snapshot}')
    failed = project.try_apply()
    assert failed.returncode == 1
    assert "the disk is full" in failed.errors[0]

    assert project.apply().changes == {"neev_snapshot.saved": "replace"}
    assert project.values("neev_snapshot.saved")["status"] == "Ready"
    assert project.emulator.state()["snapshots"] == 1


def test_a_killed_engine_ends_its_provider_and_the_next_apply_names_the_import(
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


def test_parallelism_is_that_of_the_engine(project: TerraformProject) -> None:
    emulator = project.emulator
    emulator.change_settings(durations={"create": HOUR})
    project.write('resource "neev_sandbox" "box" {\n  count = 24\n}\n')
    engine = project.start_apply("-parallelism=24")
    wait_until(lambda: emulator.counts().get("POST /sandboxes") == 24)
    emulator.advance(HOUR)
    applied = Result.wait_for(engine)
    assert (applied.returncode, len(applied.changes)) == (0, 24)
    assert len({item.values["name"] for item in project.resources().values()}) == 24
