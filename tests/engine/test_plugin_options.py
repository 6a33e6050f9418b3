"""A stack's configuration and a resource's options, as the plugin receives them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.engine.project import PulumiProject

pytestmark = pytest.mark.engine

BOX = {"box": {"type": "neev:index:Sandbox", "properties": {}}}
HOOKED = """
import pulumi


def retry_twice(args: pulumi.ErrorHookArgs) -> bool:
    return len(args.errors) < 3


hook = pulumi.ErrorHook("retry", retry_twice)
pulumi.CustomResource(
    "neev:index:Sandbox",
    "box",
    {},
    pulumi.ResourceOptions(
        custom_timeouts=pulumi.CustomTimeouts(create="1s"), hooks=pulumi.ResourceHookBinding(on_error=[hook])
    ),
)
"""


def write_named_program(
    project: PulumiProject, mode: dict[str, Any] | None, properties: dict[str, Any] | None = None
) -> None:
    """Write a program of one sandbox, whose name is generated in this mode."""
    config = {} if mode is None else {"config": {"pulumi:autonaming": {"value": mode}}}
    project.write_yaml({"box": {"type": "neev:index:Sandbox", "properties": properties or {}}}, **config)


def test_autonaming_follows_the_configuration_and_keeps_the_names_of_existing_sandboxes(project: PulumiProject) -> None:
    def preview_name(mode: dict[str, Any] | None) -> str:
        write_named_program(project, mode)
        return str(project.preview().inputs("box")["name"])

    assert re.fullmatch("box-[0-9a-f]{7}", preview_name(None))
    assert preview_name({"mode": "verbatim"}) == "box"
    assert preview_name({"pattern": "${project}_${stack}_${name}"}) == "story-dev-box"
    assert re.fullmatch("b-box-[0-9a-f]{4}", preview_name({"pattern": "b-${name}-${hex(4)}", "enforce": True}))

    write_named_program(project, {"pattern": "My_${name}", "enforce": True})
    refused = project.run_pulumi("preview")
    assert refused.returncode != 0
    assert "property name" in refused.text
    assert "lowercase letters" in refused.text

    write_named_program(project, {"mode": "disabled"})
    refused = project.run_pulumi("preview")
    assert refused.returncode != 0
    assert "disables names that are made" in refused.text
    write_named_program(project, {"mode": "disabled"}, {"name": "mine"})
    assert project.preview().inputs("box")["name"] == "mine"

    write_named_program(project, {"mode": "verbatim"})
    project.up()
    write_named_program(project, {"mode": "disabled"})
    assert project.up().changes == {}
    write_named_program(project, {"pattern": "other-${name}"})
    assert project.up().changes == {}


def test_a_retry_by_an_error_hook_continues_the_create_of_the_same_sandbox(project: PulumiProject) -> None:
    emulator = project.emulator
    emulator.change_settings(durations={"create": 2.2})
    project.write_python(HOOKED)
    project.up()
    assert emulator.counts()["POST /sandboxes"] == 1
    assert (project.state_of("box") or {})["outputs"]["phase"] == "Ready"


def test_a_long_wait_is_reported_in_the_status_of_the_resource(project: PulumiProject) -> None:
    project.emulator.change_settings(durations={"create": 3})
    project.write_yaml(BOX)
    shown = project.run_pulumi("up", "--yes", "--skip-preview")
    assert shown.returncode == 0
    rows = [line for line in shown.stdout.splitlines() if "Pending" in line]
    assert rows, shown.stdout
    assert len(rows) <= 4


def test_ignore_changes_and_retain_on_delete_are_respected(project: PulumiProject) -> None:
    options = {"ignoreChanges": ["cpu"], "retainOnDelete": True}
    project.write_yaml({"box": {"type": "neev:index:Sandbox", "properties": {"cpu": 1}, "options": options}})
    project.up()
    project.write_yaml({"box": {"type": "neev:index:Sandbox", "properties": {"cpu": 2}, "options": options}})
    assert project.preview().changes == {}
    project.destroy()
    assert project.emulator.state()["sandboxes"] == 1
