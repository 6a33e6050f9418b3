"""A provider that listens on a TCP port, as on Windows."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.engine.project import wait_until
from tests.engine.terraform.project import TerraformProject

from neev_emulator import Emulator

pytestmark = pytest.mark.engine

PROVIDER = f"""\
#!{sys.executable}
import asyncio, os, sys
from neev_provider.adapters.terraform.command_line import parse_command_line
from neev_provider.adapters.terraform.listener import Network
from neev_provider.adapters.terraform.server import serve
with open(__file__ + ".starts", "a") as starts:
    starts.write("started\\n")
asyncio.run(serve(parse_command_line(sys.argv[1:], os.environ), network=Network.TCP))
"""


@pytest.fixture
def providers(tmp_path: Path) -> Path:
    """Return a folder with a provider that listens on a TCP port."""
    folder = tmp_path / "providers"
    folder.mkdir()
    program = folder / "terraform-provider-neev"
    program.write_text(PROVIDER)
    program.chmod(0o755)
    return folder


@pytest.fixture
def port_project(tmp_path: Path, executable: Path, emulator: Emulator, providers: Path) -> Iterator[TerraformProject]:
    """Yield a project whose engine starts that provider."""
    project = TerraformProject(tmp_path, executable, emulator, providers)
    yield project
    for process in project.list_processes():
        process.kill()


def test_an_engine_connects_to_a_provider_that_listens_on_a_tcp_port(
    port_project: TerraformProject, providers: Path
) -> None:
    project = port_project
    project.write('resource "neev_sandbox" "box" {\n  name = "box"\n}\n')
    assert project.apply().changes == {"neev_sandbox.box": "create"}
    assert project.plan().returncode == 0
    project.destroy()
    assert project.emulator.state()["sandboxes"] == 0
    assert (providers / "terraform-provider-neev.starts").read_text().splitlines()
    wait_until(lambda: not project.list_processes())
