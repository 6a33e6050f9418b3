"""Each engine on PATH installs the built archives and starts the programs in them, on every operating system."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tools.version import read_version

HOSTS = {"terraform": "registry.terraform.io", "tofu": "registry.opentofu.org"}
VERSION = read_version()

pytestmark = pytest.mark.engine


def run_engine(name: str, folder: Path, *arguments: str) -> str:
    """Run the engine in the folder, without settings of the machine, and return its output."""
    program = shutil.which(name)
    if program is None:
        pytest.skip(f"{name} is not on PATH")
    (folder / "empty.tfrc").touch()
    settings = {
        "PULUMI_HOME": str(folder / "home"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "TF_CLI_CONFIG_FILE": str(folder / "empty.tfrc"),
        "CHECKPOINT_DISABLE": "true",
    }
    done = subprocess.run(
        [program, *arguments], cwd=folder, env={**os.environ, **settings}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_pulumi_installs_and_starts_the_plugin(plugin: Path, tmp_path: Path) -> None:
    """The engine reads the schema from the running plugin."""
    run_engine("pulumi", tmp_path, "plugin", "install", "resource", "neev", VERSION, "--file", str(plugin))
    schema = json.loads(run_engine("pulumi", tmp_path, "package", "get-schema", f"neev@{VERSION}"))
    assert (schema["name"], schema["version"]) == ("neev", VERSION)


@pytest.mark.parametrize("name", HOSTS)
def test_terraform_installs_and_starts_the_provider(provider: Path, tmp_path: Path, name: str) -> None:
    """The mirror has the archive as a release has it, and the engine reads the schema from the running provider."""
    mirror = tmp_path / "mirror"
    packed = mirror / HOSTS[name] / "neevcloud" / "neev"
    packed.mkdir(parents=True)
    shutil.copy(provider, packed)
    requirement = f'neev = {{\n source = "neevcloud/neev"\n version = "{VERSION}"\n}}'
    (tmp_path / "main.tf").write_text(f"terraform {{\n required_providers {{\n {requirement}\n}}\n}}\n")
    run_engine(name, tmp_path, "init", f"-plugin-dir={mirror}")
    schemas = json.loads(run_engine(name, tmp_path, "providers", "schema", "-json"))["provider_schemas"]
    assert "neev_sandbox" in schemas[f"{HOSTS[name]}/neevcloud/neev"]["resource_schemas"]
