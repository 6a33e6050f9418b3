"""The built Python packages, installed into clean environments of every supported Python that is on the machine."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from tools.dist.commands import UV
from tools.dist.layout import DIST
from tools.version import read_version

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
COMMANDS = ("pulumi-neev", "pulumi-resource-neev", "terraform-provider-neev")
FOREIGN_PREFIXES = ("PULUMI_", "NEEV", "VIRTUAL_ENV", "PYTHON")
PROGRAM = """
import pulumi
import pulumi_neev as neev

box = neev.Sandbox("box", cpu=1)
pulumi.export("phase", box.phase)
"""

pytestmark = pytest.mark.engine


def run(folder: Path, *command: str | Path, env: Mapping[str, str] | None = None) -> str:
    """Run the command, which has to succeed, and return its output."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN_PREFIXES)}
    done = subprocess.run(
        [*map(str, command)], cwd=folder, env={**inherited, **(env or {})}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(params=PYTHONS)
def environment(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return an environment of this version of Python, without packages but pip."""
    created = subprocess.run(
        [*UV, "venv", "--quiet", "--seed", "--no-python-downloads", "--python", request.param, tmp_path / "venv"],
        capture_output=True,
        text=True,
        check=False,
    )
    if created.returncode:
        pytest.skip(f"Python {request.param} is not installed")
    return tmp_path / "venv"


def install(environment: Path, extra: str = "") -> None:
    """Install the built package, with all that it needs."""
    wheel = next((DIST / "python").glob("pulumi_neev-*.whl"))
    options = ("--quiet", "--python", environment, "--find-links", wheel.parent)
    run(environment, *UV, "pip", "install", *options, f"pulumi-neev{extra} @ {wheel.as_uri()}")


def test_the_package_without_extras_has_its_commands_without_the_emulator(environment: Path) -> None:
    install(environment)
    printed = {name: run(environment, environment / "bin" / name, "--version").strip() for name in COMMANDS}
    assert printed == dict.fromkeys(COMMANDS, read_version())
    assert not (environment / "bin" / "neev-emulator").exists()
    run(environment, environment / "bin" / "python", "-m", "pip", "check")


def test_a_program_creates_a_sandbox_with_the_emulator_extra(environment: Path, tmp_path: Path, pulumi_bin: Path) -> None:
    install(environment, "[emulator]")
    emulator = environment / "bin" / "neev-emulator"
    assert run(environment, emulator, "--version").strip() == read_version()
    (tmp_path / "state").mkdir()
    project = tmp_path / "project"
    project.mkdir()
    (project / "__main__.py").write_text(PROGRAM)
    runtime = {"name": "python", "options": {"toolchain": "pip", "virtualenv": str(environment)}}
    (project / "Pulumi.yaml").write_text(yaml.safe_dump({"name": "story", "runtime": runtime}))
    env = {
        "PATH": f"{pulumi_bin}{os.pathsep}{os.environ['PATH']}",
        "PULUMI_HOME": str(tmp_path / "home"),
        "PULUMI_BACKEND_URL": f"file://{tmp_path / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "of a test",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }
    run(project, "pulumi", "stack", "init", "dev", env=env)
    run(project, emulator, "--", "pulumi", "up", "--yes", "--skip-preview", "--non-interactive", env=env)
    assert run(project, "pulumi", "stack", "output", "phase", env=env).strip() == "Ready"
