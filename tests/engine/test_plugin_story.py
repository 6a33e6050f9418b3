"""The lifecycle of sandboxes, snapshots and forks in a YAML program, through the plugin, on either API."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.engine.project import PulumiProject, out_of_band_request

pytestmark = pytest.mark.engine

SECRET = "hunter2-in-the-environment"


def make_program(**box: Any) -> dict[str, Any]:
    properties = {"cpu": 1, "env": {"TOKEN": SECRET}, **box}
    return {
        "box": {"type": "neev:index:Sandbox", "properties": properties},
        "kept": {"type": "neev:index:Snapshot", "properties": {"sandboxId": "${box.id}", "retainFor": "720h"}},
        "copy": {"type": "neev:index:SandboxFork", "properties": {"sourceSandboxId": "${box.id}", "cpu": 2}},
    }


@pytest.mark.parametrize("emulator", ["0.9", "0.8"], indirect=True)
def test_sandboxes_snapshots_and_forks_are_created_updated_replaced_and_destroyed(project: PulumiProject) -> None:
    emulator = project.emulator
    project.write_yaml(make_program(), outputs={"phase": "${box.phase}", "forkCpu": "${copy.cpu}", "env": "${box.env}"})

    assert project.preview().changes == {"box": "create", "kept": "create", "copy": "create"}
    assert emulator.requests == []

    project.up()
    assert project.outputs() == {"phase": "Ready", "forkCpu": 2, "env": {"TOKEN": SECRET}}
    assert emulator.state()["sandboxes"] == 2

    emulator.clear_log()
    assert project.up().changes == {}
    assert project.refresh().changes == {}
    assert emulator.mutating_requests == []

    first = project.state_of("box")
    assert first is not None
    egress = {"mode": "allow_list", "allow": [{"host": "pypi.org", "ports": [443]}]}
    project.write_yaml(make_program(cpu=2, paused=True, egress=egress))
    preview = project.preview()
    assert preview.changes == {"box": "update"}
    assert preview.diff("box") == {"cpu": "update", "egress.mode": "update", "egress.allow[0]": "add", "paused": "add"}
    assert project.up().changes == {"box": "update"}
    changed = project.state_of("box")
    assert changed is not None
    assert changed["id"] == first["id"]
    assert changed["outputs"]["phase"] == "Paused"
    assert out_of_band_request(emulator, "GET", f"/sandboxes/{first['id']}")["resources"]["cpu"] == 2

    project.write_yaml(make_program(cpu=2, image="docker.io/library/python:3.12"))
    assert project.up().changes == {"box": "replace", "kept": "replace", "copy": "replace"}
    replaced = project.state_of("box")
    assert replaced is not None
    assert replaced["id"] != first["id"]
    assert replaced["inputs"]["name"] != first["inputs"]["name"]
    assert emulator.state()["sandboxes"] == 2

    exported = json.dumps(project.export())
    assert SECRET not in exported
    assert emulator.api_key not in exported

    project.destroy()
    assert emulator.state()["sandboxes"] == 0
    assert emulator.state()["snapshots"] == 0


def test_drift_is_shown_by_a_refresh_and_corrected_by_the_next_update(project: PulumiProject) -> None:
    emulator = project.emulator
    egress = {"mode": "allow_list", "allow": [{"host": "pypi.org"}, {"host": "10.0.0.0/8"}]}
    sandbox = {"type": "neev:index:Sandbox", "properties": {"name": "box", "cpu": 1, "egress": egress}}
    project.write_yaml({"box": sandbox, "other": {"type": "neev:index:Sandbox", "properties": {"name": "other"}}})
    project.up()

    other_order = {"mode": "allow_list", "allow": [{"host": "10.0.0.0/8"}, {"host": "pypi.org"}]}
    out_of_band_request(emulator, "PATCH", "/sandboxes/box", {"resources": {"cpu": 4}, "egress": other_order})
    out_of_band_request(emulator, "DELETE", "/sandboxes/other")
    emulator.advance(5)
    refreshed = project.refresh()
    assert refreshed.changes == {"box": "update", "other": "delete"}

    preview = project.preview()
    assert preview.changes == {"box": "update", "other": "create"}
    assert preview.diff("box") == {"cpu": "update"}
    project.up()
    assert out_of_band_request(emulator, "GET", "/sandboxes/box")["resources"]["cpu"] == 1
    assert project.up().changes == {}


def test_a_replacement_with_a_fixed_name_deletes_before_it_creates(project: PulumiProject) -> None:
    def declare_box(image: str) -> dict[str, Any]:
        return {"box": {"type": "neev:index:Sandbox", "properties": {"name": "the-box", "image": image}}}

    project.write_yaml(declare_box("docker.io/library/python:3.12"))
    project.up()
    project.write_yaml(declare_box("docker.io/library/python:3.13"))
    project.emulator.clear_log()
    assert project.up().changes == {"box": "replace"}
    assert [entry["method"] for entry in project.emulator.mutating_requests] == ["DELETE", "POST"]


def test_invalid_inputs_fail_before_any_request_with_the_path_of_each_property(project: PulumiProject) -> None:
    egress = {"mode": "allow_list", "allow": [{"host": "pypi.org"}, {"host": "not a host"}]}
    project.write_yaml({"box": {"type": "neev:index:Sandbox", "properties": {"cpu": 0.7, "egress": egress}}})
    result = project.run_pulumi("preview")
    assert result.returncode != 0
    assert "property cpu" in result.text
    assert "must be a multiple of 0.5 (is 0.7)" in result.text
    assert "egress.allow[1].host" in result.text
    assert "Traceback" not in result.text
    assert project.emulator.requests == []
