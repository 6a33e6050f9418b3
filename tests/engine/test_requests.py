"""The number of requests of the engine's commands on a large stack, as the benchmark measures it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.engine.project import PulumiProject

pytestmark = pytest.mark.engine

MANY = 120
BENCH = Path(__file__).parents[2] / "bench" / "run.py"


def test_an_unchanged_update_sends_no_request_and_a_refresh_lists_the_sandboxes(project: PulumiProject) -> None:
    emulator = project.emulator
    project.write_yaml({f"box-{number}": {"type": "neev:index:Sandbox"} for number in range(MANY)})
    project.up("-p", "512")
    assert emulator.counts()["POST /sandboxes"] == MANY
    emulator.clear_log()
    assert project.up("-p", "512").changes == {}
    assert emulator.counts() == {}
    project.refresh("-p", "512")
    # an item that the engine asks for alone, before or after the others, takes one request either way
    assert emulator.counts()["GET /sandboxes"] >= 1
    assert sum(emulator.counts().values()) <= 10


def test_the_benchmark_reports_its_measurements(pulumi_bin: Path) -> None:
    command = [sys.executable, str(BENCH), "--quick", "--case", "null plugin", "plugin", "asyncio script"]
    environment = {**os.environ, "PULUMI_NEEV_ENGINE": str(pulumi_bin.parent)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = {
        cells[3].strip(): cells for cells in (line.split("|") for line in done.stdout.splitlines()) if len(cells) > 4
    }
    assert {"null plugin", "plugin", "asyncio script"} <= set(rows)
    requests = rows["plugin"][-2].split(",")
    assert requests[1].strip() == "0"
