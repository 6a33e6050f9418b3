"""Features of the engines for every provider: resource types, lifecycle blocks, options, write-only values, errors."""

from __future__ import annotations

import pytest
from tests.engine.project import find_free_port
from tests.engine.terraform.project import HAS_CHANGES, TerraformProject

pytestmark = pytest.mark.engine

BOX = "neev_sandbox.box"
EVERY_KIND = """
data "neev_sandbox_templates" "all" {
}
data "neev_agent_template" "editor" {
  name = "code-server"
}
resource "neev_sandbox" "box" {
  name   = "box"
  labels = { team = "web" }
}
resource "neev_egress_rule" "packages" {
  sandbox_id = neev_sandbox.box.id
  host       = "pypi.org"
  ports      = [443]
}
resource "neev_file" "note" {
  sandbox_id = neev_sandbox.box.id
  path       = "note"
  content    = "text"
}
resource "neev_directory" "app" {
  sandbox_id  = neev_sandbox.box.id
  path        = "app"
  source_path = "app"
}
resource "neev_command" "greet" {
  sandbox_id = neev_sandbox.box.id
  create     = ["cat", "app/text"]
  triggers   = [neev_directory.app.sha256, neev_file.note.sha256]
}
resource "neev_process" "server" {
  sandbox_id = neev_sandbox.box.id
  command    = ["python3", "-m", "http.server", "PORT"]
  readiness  = { port = PORT }
}
resource "neev_preview_port" "web" {
  sandbox_id = neev_sandbox.box.id
  port       = PORT
  depends_on = [neev_process.server]
}
resource "neev_snapshot" "saved" {
  sandbox_id = neev_sandbox.box.id
  triggers   = [neev_command.greet.id]
}
resource "neev_sandbox_fork" "copy" {
  source_sandbox_id = neev_sandbox.box.id
  depends_on        = [neev_snapshot.saved]
}
resource "neev_sandbox_pool" "workers" {
  replicas = 2
}
resource "neev_golden_image" "image" {
  steps = [{ run = ["true"] }]
}
resource "neev_agent" "editor" {
  agent_template = data.neev_agent_template.editor.name
  config         = jsonencode({ theme = "dark" })
}
output "greeting" {
  value = neev_command.greet.stdout
}
"""


def test_every_resource_type_has_an_empty_plan_after_its_create(project: TerraformProject) -> None:
    (project.directory / "app").mkdir()
    (project.directory / "app" / "text").write_text("hello")
    project.write(EVERY_KIND.replace("PORT", str(find_free_port())))
    created = project.apply()
    assert (len(created.changes), set(created.changes.values())) == (12, {"create"})
    assert project.outputs() == {"greeting": "hello"}
    assert project.plan().returncode == 0

    (project.directory / "app" / "text").write_text("hi")
    assert project.plan().changes["neev_directory.app"] == "update"
    project.apply()
    assert project.outputs() == {"greeting": "hi"}
    assert project.plan().returncode == 0

    project.destroy()
    state = project.emulator.state()
    assert (state["sandboxes"], state["snapshots"], state["agents"]) == (0, 0, 0)


def test_moved_and_removed_blocks_change_only_the_state(project: TerraformProject) -> None:
    project.write('resource "neev_sandbox" "one" {\n}\n')
    project.apply()
    id = project.values("neev_sandbox.one")["id"]

    moved = "moved {\n  from = neev_sandbox.one\n  to   = neev_sandbox.box\n}\n"
    project.write(f'resource "neev_sandbox" "box" {{\n}}\n{moved}')
    project.emulator.clear_log()
    project.apply()
    assert project.emulator.mutating_requests == []
    assert project.values(BOX)["id"] == id
    assert project.plan().returncode == 0

    project.write("removed {\n  from = neev_sandbox.box\n  lifecycle {\n    destroy = false\n  }\n}\n")
    project.apply()
    assert project.resources() == {}
    assert project.emulator.state()["sandboxes"] == 1


def test_create_before_destroy_requires_a_generated_name(project: TerraformProject) -> None:
    box = (
        'resource "neev_sandbox" "box" {{\n  {}\n  image = "docker.io/library/python:3.{}"\n'
        "  lifecycle {{\n    create_before_destroy = true\n  }}\n}}\n"
    )
    project.write(box.format("", 12))
    project.apply()
    project.write(box.format("", 13))
    project.apply()
    assert project.emulator.state()["sandboxes"] == 1
    project.write(box.format('name = "box"', 13))
    project.apply()

    project.write(box.format('name = "box"', 12))
    (error,) = project.try_apply().errors
    assert "create_before_destroy" in error
    assert project.emulator.state()["sandboxes"] == 1


def test_ignored_changes_have_an_empty_plan_and_the_replace_option_recreates_the_sandbox(
    project: TerraformProject,
) -> None:
    box = 'resource "neev_sandbox" "box" {{\n  cpu = {}\n  lifecycle {{\n    ignore_changes = [cpu]\n  }}\n}}\n'
    project.write(box.format(1))
    project.apply()
    project.write(box.format(2))
    assert project.plan().returncode == 0
    first = project.values(BOX)
    assert project.apply(f"-replace={BOX}").changes == {BOX: "replace"}
    second = project.values(BOX)
    assert second["id"] != first["id"]
    assert second["name"] != first["name"]


def test_a_changed_write_only_version_replaces_the_sandbox(project: TerraformProject) -> None:
    box = (
        'resource "neev_sandbox" "box" {{\n  env_wo = {{ TOKEN = "{}" }}\n  env_wo_version = {}\n}}\n'
        'ephemeral "neev_connect_token" "box" {{\n  sandbox_id = neev_sandbox.box.id\n}}\n'
        'output "name" {{\n  value = provider::neev::branch_name("feature/Login")\n}}\n'
    )
    project.write(box.format("one", 1))
    project.apply()
    assert project.outputs()["name"].startswith("feature-login-")
    project.write(box.format("two", 1))
    assert project.plan().returncode == 0
    project.write(box.format("two", 2))
    planned = project.plan()
    assert (planned.returncode, planned.changes) == (HAS_CHANGES, {BOX: "replace"})
    project.apply()
    assert project.plan().returncode == 0
    state = (project.directory / "terraform.tfstate").read_text()
    assert "ephemeral" not in state
    assert "TOKEN" not in state


def test_the_error_for_an_invalid_argument_shows_its_line(project: TerraformProject) -> None:
    project.write(
        'resource "neev_sandbox" "box" {\n  egress = {\n    mode  = "allow_list"\n'
        '    allow = [{ host = "no host" }]\n  }\n  timeouts {\n    create = "soon"\n  }\n}\n'
    )
    failed = project.run("validate", "-no-color")
    assert failed.returncode == 1
    assert "egress.allow[0].host" in failed.text
    assert "7:   egress = {" in failed.text
    assert '12:     create = "soon"' in failed.text
