"""Everything that is published has one version: that of pyproject.toml."""

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from tools.version import ROOT, find_mentions, find_unknown_mentions, read_version

from neev_provider.adapters.pulumi.plugin.servicer import schema_json

COMMANDS = ("pulumi-neev", "pulumi-resource-neev", "terraform-provider-neev", "neev-emulator")


def test_every_file_names_the_same_version() -> None:
    found = set(find_mentions(ROOT))
    assert {name for name, number in found if number != read_version()} == set(), "run `make version NEW=…`"
    assert {"pyproject.toml", "emulator/pyproject.toml", "uv.lock", "examples/go/go.mod"} <= {name for name, _ in found}


def test_make_version_writes_every_mention() -> None:
    """Add a new form to `FORMS`, and a line with an unrelated equal number to `BY_CHANCE`."""
    assert list(find_unknown_mentions(ROOT)) == []


@pytest.mark.parametrize("package", ["pulumi-neev", "neev-emulator"])
def test_the_installed_packages_have_the_project_version(package: str) -> None:
    assert version(package) == read_version()


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_print_the_project_version(command: str) -> None:
    program = Path(sys.executable).with_name(command)
    printed = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == read_version()


def test_the_schema_of_the_plugin_has_the_project_version() -> None:
    assert json.loads(schema_json())["version"] == read_version()


def test_the_emulators_package_has_the_licence_of_the_project() -> None:
    assert (ROOT / "emulator" / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
