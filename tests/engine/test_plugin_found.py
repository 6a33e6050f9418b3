"""The ways in which the engine finds the plugin."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
from tests.engine.project import PulumiProject

pytestmark = pytest.mark.engine
CHECKOUT = Path(__file__).parents[2]


def test_the_engine_finds_the_plugin_on_path(project: PulumiProject) -> None:
    project.env["PATH"] += f"{os.pathsep}{sys.prefix}/bin"
    box = {"type": "neev:index:Sandbox", "properties": {"name": "box"}}
    project.write_project({"runtime": "yaml", "resources": {"box": box}, "plugins": {}})
    assert project.preview().changes == {"box": "create"}


def test_the_engine_finds_an_installed_plugin_without_a_warning(project: PulumiProject) -> None:
    # as in a shell without an active virtual environment
    project.env["PATH"] = os.pathsep.join([project.env["PATH"].partition(os.pathsep)[0], "/usr/bin", "/bin"])
    project.run_neev("plugin", "install").require_success()
    box = {"type": "neev:index:Sandbox", "properties": {"name": "box"}}
    project.write_project({"runtime": "yaml", "resources": {"box": box}, "plugins": {}})
    result = project.run_pulumi("up", "--yes", "--skip-preview").require_success()
    assert "+ 2 created" in result.text
    assert "warning" not in result.text
    # an active environment would be preferred, with a warning
    project.env["PATH"] += f"{os.pathsep}{sys.prefix}/bin"
    assert "from $PATH" in project.run_pulumi("preview").require_success().text
    silent = project.run_pulumi("preview", env={"PULUMI_IGNORE_AMBIENT_PLUGINS": "true"}).require_success()
    assert "from $PATH" not in silent.text
    project.destroy()


def test_the_engine_reports_missing_configuration_keys(project: PulumiProject) -> None:
    for name in project.emulator.env:
        del project.env[name]
    project.write_yaml({"box": {"type": "neev:index:Sandbox", "properties": {}}})
    project.set_config("neev:orgId", "org")
    result = project.run_pulumi("preview")
    assert result.returncode != 0
    assert 'missing required configuration key "neev:apiKey"' in result.text
    assert "neev:projectId" in result.text
    assert "neev:orgId" not in result.text


def test_the_plugin_receives_the_stack_configuration_and_the_api_key_is_encrypted(project: PulumiProject) -> None:
    emulator = project.emulator
    for name in emulator.env:
        del project.env[name]
    project.write_yaml({"box": {"type": "neev:index:Sandbox", "properties": {}}})
    project.set_config("neev:apiKey", emulator.api_key, "--secret")
    project.set_config("neev:orgId", emulator.org_id)
    project.set_config("neev:projectId", emulator.project_id)
    project.set_config("neev:baseUrl", emulator.base_url)
    project.set_config("neev:allowInsecure", "false")
    assert project.up().changes == {"box": "create"}
    assert emulator.api_key not in str(project.export())
    project.destroy()
    assert emulator.state()["sandboxes"] == 0


def test_pulumi_package_add_installs_the_plugin_from_source(
    project: PulumiProject, pulumi_bin: Path, tmp_path: Path
) -> None:
    if (pulumi_bin / "pulumi-language-python-host").exists():
        pytest.skip("the Python host that `make engine` builds runs no plugins")
    checkout = tmp_path / "checkout"
    shutil.copytree(CHECKOUT, checkout, ignore=shutil.ignore_patterns(".*", "venv", "sdks", "tests", "__pycache__"))
    project.write_project({"runtime": "yaml", "resources": {"box": {"type": "neev:index:Sandbox"}}, "plugins": {}})
    added = project.run_pulumi("package", "add", str(checkout / "plugin"))
    assert added.returncode == 0, added.text
    # the installation stays in the folder and out of the environment of the checkout
    assert (checkout / "plugin" / "venv").is_dir()
    assert not (checkout / ".venv").exists()
    assert project.up().changes == {"box": "create"}
    project.destroy()
