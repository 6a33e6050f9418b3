"""The rehearsal of `make acceptance`: the tool as a process, against an emulator in the place of the real service."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from tests.engine.programs.differing_emulator import INJECTED, serve_differing_emulator
from tests.engine.project import read_command_line
from tools.acceptance.engines import RUN_VARIABLE
from tools.acceptance.report import TOPICS

from neev_emulator import Emulator

# the engine has to be installed before the tool searches for it
pytestmark = [pytest.mark.engine, pytest.mark.timeout(900), pytest.mark.usefixtures("pulumi_bin")]
ROOT = Path(__file__).parents[3]
COMMAND_SECONDS = 800
POLL_SECONDS = 0.05
MID_SCENARIO_SANDBOXES = 3
TOPIC_NAMES = {title: topic for topic, title in TOPICS.items()}


@contextmanager
def start_acceptance(env: Mapping[str, str], report: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Start the tool for the account of these variables; kill it at the end of the block."""
    command = [sys.executable, "-m", "tools.acceptance", "--yes", "--report", str(report), *arguments]
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **env}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def read_differences(report: str) -> list[str]:
    """Return the differences of the report, each with its topic."""
    section = re.search(r"\n## Differences\n(.*?)\n## ", report, re.DOTALL)
    assert section
    found: list[str] = []
    for line in section[1].splitlines():
        if line.startswith("### "):
            topic = TOPIC_NAMES[line.removeprefix("### ")]
        elif line.startswith("- "):
            found.append(f"{topic}: {line.removeprefix('- ')}")
    return found


def list_run_processes(prefix: str) -> list[str]:
    """Return the command lines of all processes of the run."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(RUN_VARIABLE) == prefix:
                found.append(" ".join(read_command_line(process)))
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def test_the_report_lists_exactly_the_injected_differences(tmp_path: Path) -> None:
    report = tmp_path / "acceptance-report.md"
    with serve_differing_emulator() as emulator:
        with start_acceptance(emulator.env, report) as process:
            output, _ = process.communicate(timeout=COMMAND_SECONDS)
        text = report.read_text()
        assert process.returncode == 0, f"{output}\n{text}"
        assert emulator.counts == [0, 0, 0]
        differences = read_differences(text)
        for injected in INJECTED:
            assert any(item.startswith(injected) for item in differences), f"{injected} is not in:\n{text}"
        unexpected = [item for item in differences if not item.startswith(tuple(INJECTED))]
        assert unexpected == []
        assert "Steps: 24 passed" in text
        assert "Sandboxes at a time: 6 of 6" in text
        assert "\n- Left: 0\n" in text
        assert len(emulator.secrets) > 10
        for secret in (emulator.env["NEEV_API_KEY"], *emulator.secrets):
            assert secret not in text
            assert secret not in output


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=["kill", "Ctrl-C"])
def test_everything_is_deleted_if_the_tool_is_killed_or_interrupted(
    tmp_path: Path, emulator: Emulator, number: signal.Signals
) -> None:
    report = tmp_path / "acceptance-report.md"
    with start_acceptance(emulator.env, report, "--adapters", "plugin") as process:
        # the scenario runs on another emulator first
        while emulator.state()["sandboxes"] < MID_SCENARIO_SANDBOXES and process.poll() is None:
            time.sleep(POLL_SECONDS)
        process.send_signal(number)
        # the watcher has the same output, which ends with it
        output, _ = process.communicate(timeout=COMMAND_SECONDS)
    prefix = re.findall(r"run (acc-\w+);", output)[0]
    state = emulator.state()
    assert [state[kind] for kind in ("sandboxes", "agents", "snapshots")] == [0, 0, 0], output
    assert list_run_processes(prefix) == []
    assert "Left: 0" in output
    text = report.read_text()
    assert "The run has not ended" in text
    assert "\n- Left: 0\n" in text
