"""No sandbox is lost or duplicated if the engine and the provider are killed: recover, then sweep."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from tests.engine.project import out_of_band_request, wait_until
from tests.engine.terraform.project import Result, TerraformProject

from neev_provider.adapters.terraform.ownership import owner_of
from neev_provider.core.labels import Owner

pytestmark = pytest.mark.engine

HOUR = 3600
CONFIGURATION = """
resource "neev_sandbox" "web" {
  name = "web"
}

resource "neev_sandbox" "generated" {}
"""


def run_neev(project: TerraformProject, command: str, *arguments: str) -> Result:
    """Run a command of `pulumi-neev` for the configuration."""
    program = [sys.executable, "-c", "from neev_provider.cli import main; main()", command]
    options = ["--terraform", str(project.directory), "--engine", str(project.executable)]
    process = subprocess.Popen(
        [*program, *options, *arguments],
        env=project.env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    return Result.wait_for(process)


def test_sandboxes_of_a_killed_apply_are_recovered_by_name_or_swept(process_project: TerraformProject) -> None:
    project, emulator = process_project, process_project.emulator
    emulator.change_settings(durations={"create": HOUR})
    project.write(CONFIGURATION)
    engine = project.start_apply()
    wait_until(lambda: emulator.state()["sandboxes"] == 2)
    engine.kill()
    for process in project.list_processes():
        process.kill()
    Result.wait_for(engine)
    assert project.resources() == {}
    other_workspace = owner_of("neev_sandbox", "x", {"TF_WORKSPACE": "pr-7"}, project.directory.resolve())
    foreign = {
        "of-workspace": other_workspace.to_labels(),
        "of-pulumi": Owner("pulumi-neev", "shop", "dev", "1").to_labels(),
        "unlabelled": {},
    }
    for name, labels in foreign.items():
        out_of_band_request(emulator, "POST", "/sandboxes", {"name": name, "labels": labels})
    emulator.change_settings(durations={"create": 0})
    emulator.advance(2 * HOUR)

    done = run_neev(project, "recover", "--yes", "--json")
    assert done.returncode == 0, done.text
    steps = [(step["action"], step["address"], step["outcome"]) for step in json.loads(done.stdout)["steps"]]
    assert sorted(steps) == [
        ("import", "neev_sandbox.web", "imported"),
        ("leave", "", None),
    ]

    swept = run_neev(project, "sweep", "--yes", "--json")
    assert swept.returncode == 0, swept.text
    report = json.loads(swept.stdout)
    assert [item["outcome"] for item in report["orphans"]] == ["deleted"]
    assert report["orphans"][0]["name"] not in {"web", *foreign}
    assert [item["sandboxes"] for item in report["notGiven"]] == [1]
    emulator.advance(5)
    assert emulator.state()["sandboxes"] == 1 + len(foreign)

    assert project.apply().changes == {"neev_sandbox.generated": "create"}
    assert project.plan().returncode == 0
    assert emulator.state()["sandboxes"] == 2 + len(foreign)
