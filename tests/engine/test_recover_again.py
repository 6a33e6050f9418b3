"""`pulumi-neev recover` after a kill of itself, after a build, and for the stack of an Automation API program."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.chaos import invariants
from tests.chaos.repair import is_plugin
from tests.engine.adapters import ADAPTERS
from tests.engine.project import (
    PulumiProject,
    Result,
    out_of_band_request,
    read_command_line,
    read_in_sandbox,
    wait_until,
)

pytestmark = pytest.mark.engine

HOUR = 3600
BOX: dict[str, Any] = {"box": {"type": "neev:index:Sandbox", "properties": {"paused": True}}}
RECOVER = ("recover", "--cancel", "--yes")


def kill_when(
    project: PulumiProject,
    engine_process: subprocess.Popen[str],
    condition: Callable[[], bool],
    *,
    machine: bool = False,
) -> None:
    """Kill the engine once the condition holds, optionally with its other processes, and wait until the plugin ends."""
    wait_until(condition)
    for process in project.list_processes() if machine else []:
        process.kill()
    engine_process.kill()
    engine_process.communicate()
    wait_until(lambda: not any(map(is_plugin, project.list_processes())))


def is_creating(project: PulumiProject) -> Callable[[], bool]:
    """Return the condition that the API has begun to create a sandbox, which takes an hour."""
    project.emulator.change_settings(durations={"create": HOUR})
    return lambda: project.emulator.counts().get("POST /sandboxes") == 1


def read_actions(result: Result) -> dict[str, str]:
    return {load["resource"]: load["action"] for load in json.loads(result.stdout)["steps"]}


def is_importing(project: PulumiProject) -> bool:
    """Return whether a recovery's `pulumi stack import` is running."""
    return any({"stack", "import"} <= set(read_command_line(process)) for process in project.list_processes())


def test_a_killed_recovery_is_atomic_and_the_next_recovery_completes(
    project: PulumiProject,
) -> None:
    emulator = project.emulator
    project.write_yaml(BOX)
    kill_when(project, project.start_pulumi("up", "--yes", "--skip-preview"), is_creating(project))
    emulator.advance(HOUR)

    emulator.inject("delay", method="GET")
    at_a_request = project.start_neev(*RECOVER)
    kill_when(project, at_a_request, lambda: not emulator.control("GET", "faults"))
    assert at_a_request.returncode < 0
    assert project.state_of("box") is None
    assert len(project.export()["deployment"]["pending_operations"]) == 1

    with_all = project.start_neev(*RECOVER)
    kill_when(project, with_all, lambda: is_importing(project), machine=True)
    assert with_all.returncode < 0
    created = project.state_of("box")
    assert bool(created) != bool(project.export()["deployment"].get("pending_operations"))

    # the import that it had started continues without it
    alone = project.start_neev(*RECOVER)
    kill_when(project, alone, lambda: is_importing(project) or alone.poll() is not None)
    wait_until(lambda: not is_importing(project))

    done = project.run_neev(*RECOVER)
    assert done.returncode == 0, done.text
    assert (project.state_of("box") or {})["id"] == out_of_band_request(emulator, "GET", "/sandboxes")["items"][0]["id"]
    project.up()
    invariants.check_invariants(project, BOX)
    assert emulator.counts()["POST /sandboxes"] == 1


def declare_slow_image(sleep_seconds: int) -> dict[str, Any]:
    """Return an image whose second step takes so many seconds, which are no part of its recipe."""
    sleep = ["sh", "-c", "touch begun; sleep $SLEEP_SECONDS"]
    steps = [{"path": "note", "content": "of the first step\n"}, {"run": sleep}]
    properties = {"steps": steps, "env": {"SLEEP_SECONDS": str(sleep_seconds)}, "historyLimit": 1}
    return {"image": {"type": "neev:index:GoldenImage", "properties": properties}}


