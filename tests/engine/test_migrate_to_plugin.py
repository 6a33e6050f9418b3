"""The migration of a stack from dynamic resources to the plugin, as docs/guides/migrate-to-plugin.md describes."""

from __future__ import annotations

from typing import Any

import pytest
from tests.engine.project import PulumiProject

pytestmark = pytest.mark.engine

DYNAMIC = """
import pulumi
import pulumi_neev as neev

egress = {"mode": "allow_list", "allow": [{"host": "pypi.org", "ports": [443]}]}
sandbox = neev.Sandbox("agent", cpu=2, env={"TOKEN": "hush"}, egress=egress, paused=True)
snapshot = neev.Snapshot("baseline", sandbox_id=sandbox.id, retain_for="720h")
fork = neev.SandboxFork(
    "experiment", source_sandbox_id=sandbox.id, memory_gb=4, opts=pulumi.ResourceOptions(depends_on=[snapshot])
)
pulumi.export("sandbox", sandbox.id)
pulumi.export("snapshot", snapshot.id)
pulumi.export("fork", fork.id)
"""


def declare_stack(**ids: str) -> dict[str, Any]:
    """Return the same stack for the plugin. With ids, each resource is imported."""
    options = {name: {"options": {"import": ids[name]}} if name in ids else {} for name in ("agent", "baseline", "exp")}
    egress = {"mode": "allow_list", "allow": [{"host": "pypi.org", "ports": [443]}]}
    return {
        "agent": {
            "type": "neev:index:Sandbox",
            "properties": {"cpu": 2, "env": {"TOKEN": "hush"}, "egress": egress, "paused": True},
            **options["agent"],
        },
        "baseline": {
            "type": "neev:index:Snapshot",
            "properties": {"sandboxId": "${agent.id}", "retainFor": "720h"},
            **options["baseline"],
        },
        "experiment": {
            "type": "neev:index:SandboxFork",
            "properties": {"sourceSandboxId": "${agent.id}", "memoryGb": 4},
            **options["exp"],
        },
    }


def test_a_stack_migrates_from_dynamic_resources_to_the_plugin_without_changes(project: PulumiProject) -> None:
    """Resources are removed from one state and imported by id. No request changes them; later previews are empty."""
    project.write_python(DYNAMIC)
    project.up()
    ids = project.outputs()
    before = sorted(project.emulator.state()["phases"].items())
    agent = project.state_of("agent")
    assert agent is not None
    project.emulator.clear_log()

    gone = project.run_pulumi("state", "delete", agent["urn"], "--target-dependents", "--yes")
    assert gone.returncode == 0, gone.text
    assert project.state_of("agent") is None

    fork = f"{ids['sandbox']}/{ids['fork']}"
    project.write_yaml(declare_stack(agent=ids["sandbox"], baseline=ids["snapshot"], exp=fork))
    taken = project.run_pulumi("preview")
    assert taken.returncode == 0, taken.text
    assert "= 3 to import" in taken.text
    assert "to create" not in taken.text
    project.up()
    project.write_yaml(declare_stack())
    assert project.preview().changes == {}
    assert project.up().changes == {}
    assert project.refresh().changes == {}

    moved = project.state_of("experiment")
    assert moved is not None
    assert (moved["id"], moved["type"]) == (ids["fork"], "neev:index:SandboxFork")
    assert project.emulator.mutating_requests == []
    assert sorted(project.emulator.state()["phases"].items()) == before

    project.destroy()
    assert project.emulator.state()["sandboxes"] == 0
