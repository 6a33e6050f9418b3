"""Pulumi's dynamic host as a process: how much runs concurrently, and how it ends when it is interrupted."""

from __future__ import annotations

import contextlib
import signal
import subprocess
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from tests.engine.project import PulumiProject, out_of_band_request, remove_interrupt_tracebacks, wait_until

from neev_emulator import Emulator

pytestmark = pytest.mark.engine

CREATE_SECONDS = 5
SINGLE_PROGRAM = 'import pulumi_neev as neev\nbox = neev.Sandbox("box")\nneev.Snapshot("kept", sandbox_id=box.id)'
CANCEL_HINT = "press ^C again"


def count_concurrent_creates(emulator: Emulator, seconds: float) -> int:
    """Return the maximum number of concurrent creates of sandboxes, if each takes this long."""
    entries = [entry for entry in emulator.mutating_requests if entry["template"] == "/sandboxes"]
    begun = [datetime.fromisoformat(entry["time"]).timestamp() for entry in entries]
    return max(sum(1 for other in begun if moment - seconds < other <= moment) for moment in begun)


@contextlib.contextmanager
def run_update(project: PulumiProject) -> Iterator[subprocess.Popen[str]]:
    """Yield an update whose create of a sandbox takes an hour of the emulator's time."""
    project.emulator.change_settings(durations={"create": 3600})
    project.write_python(SINGLE_PROGRAM)
    with project.start_pulumi("up", "--yes", "--skip-preview") as engine:
        try:
            wait_until(lambda: project.emulator.counts().get("POST /sandboxes") == 1)
            yield engine
        finally:
            engine.kill()


def read_output(engine: subprocess.Popen[str], on_cancel: Callable[[], object]) -> str:
    """Return the engine's output until it ends. Interrupt the engine, which has to confirm that it cancels."""
    assert engine.stdout is not None
    engine.send_signal(signal.SIGINT)
    message = []
    for line in engine.stdout:
        message.append(line)
        if CANCEL_HINT in line:
            on_cancel()
    return "".join(message)


def list_pending_operations(project: PulumiProject) -> list[dict[str, Any]]:
    """Return the pending operations of the state."""
    operations: list[dict[str, Any]] = project.export()["deployment"].get("pending_operations") or []
    return operations


def test_creates_run_with_the_parallelism_of_the_engine(project: PulumiProject) -> None:
    project.emulator.change_settings(durations={"create": CREATE_SECONDS})
    project.write_python('import pulumi_neev as neev\nfor n in range(24):\n    neev.Sandbox(f"box-{n}")')
    project.up("-p", "64")
    # four, with the host's pool as Pulumi creates it
    assert count_concurrent_creates(project.emulator, CREATE_SECONDS) > 16

    project.emulator.clear_log()
    project.destroy("-p", "64")
    assert project.emulator.state()["sandboxes"] == 0


def test_the_first_interrupt_completes_and_stores_running_operations(project: PulumiProject) -> None:
    emulator = project.emulator
    with run_update(project) as engine:
        message = read_output(engine, lambda: emulator.advance(3600))
    assert engine.returncode != 0
    assert "update canceled" in message
    assert "Traceback" not in remove_interrupt_tracebacks(message)
    box = project.state_of("box")
    assert box is not None
    assert box["outputs"]["phase"] == "Ready"
    assert project.state_of("kept") is None
    assert list_pending_operations(project) == []
    assert project.find_processes("pulumi.dynamic") == []

    assert project.up().changes == {"kept": "create"}


def test_the_second_interrupt_leaves_a_pending_operation_with_the_name_of_the_sandbox(project: PulumiProject) -> None:
    emulator = project.emulator
    with run_update(project) as engine:
        read_output(engine, lambda: engine.send_signal(signal.SIGINT))
    assert engine.returncode != 0
    assert project.find_processes("pulumi.dynamic") == []
    assert project.state_of("box") is None
    (operation,) = list_pending_operations(project)
    assert operation["type"] == "creating"
    created = out_of_band_request(emulator, "GET", "/sandboxes")["items"]
    assert [item["name"] for item in created] == [operation["resource"]["inputs"]["name"]]

    # as docs/concepts/dynamic-and-plugin.md says
    out_of_band_request(emulator, "DELETE", f"/sandboxes/{created[0]['id']}")
    emulator.change_settings(durations={"create": 0.1})
    project.refresh("--clear-pending-creates")
    assert list_pending_operations(project) == []
    assert project.up().changes == {"box": "create", "kept": "create"}


def test_the_dynamic_host_exits_if_the_engine_is_killed(project: PulumiProject) -> None:
    with run_update(project) as engine:
        assert len(project.find_processes("pulumi.dynamic")) == 1
        engine.kill()
    wait_until(lambda: project.find_processes("pulumi.dynamic") == [])
    assert len(list_pending_operations(project)) == 1
    assert project.run_pulumi("cancel", "--yes").returncode == 0