def is_sleeping(project: PulumiProject) -> Callable[[], bool]:
    """Return the condition that the second step is running in the builder."""

    def is_running() -> bool:
        builders = out_of_band_request(project.emulator, "GET", "/sandboxes")["items"]
        running = [builder["id"] for builder in builders if builder["connect_url"]]
        return any(
            json.loads(read_in_sandbox(project.emulator, id, "begun", "files/exists"))["exists"] for id in running
        )

    return is_running


@pytest.mark.parametrize(("adapter", "machine"), [("plugin", False), ("plugin", True), ("dynamic", False)])
def test_a_killed_image_build_is_recovered_and_the_image_is_built_once(
    project: PulumiProject, adapter: str, *, machine: bool
) -> None:
    ADAPTERS[adapter](project, declare_slow_image(sleep_seconds=HOUR))
    kill_when(project, project.start_pulumi("up", "--yes", "--skip-preview"), is_sleeping(project), machine=machine)
    left = out_of_band_request(project.emulator, "GET", "/sandboxes")["items"]
    assert left or not machine

    done = project.run_neev(*RECOVER, "--json")
    assert done.returncode == 0, done.text
    assert read_actions(done) == {"GoldenImage image": "import" if left else "drop"}
    ADAPTERS[adapter](project, declare_slow_image(sleep_seconds=0))
    project.up()
    invariants.check_invariants(project, declare_slow_image(sleep_seconds=0))
    (builder,) = out_of_band_request(project.emulator, "GET", "/sandboxes")["items"]
    assert builder["id"] not in {item["id"] for item in left}
    assert project.up().changes == {}
    project.destroy()
    invariants.check_empty(project)


AUTOMATION = """
import os, sys
from pulumi import automation
import pulumi_neev as neev

SETTINGS = {"apiKey": "API_KEY", "orgId": "ORG_ID", "projectId": "PROJECT_ID", "baseUrl": "BASE_URL"}

def program():
    neev.Sandbox("box", paused=True)

stack = automation.create_or_select_stack(
    "prod", project_name="made", program=program, opts=automation.LocalWorkspaceOptions(work_dir=sys.argv[2])
)
for name, variable in SETTINGS.items():
    value = os.environ.pop(f"NEEV_{variable}")
    stack.set_config(f"neev:{name}", automation.ConfigValue(value, secret=name == "apiKey"))
done = getattr(stack, sys.argv[1])()
print(done.summary.resource_changes)
"""


def test_the_stack_of_an_automation_api_program_is_recovered_from_its_work_directory(
    project: PulumiProject, tmp_path: Path
) -> None:
    emulator = project.emulator
    project.env["PATH"] = f"{sys.prefix}/bin{os.pathsep}{project.env['PATH']}"
    work = tmp_path / "work"
    work.mkdir()

    def run(verb: str) -> subprocess.Popen[str]:
        return project.start_command([sys.executable, "-c", AUTOMATION, verb, str(work)])

    kill_when(project, run("up"), is_creating(project), machine=True)
    emulator.advance(HOUR)
    unset = dict.fromkeys(emulator.env, "")
    named = ("--stack", "organization/made/prod")
    away = project.run_neev("recover", *named, "--cwd", str(tmp_path), env=unset)
    assert away.returncode == 1, away.text
    assert "NEEV_API_KEY" in away.stderr
    shown = project.run_neev("recover", "--json", *named, "--cwd", str(tmp_path))
    assert (shown.returncode, read_actions(shown)) == (3, {"Sandbox box": "import"}), shown.text
    done = project.run_neev(*RECOVER, "--json", *named, "--cwd", str(work), env=unset)
    assert (done.returncode, read_actions(done)) == (0, {"Sandbox box": "import"}), done.text

    again = run("up")
    message = "".join(again.communicate())
    assert again.returncode == 0, message
    assert "'update': 1" in message
    assert emulator.counts()["POST /sandboxes"] == 1
    assert [item["phase"] for item in out_of_band_request(emulator, "GET", "/sandboxes")["items"]] == ["Paused"]
    last = run("destroy")
    assert (last.communicate(), last.returncode)[1] == 0
    assert emulator.state()["sandboxes"] == 0
