"""The programs of the reference: every YAML example in one stack, with the objects that they look up."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from tests.engine.project import PulumiProject, find_free_port, out_of_band_request

from neev_provider.adapters.pulumi import schema
from neev_provider.adapters.shared import examples

pytestmark = pytest.mark.engine

SNAPSHOT = "8d7c6b5a-4f3e-4d2c-8b1a-0f9e8d7c6b5a"
"""The id that an example looks up. The API generates another one."""
PORT = "8080"
"""The port on which an example listens. All sandboxes of the emulator share the ports of this machine."""


def merge_examples(snapshot: str, port: str) -> dict[str, Any]:
    """Return one program of every example. Its names `found` and `box` get the example's name."""
    program: dict[str, Any] = {"variables": {}, "resources": {}, "outputs": {}}
    package = schema.package_schema()
    for token in (*package["resources"], *package["functions"]):
        of = token.rpartition(":")[2]
        for example in examples.load_examples(of).examples:
            text = example.programs["yaml"].replace(SNAPSHOT, snapshot).replace(PORT, port)
            parts = yaml.safe_load(re.sub(r"\$\{(\w+)", rf"${{{of}-\1", text))
            for kind, named in parts.items():
                program[kind] |= {f"{of}-{name}": value for name, value in named.items()}
    return program


def test_every_example_of_the_reference_runs(project: PulumiProject) -> None:
    emulator = project.emulator
    shared = out_of_band_request(emulator, "POST", "/sandboxes", {"name": "shared-build-box"})
    emulator.advance(5)
    out_of_band_request(emulator, "POST", f"/sandboxes/{shared['id']}/pause")
    kept = out_of_band_request(emulator, "POST", f"/sandboxes/{shared['id']}/snapshots", {"name": "kept"})
    out_of_band_request(emulator, "POST", "/agents", {"name": "shared-agent", "agent_template": "code-server"})
    emulator.advance(5)
    project.write_project({"runtime": "yaml", **merge_examples(kept["id"], str(find_free_port()))})
    project.up()

    outputs = project.outputs()
    assert outputs["Sandbox-phase"] == "Ready"
    assert outputs["SandboxFork-fork"].startswith("sandboxfork-fork-")
    assert {output["phase"] for output in outputs["SandboxPool-members"]} == {"Ready"}
    assert outputs["Snapshot-sizeBytes"] >= 0
    assert outputs["getSandboxTemplate-templateId"] == "sb-python-3-13"
    assert {output["category"] for output in outputs["getSandboxTemplates-templates"]} == {"browser"}
    assert outputs["getAgentTemplate-description"]
    assert {output["category"] for output in outputs["getAgentTemplates-templates"]} == {"coding"}
    assert outputs["getSandbox-connectUrl"].startswith("http")
    assert "shared-build-box" in [output["name"] for output in outputs["getSandboxes-paused"]]
    assert outputs["getSnapshot-status"] == "Ready"
    assert [output["id"] for output in outputs["getSnapshots-snapshots"]] == [kept["id"]]
    assert outputs["getSandboxMetrics-series"]
    assert outputs["getSandboxAudit-events"] == []
    assert outputs["getConnectToken-token"]
    assert outputs["getPreviewPorts-ports"] == []
    assert outputs["getAgent-sandboxId"]
    assert outputs["getAgentGateway-gatewayToken"]
    assert [output["name"] for output in outputs["getAgents-agents"]] == ["shared-agent"]
    assert project.up().changes == {}
