"""`pulumi-neev doctor` on a stack with many problems."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.engine.project import PulumiProject, Result, out_of_band_request, wait_until

pytestmark = pytest.mark.engine

HOUR = 3600


def declare_sandbox(**properties: Any) -> dict[str, Any]:
    return {"type": "neev:index:Sandbox", "properties": {"idleTimeoutSeconds": HOUR, **properties}}


def join_messages(report: Result, level: str) -> str:
    return "\n".join(
        f"{load['what']} -> {load['remedy']}" for load in json.loads(report.stdout) if load["level"] == level
    )


def test_doctor_reports_each_problem_with_its_remedy(project: PulumiProject) -> None:
    emulator = project.emulator
    resources = {
        "gone": declare_sandbox(),
        "torn": declare_sandbox(),
        "open": declare_sandbox(
            cpu=2,
            image="docker.io/library/python:3.12",
            egress={"mode": "allow_list", "allowInternet": True},
            maxLifetimeSeconds=7200,
        ),
        "paused": declare_sandbox(paused=True),
    }
    project.write_yaml(resources)
    project.up()
    healthy = project.run_neev("doctor", "--stack", "dev", "--expires-within", "30m", "--json")
    assert (healthy.returncode, join_messages(healthy, "error")) == (0, ""), healthy.text
    assert "this machine's clock agrees" in join_messages(healthy, "ok")
    assert "running sandboxes: 3 (4 cores, 6 GB of memory)" in join_messages(healthy, "ok")

    torn = (project.state_of("torn") or {})["id"]
    snapshot = out_of_band_request(emulator, "POST", f"/sandboxes/{torn}/snapshots", {"name": "base"})
    emulator.advance(5)
    emulator.inject("failed_phase", method="POST", path="/sandboxes/{id}/rollback")
    out_of_band_request(emulator, "POST", f"/sandboxes/{torn}/rollback", {"snapshot_id": snapshot["id"]})
    out_of_band_request(emulator, "DELETE", f"/sandboxes/{(project.state_of('gone') or {})['id']}")
    emulator.change_settings(durations={"create": HOUR})
    project.write_yaml({**resources, "begun": declare_sandbox()})
    engine = project.start_pulumi("up", "--yes", "--skip-preview", "--target", "**begun")
    wait_until(lambda: emulator.counts()["POST /sandboxes"] == 5)
    engine.kill()
    engine.communicate()
    emulator.advance(5)

    looked = project.run_neev("doctor", "--stack", "dev", "--expires-within", "3h", "--max-cores", "3", "--json")
    bad, warned = join_messages(looked, "error"), join_messages(looked, "warn")
    assert looked.returncode == 1, looked.text
    assert "Sandbox begun: creating was interrupted -> `pulumi-neev recover --stack dev`" in bad
    assert "Sandbox gone does not exist" in bad
    assert "Sandbox torn is RestoreFailed -> Roll it back again" in bad
    assert len(bad.splitlines()) == 3
    assert "Sandbox open: its lifetime ends in 1h 59m" in warned
    assert "Sandbox open may reach the whole internet" in warned
    assert "Sandbox open uses the image tag docker.io/library/python:3.12" in warned
    assert "CPU cores in all, more than 3" in warned

    refused = project.run_neev("doctor", "--stack", "dev", "--json", env={"NEEV_API_KEY": "invalid-key"})
    assert "was answered with 401" in join_messages(refused, "error")
    assert "Check neev:apiKey (or NEEV_API_KEY)" in join_messages(refused, "error")
    assert (join_messages(refused, "error").count("401"), "invalid-key" in refused.text) == (1, False)
    shown = project.run_neev("doctor")
    assert shown.returncode == 0, shown.text
    assert "quota in use: 4 sandboxes, 0 agents" in shown.stdout
