"""Files and commands in a sandbox on the real engine: through the plugin and through dynamic resources."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.engine.project import PulumiProject

pytestmark = pytest.mark.engine

SECRET = "hunter2-in-the-environment"
EXEC = "POST /v1/exec"


def count_runs(project: PulumiProject) -> int:
    """Return how many commands ran since the last call."""
    number = project.emulator.counts().get(EXEC, 0)
    project.emulator.clear_log()
    return number


def declare_stack(script: str, **more: Any) -> dict[str, Any]:
    command = {
        "sandboxId": "${box.id}",
        "create": ["sh", "-c", script],
        "update": ["sh", "-c", f"echo updated; {script}"],
        "delete": ["touch", "deleted"],
        "env": {"TOKEN": SECRET},
        **more,
    }
    return {
        "box": {"type": "neev:index:Sandbox", "properties": {"paused": True}},
        "tool": {"type": "neev:index:Command", "properties": command},
    }


OUTPUTS = {"stdout": "${tool.stdout}", "exitCode": "${tool.exitCode}"}


def test_a_command_runs_once_for_each_change_of_its_inputs(project: PulumiProject) -> None:
    project.write_yaml(declare_stack("echo token $TOKEN >&2; echo one"), outputs=OUTPUTS)
    assert project.preview().changes == {"box": "create", "tool": "create"}
    up = project.run_pulumi("up", "--yes", "--skip-preview")
    assert up.returncode == 0, up.text
    assert "token [secret]" in up.text
    assert project.outputs() == {"stdout": "one\n", "exitCode": 0}
    assert count_runs(project) == 1
    assert project.up().changes == {}
    assert project.refresh().changes == {}
    assert count_runs(project) == 0

    project.write_yaml(declare_stack("echo two"), outputs=OUTPUTS)
    assert project.up().changes == {"tool": "update"}
    assert project.outputs()["stdout"] == "updated\ntwo\n"
    box = project.state_of("box")
    assert box is not None
    assert box["outputs"]["phase"] == "Paused"
    assert count_runs(project) == 1

    project.write_yaml(declare_stack("echo three; false", triggers=[1]), outputs=OUTPUTS)
    failed = project.run_pulumi("up", "--yes", "--skip-preview")
    assert failed.returncode != 0
    assert "sh ended with exit code 1" in failed.text
    assert "three" in failed.text
    project.write_yaml(declare_stack("echo three", triggers=[1]), outputs=OUTPUTS)
    project.up()
    assert project.outputs()["stdout"] == "three\n"
    project.destroy()
    assert project.emulator.state()["sandboxes"] == 0


def test_a_command_with_an_unknown_outcome_is_not_retried_until_its_triggers_change(project: PulumiProject) -> None:
    emulator = project.emulator
    box = {"box": declare_stack("")["box"]}
    project.write_yaml(box)
    project.up()
    command = {"sandboxId": "${box.id}", "create": ["sh", "-c", "echo x >> runs; cat runs"]}

    def declare_tool(**more: Any) -> dict[str, Any]:
        return {**box, "tool": {"type": "neev:index:Command", "properties": {**command, **more}}}

    emulator.clear_log()
    emulator.inject("reset_after", method="POST", path="/v1/exec")
    project.write_yaml(declare_tool())
    first = project.run_pulumi("up", "--yes", "--skip-preview")
    assert first.returncode != 0
    assert "connection was lost" in first.text
    assert "triggers" in first.text
    for arguments in (("up",), ("refresh",), ("up", "--refresh")):
        again = project.run_pulumi(*arguments, "--yes", "--skip-preview")
        assert arguments == ("refresh",) or again.returncode != 0
        assert "unknown" in again.text or "Nobody knows" in again.text
    assert count_runs(project) == 1

    project.write_yaml(declare_tool(triggers=["again"]), outputs=OUTPUTS)
    assert project.up().changes == {"tool": "replace"}
    assert project.outputs()["stdout"] == "x\nx\n"
    assert count_runs(project) == 1
    assert SECRET not in json.dumps(project.export())
    project.destroy()


def declare_script(content: str, **more: Any) -> dict[str, Any]:
    where = {"sandboxId": "${box.id}", "path": "bin/hello"}
    return {
        "box": {"type": "neev:index:Sandbox"},
        "script": {"type": "neev:index:File", "properties": {**where, "content": content, "mode": "0755", **more}},
        "run": {
            "type": "neev:index:Command",
            "properties": {
                "sandboxId": "${box.id}",
                "create": ["./bin/hello"],
                "triggers": ["${script.sha256}"],
            },
        },
    }


def test_a_changed_file_is_updated_and_the_command_that_it_triggers_is_replaced(project: PulumiProject) -> None:
    outputs = {"stdout": "${run.stdout}", "size": "${script.sizeBytes}"}
    project.write_yaml(declare_script("#!/bin/sh\necho one\n"), outputs=outputs)
    project.up()
    assert project.outputs() == {"stdout": "one\n", "size": 19}
    assert project.up().changes == {}
    assert project.refresh().changes == {}
    project.write_yaml(declare_script("#!/bin/sh\necho two\n"), outputs=outputs)
    assert project.up().changes == {"script": "update", "run": "replace"}
    assert project.outputs()["stdout"] == "two\n"
    state = project.state_of("script")
    assert state is not None
    assert "content" not in state["outputs"]
    project.destroy()
    assert project.emulator.state()["sandboxes"] == 0


FILE_PROGRAM = """
import pulumi
import pulumi_neev as neev

