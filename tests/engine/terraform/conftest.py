"""An engine of each kind, and a configuration for each test that applies it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.engine.terraform.project import TerraformProject
from tests.engine.terraform.server import ServerLoop
from tools.engine.engine import ROOT
from tools.engine.terraform import find_all

from neev_emulator import Emulator


@pytest.fixture(scope="session")
def engines() -> dict[str, Path]:
    """Return the executable of OpenTofu, and that of Terraform if it is installed."""
    return dict(zip(("tofu", "terraform"), find_all(os.environ, ROOT), strict=False))


@pytest.fixture(params=["tofu", "terraform"])
def executable(request: pytest.FixtureRequest, engines: dict[str, Path]) -> Path:
    """Return an engine: each test runs with both."""
    if request.param not in engines:
        pytest.skip("Terraform from version 1.11 is not on PATH")
    return engines[request.param]


@pytest.fixture(scope="session")
def server_loop() -> Iterator[ServerLoop]:
    """Yield the loop of all servers."""
    loop = ServerLoop()
    yield loop
    loop.close()


@pytest.fixture
def process_project(tmp_path: Path, executable: Path, emulator: Emulator) -> Iterator[TerraformProject]:
    """Yield a project whose engine starts the provider as a process, several for each command."""
    project = TerraformProject(tmp_path, executable, emulator)
    yield project
    # providers outlive an engine that was killed
    for process in project.list_processes():
        process.kill()


@pytest.fixture
def project(process_project: TerraformProject, server_loop: ServerLoop) -> Iterator[TerraformProject]:
    """Yield a project whose provider is in the process of the tests, which is faster by seconds for each command."""
    with server_loop.serve(process_project.env, process_project.directory) as variable:
        process_project.env |= variable
        yield process_project
