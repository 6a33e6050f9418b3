"""The fleet of agents: created, queried, recreated elsewhere with the same bytes, scaled, and destroyed."""

from __future__ import annotations

import json
import shutil
import socket
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
import yaml
from tests.engine.project import PulumiProject, find_free_port, out_of_band_request, read_in_sandbox
from tests.engine.sdks import ROOT

from neev_emulator import serve

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]

EXAMPLE = ROOT / "examples" / "agent-fleet"
REPLICAS = 20
PORT_STEP = 2
"""Linux gives servers ports of one parity, and outgoing connections those of the other, while there are any."""


def test_a_recreated_fleet_has_workspaces_with_the_same_digest(
    project: PulumiProject, tmp_path: Path, pulumi_bin: Path
) -> None:
    fleet, emulator = write_example(project), project.emulator
    fleet.up("--parallel", "64")
    first = read_workspace_digests(fleet)
    assert len(first) == 1
    unchanged = fleet.up()
    assert (unchanged.changes, unchanged.warnings) == ({}, [])
    member = out_of_band_request(emulator, "GET", "/sandboxes?name=agents&limit=1")["items"][0]["id"]
    assert read_in_sandbox(emulator, member, "agent/agent.py") == (EXAMPLE / "agent" / "agent.py").read_bytes()

    fleet.set_config("replicas", "18")
    assert set(fleet.up().changes.values()) == {"update", "delete"}
    assert fleet.outputs()["ready"] == 18
    fleet.destroy("--parallel", "64")
    assert (emulator.state()["sandboxes"], emulator.state()["snapshots"]) == (0, 0)

    (tmp_path / "another").mkdir()
    with serve() as elsewhere:
        again = write_example(PulumiProject(tmp_path / "another", pulumi_bin, elsewhere))
        again.up("--parallel", "64")
        assert read_workspace_digests(again) == first
        again.destroy("--parallel", "64")


def write_example(project: PulumiProject) -> PulumiProject:
    """Write the example as the project. Its agents listen on free ports."""
    shutil.copytree(EXAMPLE, project.directory, dirs_exist_ok=True, ignore=shutil.ignore_patterns("Pulumi.yaml"))
    runtime = {"name": "python", "options": {"toolchain": "pip", "virtualenv": sys.prefix}}
    project.write_project({**yaml.safe_load((EXAMPLE / "Pulumi.yaml").read_text()), "runtime": runtime})
    project.set_config("port", str(find_free_ports(REPLICAS)))
    project.set_config("portStep", str(PORT_STEP))
    return project


def find_free_ports(number: int) -> int:
    """Return the first of this number of ports, `PORT_STEP` apart, that nothing listens on. The system chooses it."""
    while True:
        first = find_free_port()
        with ExitStack() as stack, suppress(OSError, OverflowError):
            for index in range(number):
                stack.enter_context(socket.socket()).bind(("", first + index * PORT_STEP))
            return first


def query_agent(url: str) -> dict[str, Any]:
    """Return an agent's response."""
    with urlopen(f"{url}?q=fork") as answer:
        message: dict[str, Any] = json.loads(answer.read())
    return message


def read_workspace_digests(project: PulumiProject) -> set[str]:
    """Return the digests of the workspaces of all agents, each of which responds."""
    urls = project.outputs()["urls"]
    assert len(urls) == len(set(urls)) == REPLICAS
    message = [query_agent(url) for url in urls]
    assert {item["answer"] for item in message} == {"A sandbox that begins as another is."}
    return {item["workspace"] for item in message}
