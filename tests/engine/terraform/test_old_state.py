"""A state that an earlier version of the provider wrote has an empty plan, and everything in it can be destroyed.

`../data/terraform-VERSION.json` is `terraform.tfstate` after `apply` of `CONFIGURATION` with that version against an
emulator at `RECORDED_URL`. To add one for a release, record it in this way. Never change a recorded one.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.engine.terraform.project import TerraformProject

from neev_provider.adapters.shared.snake_case import type_name
from neev_provider.resources import RESOURCES

RECORDED_URL = "http://127.0.0.1:40123/agent"
REGISTRIES = {"tofu": "registry.opentofu.org", "terraform": "registry.terraform.io"}
"""The default registry of each engine. The states are recorded with OpenTofu."""
RECORDED_STATES = sorted((Path(__file__).parents[1] / "data").glob("terraform-*.json"))
CONFIGURATION = """
resource "neev_sandbox" "box" {
  cpu                  = 1.5
  env                  = { TOKEN = "of a test" }
  idle_timeout_seconds = 900
  egress = {
    mode  = "allow_list"
    allow = [{ host = "pypi.org", ports = [443] }, { host = "10.0.0.0/8" }]
  }
}

resource "neev_sandbox" "plain" {}

resource "neev_snapshot" "kept" {
  sandbox_id = neev_sandbox.box.id
  retain_for = "720h"
}

resource "neev_sandbox_fork" "copy" {
  source_sandbox_id = neev_sandbox.box.id
  name              = "copy"
  paused            = true
}

resource "neev_sandbox_pool" "fleet" {
  replicas  = 2
  cpu       = 1.5
  env       = { TOKEN = "of a test" }
  max_surge = 1
}

resource "neev_golden_image" "image" {
  steps = [
    { path = "a", content = "A" },
    { path = "app", source_path = "app" },
    { run = ["cat", "a"] },
  ]
  env           = { TOKEN = "of a test" }
  history_limit = 1
}

resource "neev_file" "script" {
  sandbox_id = neev_sandbox.plain.id
  path       = "bin/hello"
  content    = "echo hello"
  mode       = "0755"
}

resource "neev_directory" "folder" {
  sandbox_id  = neev_sandbox.plain.id
  path        = "app"
  source_path = "app"
}

resource "neev_command" "tool" {
  sandbox_id = neev_sandbox.plain.id
  create     = ["sh", "bin/hello"]
  delete     = ["true"]
  env        = { TOKEN = "of a test" }
  triggers   = [neev_file.script.sha256]
}

resource "neev_agent" "coder" {
  agent_template = "code-server"
  config         = jsonencode({ key = "of a test" })
  env            = { TOKEN = "of a test" }
}

resource "neev_preview_port" "web" {
  sandbox_id = neev_sandbox.plain.id
  port       = 8080
}

resource "neev_egress_rule" "rule" {
  sandbox_id = neev_sandbox.plain.id
  host       = "pypi.org"
  ports      = [443]
}

resource "neev_process" "server" {
  sandbox_id = neev_sandbox.plain.id
  command    = ["sh", "-c", "echo up; exec sleep 600"]
  env        = { TOKEN = "of a test" }
  readiness  = { log_pattern = "up" }
  stop       = { signal = "SIGINT" }
}
"""

pytestmark = pytest.mark.engine


def test_every_resource_type_is_in_a_recorded_state() -> None:
    recorded = [json.loads(path.read_text())["resources"] for path in RECORDED_STATES]
    assert {item["type"] for resources in recorded for item in resources} == {
        type_name(resource.name) for resource in RESOURCES
    }


@pytest.mark.parametrize("recorded", RECORDED_STATES, ids=lambda path: path.stem)
def test_an_old_state_has_no_diff_and_can_be_destroyed(recorded: Path, process_project: TerraformProject) -> None:
    project = process_project
    project.env["NEEV_PREVIOUS_BASE_URL"] = RECORDED_URL
    (project.directory / "app").mkdir()
    (project.directory / "app" / "b").write_text("B")
    project.write(CONFIGURATION)
    state = recorded.read_text().replace("registry.opentofu.org", REGISTRIES[project.executable.name])
    (project.directory / "terraform.tfstate").write_text(state)
    addresses = set(project.resources())

    assert project.plan("-refresh=false").changes == {}
    assert project.emulator.requests == []
    # none of it exists at this API: a plan detects that, and so does a destroy
    assert set(project.plan().drift) == addresses
    project.destroy()
    assert project.resources() == {}
