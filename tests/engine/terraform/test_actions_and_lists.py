"""Actions and list resources, which Terraform supports from 1.14 on and OpenTofu does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.engine.project import out_of_band_request
from tests.engine.terraform.project import TerraformProject
from tools.engine.terraform import read_version

from neev_emulator import Emulator

pytestmark = pytest.mark.engine

MIN_VERSION = (1, 14)
SANDBOX = 'resource "neev_sandbox" "app" {\n  name = "app"\n%s}\n'
TRIGGER = """\
  lifecycle {
    action_trigger {
      events  = [after_create]
      actions = [action.neev_exec.migrate]
    }
  }
"""
ACTIONS = """
action "neev_exec" "migrate" {
  config {
    sandbox_id = "app"
    command    = ["sh", "-c", "echo migrated; echo $STAGE > stage"]
    env        = { STAGE = "review-secret" }
  }
}

action "neev_exec" "fail" {
  config {
    sandbox_id = "app"
    command    = ["sh", "-c", "echo no such table >&2; exit 3"]
  }
}

action "neev_snapshot" "backup" {
  config {
    sandbox_id = "app"
    name       = "backup"
  }
}

action "neev_pause" "app" {
  config {
    sandbox_id = "app"
  }
}

action "neev_resume" "app" {
  config {
    sandbox_id = "app"
  }
}
"""
QUERY = """\
list "neev_sandbox" "all" {
  provider = neev
}

list "neev_sandbox" "others" {
  provider = neev

  config {
    name_contains = "nothing"
  }
}
"""


@pytest.fixture
def newer_project(tmp_path: Path, engines: dict[str, Path], emulator: Emulator) -> TerraformProject:
    """Return a project with a version of Terraform that supports actions and lists."""
    terraform = engines.get("terraform")
    if terraform is None or read_version(terraform) < MIN_VERSION:
        pytest.skip("Terraform from version 1.14 is not on PATH")
    return TerraformProject(tmp_path, terraform, emulator)


def read_phase(project: TerraformProject) -> object:
    """Return the phase of the sandbox at the API."""
    return out_of_band_request(project.emulator, "GET", "/sandboxes/app")["phase"]


def test_an_action_runs_after_a_create_and_when_it_is_invoked(newer_project: TerraformProject) -> None:
    """Its output is shown, a failure is an error with the last lines, and no secret is in the output or the state."""
    project = newer_project
    project.write(SANDBOX % TRIGGER + ACTIONS)
    applied = project.run("apply", "-auto-approve", "-no-color").require_success()
    assert "migrated" in applied.stdout

    failed = project.run("apply", "-auto-approve", "-no-color", "-invoke=action.neev_exec.fail")
    assert failed.returncode == 1
    assert "no such table" in failed.text
    assert "exit code 3" in failed.text

    project.run("apply", "-auto-approve", "-invoke=action.neev_snapshot.backup").require_success()
    project.run("apply", "-auto-approve", "-invoke=action.neev_pause.app").require_success()
    assert read_phase(project) == "Paused"
    project.run("apply", "-auto-approve", "-invoke=action.neev_resume.app").require_success()
    assert read_phase(project) == "Ready"

    state = project.run("state", "pull").require_success().stdout
    assert "review-secret" not in state + applied.text + failed.text
    project.destroy()


def test_a_query_lists_sandboxes_with_their_identity(newer_project: TerraformProject) -> None:
    project = newer_project
    project.write(SANDBOX % "")
    project.apply()
    (project.directory / "all.tfquery.hcl").write_text(QUERY)

    lines = project.run("query", "-json").require_success().stdout.splitlines()
    found = [event["list_resource_found"] for event in map(json.loads, lines) if event["type"] == "list_resource_found"]

    [item] = found
    assert item["address"] == "list.neev_sandbox.all"
    assert item["identity"]["id"] == project.values("neev_sandbox.app")["id"]
    project.destroy()
