"""Imports of existing objects by id or by name, and previews without changes after that."""

from __future__ import annotations

from typing import Any

import pytest
from tests.engine.project import PulumiProject, out_of_band_request

pytestmark = pytest.mark.engine

BOX = {"name": "one", "resources": {"cpu": 2}, "sandbox_template_id": "sb-ubuntu-26-04-minimal"}


def declare_sandbox(**properties: Any) -> dict[str, Any]:
    return {"type": "neev:index:Sandbox", "properties": properties}


def test_imported_resources_have_no_diff_and_cause_no_mutating_requests(project: PulumiProject) -> None:
    emulator = project.emulator
    one = out_of_band_request(emulator, "POST", "/sandboxes", BOX)
    two = out_of_band_request(emulator, "POST", "/sandboxes", {"name": "two"})
    emulator.advance(5)
    fork = out_of_band_request(emulator, "POST", f"/sandboxes/{one['id']}/fork", {"name": "fork"})
    kept = out_of_band_request(emulator, "POST", f"/sandboxes/{one['id']}/snapshots", {"name": "kept"})
    emulator.advance(5)
    emulator.clear_log()
    project.write_yaml({})

    by_id = project.import_("neev:index:Sandbox", "one", one["id"])
    project.import_("neev:index:Sandbox", "two", "two")
    project.import_("neev:index:Snapshot", "kept", kept["id"])
    project.import_("neev:index:SandboxFork", "fork", f"{one['id']}/{fork['id']}")
    assert "templateId: sb-ubuntu-26-04-minimal" in by_id.stdout
    assert "bug in the `neev` provider" not in by_id.text
    ids = {name: (project.state_of(name) or {})["id"] for name in ("one", "two", "fork")}
    assert ids == {"one": one["id"], "two": two["id"], "fork": fork["id"]}

    program = {
        "one": declare_sandbox(name="one", cpu=2, templateId="sb-ubuntu-26-04-minimal"),
        "two": declare_sandbox(),
        "kept": {"type": "neev:index:Snapshot", "properties": {"sandboxId": "${one.id}"}},
        "fork": {"type": "neev:index:SandboxFork", "properties": {"sourceSandboxId": "${one.id}"}},
    }
    project.write_yaml(program)
    assert project.preview().changes == {}
    assert project.refresh().changes == {}
    assert project.up().changes == {}
    assert emulator.mutating_requests == []

    # the API returns no environment, so the one of the program is recorded and replaces nothing
    project.write_yaml({**program, "one": declare_sandbox(name="one", cpu=2, env={"A": "b"})})
    assert project.up().changes == {"one": "update"}
    assert project.up().changes == {}
    assert emulator.mutating_requests == []


def test_the_import_option_and_get_read_existing_resources(project: PulumiProject) -> None:
    emulator = project.emulator
    one = out_of_band_request(emulator, "POST", "/sandboxes", {**BOX, "env": [{"name": "A", "value": "b"}]})
    two = out_of_band_request(emulator, "POST", "/sandboxes", {"name": "two"})
    emulator.advance(5)
    fork = out_of_band_request(emulator, "POST", f"/sandboxes/{two['id']}/fork", {"name": "fork"})
    kept = out_of_band_request(emulator, "POST", f"/sandboxes/{two['id']}/snapshots", {"name": "kept"})
    emulator.advance(5)
    emulator.clear_log()
    imported = {**declare_sandbox(name="one", cpu=2, env={"A": "b"}), "options": {"import": one["id"]}}
    looked_up = {
        "two": {"type": "neev:index:Sandbox", "get": {"id": "two"}},
        "fork": {"type": "neev:index:SandboxFork", "get": {"id": f"{two['id']}/{fork['id']}"}},
        "kept": {"type": "neev:index:Snapshot", "get": {"id": kept["id"]}},
    }
    outputs = {
        "cpu": "${two.cpu}",
        "phase": "${two.phase}",
        "fork": "${fork.name}",
        "source": "${fork.sourceSandboxId}",
        "snapshot": "${kept.status}",
        "of": "${kept.sandboxId}",
    }
    project.write_yaml({"one": imported, **looked_up}, outputs=outputs)

    # the import is followed by the update that records what the API does not return
    assert project.preview().changes == {"one": "update", **dict.fromkeys(looked_up, "read")}
    project.up()
    sandbox, copy = {"cpu": 1, "phase": "Ready"}, {"fork": "fork", "source": two["id"]}
    assert project.outputs() == {**sandbox, **copy, "snapshot": "Ready", "of": two["id"]}
    assert "one" not in project.preview().changes
    assert emulator.mutating_requests == []

    project.destroy()
    assert (emulator.state()["sandboxes"], emulator.state()["snapshots"]) == (2, 1)
