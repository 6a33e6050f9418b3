"""The ways in which an engine finds the plugin."""

from __future__ import annotations

import os
import sys

import pytest
from tests.engine.project import Pulumi

pytestmark = pytest.mark.engine


def test_a_plugin_on_path_serves(project: Pulumi) -> None:
    project.env["PATH"] += f"{os.pathsep}{sys.prefix}/bin"
    box = {"type": "neev:index:Sandbox", "properties": {"name": "box"}}
    project.write({"runtime": "yaml", "resources": {"box": box}, "plugins": {}})
    assert project.preview().changes == {"box": "create"}


def test_the_engine_asks_for_a_key_that_is_missing(project: Pulumi) -> None:
    for name in project.emulator.env:
        del project.env[name]
    project.yaml({"box": {"type": "neev:index:Sandbox", "properties": {}}})
    project.config("neev:orgId", "org")
    result = project.pulumi("preview")
    assert result.returncode != 0
    assert 'missing required configuration key "neev:apiKey"' in result.text
    assert "neev:projectId" in result.text
    assert "neev:orgId" not in result.text


def test_the_stacks_configuration_reaches_the_plugin_and_its_key_stays_secret(project: Pulumi) -> None:
    emulator = project.emulator
    for name in emulator.env:
        del project.env[name]
    project.yaml({"box": {"type": "neev:index:Sandbox", "properties": {}}})
    project.config("neev:apiKey", emulator.api_key, "--secret")
    project.config("neev:orgId", emulator.org_id)
    project.config("neev:projectId", emulator.project_id)
    project.config("neev:baseUrl", emulator.base_url)
    project.config("neev:allowInsecure", "false")
    assert project.up().changes == {"box": "create"}
    assert emulator.api_key not in str(project.export())
    project.destroy()
    assert emulator.state()["sandboxes"] == 0
