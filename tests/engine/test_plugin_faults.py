"""Partial failures: the resource stays in the state with its reason, and the next update completes it."""

from __future__ import annotations

import signal
import time
from typing import Any

import pytest
from tests.engine.command_result import COMMAND_TIMEOUT_SECONDS
from tests.engine.project import PulumiProject, out_of_band_request, wait_until

pytestmark = pytest.mark.engine

PLUGIN = "pulumi-resource-neev"


def declare_sandbox(options: dict[str, Any] | None = None, **properties: Any) -> dict[str, Any]:
    return {"box": {"type": "neev:index:Sandbox", "properties": properties, "options": options or {}}}


def run_interrupted_update(project: PulumiProject, *arguments: str, creates: int) -> str:
    """Interrupt an update after so many creates of sandboxes, and return its output. It has to end soon after."""
    engine = project.start_pulumi("up", "--yes", "--skip-preview", *arguments)
    wait_until(lambda: project.emulator.counts().get("POST /sandboxes", 0) >= creates)
    engine.send_signal(signal.SIGINT)
    stopped = time.monotonic()
    stdout, stderr = engine.communicate(timeout=COMMAND_TIMEOUT_SECONDS)
    assert engine.returncode != 0, stdout + stderr
    assert time.monotonic() - stopped < 8
    return stdout + stderr


def test_a_create_that_times_out_is_stored_with_its_error_and_completed_by_the_next_update(
    project: PulumiProject,
) -> None:
    emulator = project.emulator
    emulator.change_settings(durations={"create": 3600})
    project.write_yaml(declare_sandbox({"customTimeouts": {"create": "2s"}}, paused=True))

    failed = project.run_pulumi("up", "--yes", "--skip-preview")
    assert failed.returncode != 0
    assert "not done after 2 s; last seen: Pending" in failed.text
    assert "Traceback" not in failed.text
    kept = project.state_of("box")
    assert kept is not None
    assert "customTimeouts" in kept["initErrors"][0]
    assert emulator.state()["sandboxes"] == 1

    # a refresh keeps the problem that the next update has to solve
    assert project.refresh().returncode == 0
    assert "not ready yet" in (project.state_of("box") or {})["initErrors"][0]

    emulator.advance(3600)
    assert project.up().changes == {"box": "update"}
    finished = project.state_of("box")
    assert finished is not None
    assert (finished["id"], finished["outputs"]["phase"]) == (kept["id"], "Paused")
    assert "initErrors" not in finished
    assert project.up().changes == {}
    assert emulator.counts()["POST /sandboxes"] == 1


def test_a_cancelled_create_is_stored_and_completed_by_the_next_update(project: PulumiProject) -> None:
    emulator = project.emulator
    emulator.change_settings(durations={"create": 3600})
    project.write_yaml(declare_sandbox())

    assert "stopped waiting, as asked" in run_interrupted_update(project, creates=1)
    kept = project.state_of("box")
    assert kept is not None

    emulator.advance(3600)
    assert project.up().changes == {"box": "update"}
    assert (project.state_of("box") or {})["id"] == kept["id"]
    assert emulator.counts()["POST /sandboxes"] == 1


def test_cancel_drops_creates_that_wait_for_the_rate_limit(project: PulumiProject) -> None:
    emulator = project.emulator
    emulator.change_settings(rate_limit=2)
    fleet = {f"box-{number}": declare_sandbox()["box"] for number in range(40)}
    project.write_yaml(fleet)

    message = run_interrupted_update(project, "-p", "64", creates=3)
    assert "Nothing was created: run the same command again." in message
    kept = sum(project.state_of(name) is not None for name in fleet)
    assert emulator.state()["sandboxes"] == kept < len(fleet)

    emulator.change_settings(rate_limit=None)
    assert project.up().returncode == 0
    assert emulator.state()["sandboxes"] == len(fleet)


def test_the_plugin_exits_if_the_engine_is_killed(project: PulumiProject) -> None:
    emulator = project.emulator
    emulator.change_settings(durations={"create": 3600})
    project.write_yaml(declare_sandbox())

    engine = project.start_pulumi("up", "--yes", "--skip-preview")
    wait_until(lambda: emulator.counts().get("POST /sandboxes") == 1)
    assert project.find_processes(PLUGIN)
    engine.kill()
    engine.communicate(timeout=COMMAND_TIMEOUT_SECONDS)
    assert wait_until(lambda: not project.find_processes(PLUGIN)) < 10


def test_a_killed_plugin_has_logged_the_name_of_the_sandbox_it_was_creating(project: PulumiProject) -> None:
    emulator = project.emulator
    emulator.inject("delay", method="POST", path="/sandboxes", execute_first=True)
    project.write_yaml(declare_sandbox())

    engine = project.start_pulumi("up", "--yes", "--skip-preview")
    wait_until(lambda: not emulator.control("GET", "faults"))
    for process in project.find_processes(PLUGIN):
        process.kill()
    stdout, stderr = engine.communicate(timeout=COMMAND_TIMEOUT_SECONDS)
    assert engine.returncode != 0
    created = out_of_band_request(emulator, "GET", "/sandboxes")["items"][0]["name"]
    assert f"Sandbox box: making {created}." in stdout + stderr
    # the engine drops a step whose plugin died, so only the API has the sandbox
    assert project.state_of("box") is None


def test_a_partially_failed_update_is_completed_by_the_next_update(project: PulumiProject) -> None:
    emulator = project.emulator
    project.write_yaml(declare_sandbox(cpu=1))
    project.up()
    emulator.inject("status", method="PUT", path="/sandboxes/{id}/timeout", status=409, times=1)
    project.write_yaml(declare_sandbox(cpu=2, idleTimeoutSeconds=600))

    failed = project.run_pulumi("up", "--yes", "--skip-preview")
    assert failed.returncode != 0
    assert "409" in failed.text
    assert project.preview().diff("box") == {"cpu": "update", "idleTimeoutSeconds": "add"}
    assert project.up().changes == {"box": "update"}
    assert project.up().changes == {}
