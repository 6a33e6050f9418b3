"""The lifecycle of sandboxes, snapshots and forks in a Python program of dynamic resources, on the real engine."""

from __future__ import annotations

import pytest
from tests.engine.project import PulumiProject

pytestmark = pytest.mark.engine


def make_program(box: str, more: str = "") -> str:
    return f"""
import pulumi
import pulumi_neev as neev

template = neev.get_sandbox_template(name="ubuntu-26-04-minimal")
box = neev.Sandbox("box", {box})
kept = neev.Snapshot("kept", sandbox_id=box.id, retain_for="720h")
copy = neev.SandboxFork("copy", source_sandbox_id=box.id, cpu=2)
pulumi.export("phase", box.phase)
pulumi.export("forkCpu", copy.cpu)
pulumi.export("allowed", box.egress.apply(lambda egress: [rule.host for rule in egress.allow]))
{more}
"""


EGRESS = 'egress={"mode": "allow_list", "allow": [{"host": "pypi.org", "ports": [443]}]}'
FROM_TEMPLATE = f"template_id=template.id, {EGRESS}"
FROM_IMAGE = f'image="docker.io/library/python:3.12", {EGRESS}'


def test_sandboxes_snapshots_and_forks_are_created_updated_replaced_and_destroyed(project: PulumiProject) -> None:
    emulator = project.emulator
    project.write_python(make_program(f"{FROM_TEMPLATE}, paused=False, cpu=1"))

    assert project.preview().changes == {"box": "create", "kept": "create", "copy": "create"}
    assert emulator.mutating_requests == []

    project.up()
    assert project.outputs() == {"phase": "Ready", "forkCpu": 2, "allowed": ["pypi.org"]}
    assert emulator.state()["sandboxes"] == 2

    emulator.clear_log()
    assert project.up().changes == {}
    assert project.refresh().changes == {}
    assert emulator.mutating_requests == []

    box = project.state_of("box")
    assert box is not None
    project.write_python(make_program(f"{FROM_TEMPLATE}, paused=True, cpu=1"))
    assert project.up().changes == {"box": "update"}
    assert project.outputs()["phase"] == "Paused"
    project.write_python(make_program(f"{FROM_TEMPLATE}, paused=False, cpu=2"))
    assert project.up().changes == {"box": "update"}
    changed = project.state_of("box")
    assert changed is not None
    assert changed["id"] == box["id"]
    sent = [(entry["method"], *entry["path"].split("/")[-2:]) for entry in emulator.mutating_requests]
    assert sent == [("POST", box["id"], "pause"), ("PATCH", "sandboxes", box["id"]), ("POST", box["id"], "resume")]

    emulator.clear_log()
    project.write_python(make_program(f"{FROM_IMAGE}, paused=False, cpu=2"))
    assert project.up().changes == {"box": "replace", "kept": "replace", "copy": "replace"}
    replaced = project.state_of("box")
    assert replaced is not None
    assert replaced["id"] != box["id"]
    assert emulator.counts()["POST /sandboxes"] == 1
    assert emulator.state()["sandboxes"] == 2

    project.destroy()
    assert (emulator.state()["sandboxes"], emulator.state()["snapshots"]) == (0, 0)