box = neev.Sandbox("box")
script = neev.File("script", sandbox_id=box.id, path="hello", content="echo {}")
run = neev.Command("run", sandbox_id=box.id, create=["sh", "hello"], triggers=[script.sha256])
pulumi.export("stdout", run.stdout)
"""


def test_a_changed_dynamic_file_is_updated_and_the_command_that_it_triggers_is_replaced(project: PulumiProject) -> None:
    project.write_python(FILE_PROGRAM.format("one"))
    project.up()
    assert project.outputs() == {"stdout": "one\n"}
    assert project.up().changes == {}
    project.refresh()
    assert project.up().changes == {}
    project.write_python(FILE_PROGRAM.format("two"))
    assert project.up().changes == {"script": "update", "run": "replace"}
    assert project.outputs() == {"stdout": "two\n"}
    project.destroy()


PROGRAM = f"""
import pulumi
import pulumi_neev as neev

box = neev.Sandbox("box")
tool = neev.Command("tool", sandbox_id=box.id, create=["sh", "-c", "echo {{0}} $TOKEN"],
    env={{{{"TOKEN": "{SECRET}"}}}}, secret_output=True, {{1}})
pulumi.export("stdout", tool.stdout)
"""


def test_a_dynamic_command_runs_once_for_each_change_of_its_inputs(project: PulumiProject) -> None:
    project.write_python(PROGRAM.format("one", ""))
    project.up()
    assert project.outputs() == {"stdout": f"one {SECRET}\n"}
    assert SECRET not in json.dumps(project.export())
    assert count_runs(project) == 1
    assert project.up().changes == {}
    assert project.refresh().changes == {}
    assert count_runs(project) == 0

    project.write_python(PROGRAM.format("two", ""))
    assert project.up().changes == {"tool": "replace"}
    project.write_python(PROGRAM.format("two", "update=['echo', 'changed'], delete=['true']"))
    assert project.up().changes == {"tool": "update"}
    assert count_runs(project) == 1
    project.write_python(PROGRAM.format("three", "update=['echo', 'changed'], delete=['true']"))
    assert project.up().changes == {"tool": "update"}
    assert project.outputs()["stdout"] == "changed\n"
    project.destroy()
    assert count_runs(project) == 2
