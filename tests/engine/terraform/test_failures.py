"""Operations that the API rejects: the state matches the API, and the next apply completes them."""

from __future__ import annotations

import pytest
from tests.engine.project import out_of_band_request
from tests.engine.terraform.project import TerraformProject

pytestmark = pytest.mark.engine

BOX = "neev_sandbox.box"


def declare_box(arguments: str) -> str:
    return f'resource "neev_sandbox" "box" {{\n{arguments}\n}}\n'


def test_a_partially_failed_update_is_completed_by_the_next_update(project: TerraformProject) -> None:
    project.write(declare_box("cpu = 1"))
    project.apply()
    project.emulator.inject("status", method="PUT", path="/sandboxes/{id}/timeout", status=409, times=1)
    project.write(declare_box("cpu = 2\nidle_timeout_seconds = 600"))

    (error,) = project.try_apply().errors
    assert "409" in error
    assert not project.resources()[BOX].is_tainted
    assert project.plan().changes == {BOX: "update"}
    assert project.apply().changes == {BOX: "update"}
    assert project.plan().returncode == 0
    assert project.emulator.counts()["POST /sandboxes"] == 1


def test_a_failed_read_is_an_error_and_keeps_the_state(project: TerraformProject) -> None:
    project.write(declare_box('timeouts {\n  read = "1s"\n}'))
    project.apply()
    project.emulator.inject("status", method="GET", path="/sandboxes*", status=500, times=1000)
    failed = project.try_apply()
    assert failed.returncode == 1
    assert "500" in failed.errors[0]
    assert list(project.resources()) == [BOX]

    project.emulator.control("DELETE", "faults")
    assert project.plan().returncode == 0


def test_a_failed_delete_keeps_the_state_and_is_retried_by_the_next_destroy(project: TerraformProject) -> None:
    project.write(declare_box(""))
    project.apply()
    project.emulator.inject("status", method="DELETE", path="/sandboxes/{id}", status=403, times=1)
    failed = project.run("destroy", "-auto-approve", "-json")
    assert failed.returncode == 1
    assert "403" in failed.errors[0]
    assert not project.resources()[BOX].is_tainted

    out_of_band_request(project.emulator, "DELETE", f"/sandboxes/{project.values(BOX)['id']}")
    project.destroy()
    assert project.resources() == {}
