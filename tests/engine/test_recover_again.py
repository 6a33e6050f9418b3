"""`pulumi-neev recover` where it was killed itself, after a build, and for the stack of an Automation API program."""

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
from tests.engine.adapters import FACES
from tests.engine.project import Pulumi, Result, command_line, inside, outside, until

pytestmark = pytest.mark.engine

HOUR = 3600
BOX: dict[str, Any] = {"box": {"type": "neev:index:Sandbox", "properties": {"paused": True}}}
RECOVER = ("recover", "--cancel", "--yes")


def killed(project: Pulumi, engine: subprocess.Popen[str], came: Callable[[], bool], *, machine: bool = False) -> None:
    """The engine is killed at its moment, on demand with everything else; what serves the resources is gone."""
    until(came)
    for process in project.processes() if machine else []:
        process.kill()
    engine.kill()
    engine.communicate()
    until(lambda: not any(map(is_plugin, project.processes())))


def creating(project: Pulumi) -> Callable[[], bool]:
    """Whether the platform has begun to make a sandbox, which takes it an hour."""
    project.emulator.change_settings(durations={"create": HOUR})
    return lambda: project.emulator.counts().get("POST /sandboxes") == 1


def steps(result: Result) -> dict[str, str]:
    return {each["resource"]: each["action"] for each in json.loads(result.stdout)["steps"]}


def importing(project: Pulumi) -> bool:
    """Whether a recovery's `pulumi stack import` runs."""
    return any({"stack", "import"} <= set(command_line(each)) for each in project.processes())


def test_a_recovery_that_is_killed_itself_changes_all_or_nothing_and_the_next_one_ends_it(project: Pulumi) -> None:
    emulator = project.emulator
    project.yaml(BOX)
    killed(project, project.start("up", "--yes", "--skip-preview"), creating(project))
    emulator.advance(HOUR)

    emulator.add_fault("hang", method="GET")
    at_a_request = project.start_neev(*RECOVER)
    killed(project, at_a_request, lambda: not emulator.control("GET", "faults"))
    assert at_a_request.returncode < 0
    assert project.state_of("box") is None
    assert len(project.export()["deployment"]["pending_operations"]) == 1

    with_all = project.start_neev(*RECOVER)
    killed(project, with_all, lambda: importing(project), machine=True)
    assert with_all.returncode < 0
    made = project.state_of("box")
    assert bool(made) != bool(project.export()["deployment"].get("pending_operations"))

    # the import that it had started goes on without it
    alone = project.start_neev(*RECOVER)
    killed(project, alone, lambda: importing(project) or alone.poll() is not None)
    until(lambda: not importing(project))

    done = project.neev(*RECOVER)
    assert done.returncode == 0, done.text
    assert (project.state_of("box") or {})["id"] == outside(emulator, "GET", "/sandboxes")["items"][0]["id"]
    project.up()
    invariants.agree(project, BOX)
    assert emulator.counts()["POST /sandboxes"] == 1


def image(nap: int) -> dict[str, Any]:
    """An image whose second step takes so many seconds; how many is no part of its recipe."""
    naps = ["sh", "-c", "touch begun; sleep $NAP"]
    steps = [{"path": "note", "content": "of the first step\n"}, {"run": naps}]
    properties = {"steps": steps, "env": {"NAP": str(nap)}, "keep": 1}
    return {"image": {"type": "neev:index:GoldenImage", "properties": properties}}


def napping(project: Pulumi) -> Callable[[], bool]:
    """Whether the second step is under way in the builder."""

    def begun() -> bool:
        builders = outside(project.emulator, "GET", "/sandboxes")["items"]
        awake = [each["id"] for each in builders if each["connect_url"]]
        return any(json.loads(inside(project.emulator, id, "begun", "files/exists"))["exists"] for id in awake)

    return begun


@pytest.mark.parametrize(("face", "machine"), [("plugin", False), ("plugin", True), ("dynamic", False)])
def test_an_image_whose_build_was_killed_is_built_once(project: Pulumi, face: str, *, machine: bool) -> None:
    FACES[face](project, image(nap=HOUR))
    killed(project, project.start("up", "--yes", "--skip-preview"), napping(project), machine=machine)
    left = outside(project.emulator, "GET", "/sandboxes")["items"]
    assert left or not machine

    done = project.neev(*RECOVER, "--json")
    assert done.returncode == 0, done.text
    assert steps(done) == {"GoldenImage image": "import" if left else "drop"}
    FACES[face](project, image(nap=0))
    project.up()
    invariants.agree(project, image(nap=0))
    (builder,) = outside(project.emulator, "GET", "/sandboxes")["items"]
    assert builder["id"] not in {each["id"] for each in left}
    assert project.up().changes == {}
    project.destroy()
    invariants.empty(project)


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
    project: Pulumi, tmp_path: Path
) -> None:
    emulator = project.emulator
    project.env["PATH"] = f"{sys.prefix}/bin{os.pathsep}{project.env['PATH']}"
    work = tmp_path / "work"
    work.mkdir()

    def run(verb: str) -> subprocess.Popen[str]:
        return project.start_any([sys.executable, "-c", AUTOMATION, verb, str(work)])

    killed(project, run("up"), creating(project), machine=True)
    emulator.advance(HOUR)
    unset = dict.fromkeys(emulator.env, "")
    named = ("--stack", "organization/made/prod")
    away = project.neev("recover", *named, "--cwd", str(tmp_path), env=unset)
    assert away.returncode == 1, away.text
    assert "NEEV_API_KEY" in away.stderr
    shown = project.neev("recover", "--json", *named, "--cwd", str(tmp_path))
    assert (shown.returncode, steps(shown)) == (3, {"Sandbox box": "import"}), shown.text
    done = project.neev(*RECOVER, "--json", *named, "--cwd", str(work), env=unset)
    assert (done.returncode, steps(done)) == (0, {"Sandbox box": "import"}), done.text

    again = run("up")
    said = "".join(again.communicate())
    assert again.returncode == 0, said
    assert "'update': 1" in said
    assert emulator.counts()["POST /sandboxes"] == 1
    assert [each["phase"] for each in outside(emulator, "GET", "/sandboxes")["items"]] == ["Paused"]
    last = run("destroy")
    assert (last.communicate(), last.returncode)[1] == 0
    assert emulator.state()["sandboxes"] == 0
