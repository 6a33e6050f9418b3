"""`pulumi-neev sweep` with stacks that refer to sandboxes."""

from __future__ import annotations

import json

import pytest
from tests.engine.project import PulumiProject, Result, out_of_band_request, wait_until

pytestmark = pytest.mark.engine

HOUR = 3600
PROGRAM = """
import pulumi
import pulumi_neev as neev

box = neev.Sandbox("box", name=f"pr-{pulumi.get_stack()}")
pulumi.export("hidden", pulumi.Output.secret(pulumi.Config().require("kept")))
"""


def list_orphan_names(report: Result) -> list[str]:
    return sorted(load["name"] for load in json.loads(report.stdout)["orphans"])


def list_remaining_names(project: PulumiProject) -> list[str]:
    return sorted(item["name"] for item in out_of_band_request(project.emulator, "GET", "/sandboxes")["items"])


def test_sweep_deletes_only_old_orphans_with_the_prefix(project: PulumiProject) -> None:
    emulator = project.emulator
    named = {
        name: out_of_band_request(emulator, "POST", "/sandboxes", {"name": name})["id"]
        for name in ("pr-gone", "pr-written", "other-gone", "pr-captured")
    }
    emulator.advance(5)
    for id, name in ((named["pr-captured"], "base"), (named["pr-gone"], "pr-first")):
        out_of_band_request(emulator, "POST", f"/sandboxes/{id}/snapshots", {"name": name})

    project.write_python(PROGRAM)
    project.run_pulumi("stack", "init", "prod", "--no-select")
    for stack in ("dev", "prod"):
        project.set_config("kept", named["pr-written"], "--stack", stack)
    project.up("--stack", "dev")
    # the other stack's create is interrupted: only its pending operation names the sandbox
    emulator.change_settings(durations={"create": HOUR})
    before = emulator.counts()["POST /sandboxes"]
    engine = project.start_pulumi("up", "--yes", "--skip-preview", "--stack", "prod")
    wait_until(lambda: emulator.counts()["POST /sandboxes"] == before + 1)
    engine.kill()
    engine.communicate()
    emulator.advance(2 * HOUR)
    out_of_band_request(emulator, "POST", "/sandboxes", {"name": "pr-young"})

    everything = ["other-gone", "pr-captured", "pr-dev", "pr-gone", "pr-prod", "pr-written", "pr-young"]
    arguments = ("sweep", "--prefix", "pr-", "--json")
    shown = project.run_neev(*arguments)
    assert (shown.returncode, list_orphan_names(shown)) == (3, ["pr-captured", "pr-first", "pr-gone"]), shown.text
    assert [load["name"] for load in json.loads(shown.stdout)["younger"]] == ["pr-young"], shown.text
    locked = project.run_neev(*arguments, "--yes", env={"PULUMI_CONFIG_PASSPHRASE": "a wrong passphrase"})
    assert locked.returncode == 1, locked.text
    missing = project.run_neev(*arguments, "--yes", "--backend", "file:///no/such/place")
    assert missing.returncode == 1, missing.text
    assert list_remaining_names(project) == everything

    done = project.run_neev(*arguments, "--yes")
    assert done.returncode == 0, done.text
    assert list_remaining_names(project) == [name for name in everything if name != "pr-gone"]
    kept = {load["name"]: load["blockedBy"] for load in json.loads(done.stdout)["orphans"]}
    assert "its snapshot base" in kept["pr-captured"]
    paused = project.run_neev(*arguments, "--yes", "--pause")
    assert [load["outcome"] for load in json.loads(paused.stdout)["orphans"]] == ["paused"], paused.text
    again = project.run_neev("sweep", "--prefix", "pr-", "--phase", "Ready", "--yes")
    assert (again.returncode, again.stdout) == (0, "There are no orphans.\n"), again.text
