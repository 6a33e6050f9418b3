"""A provider that `terraform-provider-neev install` installed, with either engine and no CLI configuration."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.engine.terraform.project import TerraformProject

pytestmark = pytest.mark.engine

CONFIGURATION = 'resource "neev_sandbox" "box" {\n  idle_timeout_seconds = 900\n}\n'


class Machine:
    """A home and a virtual environment, both at paths of this machine only."""

    def __init__(self, directory: Path) -> None:
        self.environment = directory / "environment"
        directory.mkdir()
        self.environment.symlink_to(sys.prefix)
        own = {"HOME": str(directory), "PATH": f"{self.environment / 'bin'}{os.pathsep}{os.environ['PATH']}"}
        self.env = {**own, "TF_CLI_CONFIG_FILE": os.devnull}

    def install(self) -> None:
        """Install the provider."""
        program = self.environment / "bin" / "terraform-provider-neev"
        subprocess.run([program, "install"], env={**os.environ, **self.env}, check=True)


def test_two_machines_share_a_lock_file(process_project: TerraformProject, tmp_path: Path) -> None:
    first, second = Machine(tmp_path / "first"), Machine(tmp_path / "second")
    first.install()
    second.install()
    process_project.write(CONFIGURATION)
    process_project.env |= first.env
    process_project.run("init").require_success()
    lock = process_project.directory / ".terraform.lock.hcl"
    locked = lock.read_text()
    assert locked.count('"h1:') == 1
    process_project.env |= second.env
    shutil.rmtree(process_project.directory / ".terraform")
    # it installs nothing that is not in the lock file
    process_project.run("init", "-lockfile=readonly").require_success()
    assert lock.read_text() == locked
    assert process_project.apply().changes == {"neev_sandbox.box": "create"}
    assert process_project.plan().returncode == 0
    process_project.destroy()


def test_a_plan_fails_with_a_hint_if_the_provider_is_not_on_path(
    process_project: TerraformProject, tmp_path: Path
) -> None:
    machine = Machine(tmp_path / "machine")
    machine.install()
    process_project.write(CONFIGURATION)
    process_project.env |= machine.env
    process_project.run("init").require_success()
    paths = process_project.env["PATH"].split(os.pathsep)
    process_project.env["PATH"] = os.pathsep.join(
        path for path in paths if not (Path(path) / "terraform-provider-neev").exists()
    )
    failed = process_project.run("plan", "-no-color")
    assert failed.returncode == 1
    assert "terraform-provider-neev is not on PATH: activate the Python" in " ".join(failed.text.split())
