"""The main scenario of a user of Terraform or OpenTofu: plan, apply, change, replace, pause, correct drift, destroy."""

from __future__ import annotations

import pytest
from tests.engine.project import out_of_band_request
from tests.engine.terraform.project import HAS_CHANGES, TerraformProject

pytestmark = pytest.mark.engine

BOX = "neev_sandbox.box"


def declare_box(arguments: str = "", rest: str = "") -> str:
    return f'resource "neev_sandbox" "box" {{\n{arguments}\n}}\n{rest}'


def test_a_configuration_is_planned_applied_and_destroyed(process_project: TerraformProject) -> None:
    project, emulator = process_project, process_project.emulator
    project.write(declare_box("cpu = 1\nidle_timeout_seconds = 900"))

    first = project.plan()
    assert (first.returncode, first.changes) == (HAS_CHANGES, {BOX: "create"})
    assert emulator.state()["sandboxes"] == 0
    applied = project.apply()
    assert (applied.changes, applied.warnings) == ({BOX: "create"}, [])
    created = project.values(BOX)
    assert (created["phase"], created["cpu"]) == ("Ready", 1)

    emulator.clear_log()
    again = project.plan()
    assert (again.returncode, again.changes, again.drift, again.warnings) == (0, {}, {}, [])
    assert emulator.mutating_requests == []

    project.destroy()
    assert project.resources() == {}
    assert emulator.state()["sandboxes"] == 0


def test_changed_arguments_update_replace_or_delete_the_sandbox(project: TerraformProject) -> None:
    project.write(declare_box("cpu = 1\nidle_timeout_seconds = 900\npaused = false"))
    project.apply()
    created = project.values(BOX)

    project.write(declare_box("cpu = 2\nidle_timeout_seconds = 900\npaused = false"))
    assert project.apply().changes == {BOX: "update"}
    assert project.plan().returncode == 0
    resized = project.values(BOX)
    assert (resized["id"], resized["cpu"]) == (created["id"], 2)

    project.write(declare_box("cpu = 2\npaused = false"))
    assert project.plan().returncode == 0  # a removed argument is left as it is

    project.write(declare_box('cpu = 2\npaused = false\nimage = "docker.io/library/python:3.13"'))
    assert project.apply().changes == {BOX: "replace"}
    assert project.plan().returncode == 0
    assert project.values(BOX)["id"] != created["id"]

    project.write("")
    assert project.apply().changes == {BOX: "delete"}
    assert project.emulator.state()["sandboxes"] == 0


def test_a_variable_pauses_and_resumes_the_sandbox(project: TerraformProject) -> None:
    project.write(declare_box("paused = var.paused", 'variable "paused" {\n  type = bool\n}\n'))
    project.apply("-var=paused=false")
    assert project.apply("-var=paused=true").changes == {BOX: "update"}
    assert project.values(BOX)["phase"] == "Paused"
    assert project.plan("-var=paused=true").returncode == 0
    project.apply("-var=paused=false")
    assert project.values(BOX)["phase"] == "Ready"


def test_drift_is_shown_and_corrected(project: TerraformProject) -> None:
    project.write(declare_box('name = "box"\npaused = true'))
    project.apply()
    out_of_band_request(project.emulator, "POST", "/sandboxes/box/resume")
    assert project.plan().changes == {BOX: "update"}
    project.apply()
    assert project.values(BOX)["phase"] == "Paused"

    out_of_band_request(project.emulator, "DELETE", "/sandboxes/box")
    assert project.apply("-refresh-only").drift == {BOX: "delete"}
    assert project.resources() == {}
    assert project.apply().changes == {BOX: "create"}
    assert project.plan().returncode == 0
