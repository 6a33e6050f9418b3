"""An engine, an emulator and a project for each test that drives them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.engine.project import Pulumi

from pulumi_neev.emulator.serve import Emulator, serve

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def engine() -> Path:
    """The directory of a `pulumi` and its language hosts."""
    script = ROOT / "tools" / "engine" / "engine.py"
    found = subprocess.run([sys.executable, str(script)], check=True, stdout=subprocess.PIPE, text=True)
    return Path(found.stdout.strip().splitlines()[-1])


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """An empty platform, used by nobody else."""
    with serve() as running:
        yield running


@pytest.fixture
def project(tmp_path: Path, engine: Path, emulator: Emulator) -> Iterator[Pulumi]:
    """A project without a program yet; give it one with `yaml`, `python` or `write`."""
    project = Pulumi(tmp_path, engine, emulator)
    yield project
    # language hosts outlive an engine that was killed
    for process in project.processes():
        process.kill()
