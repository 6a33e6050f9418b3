"""The invariants detect differences between the program, the state and the API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.chaos.invariants import SystemState, check_invariants
from tests.chaos.rigs import FIRST, OUTPUT_FILE, Rig, write_source_trees
from tests.engine.project import PulumiProject, StateResource, out_of_band_request, read_in_sandbox

from neev_emulator.testing import serve

OF_FIRST = {"sandboxId": f"${{{FIRST}.id}}"}


def make_resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"type": f"neev:index:{kind}", "properties": properties}


def make_image(content: str) -> dict[str, Any]:
    return make_resource("GoldenImage", steps=[{"path": OUTPUT_FILE, "content": content}], historyLimit=1)


RIG: Rig = {
    FIRST: make_resource("Sandbox"),
    "file": make_resource("File", **OF_FIRST, path="note.txt", content="a\n"),
    "tree": make_resource("Directory", **OF_FIRST, path="tree", sourcePath="trees/one"),
    "run": make_resource("Command", **OF_FIRST, create=["sh", "-c", f"echo 1 > {OUTPUT_FILE}"]),
    "pool": make_resource("SandboxPool", replicas=2, cpu=1, paused=False),
    "image": make_image("one\n"),
    "unused": make_image("two\n"),
    "follower": make_resource("Sandbox", snapshotId="${image.snapshotId}"),
    "agent": make_resource("Agent", agentTemplate="batch-runner", paused=False),
}


def find_violations(project: PulumiProject, state_resource: list[StateResource]) -> list[str]:
    """Return the resources that the invariants report as different from the program."""
    observed, found = SystemState(project.emulator, state_resource), []
    for name in RIG:
        try:
            observed.check_resource(name, RIG)
        except AssertionError:
            found.append(name)
    return found


@pytest.mark.engine
def test_the_invariants_detect_resources_that_differ_from_the_program(tmp_path: Path, pulumi_bin: Path) -> None:
    with serve() as emulator:
        project = PulumiProject(tmp_path, pulumi_bin, emulator)
        write_source_trees(project.directory)
        project.write_yaml(RIG)
        project.up()
        check_invariants(project, RIG)
        held = project.list_resources()
        state = {item.name: {**item.outputs, "id": item.id} for item in held}
        box = state[FIRST]["id"]

        read_in_sandbox(emulator, box, "tree/a.txt", "files/remove")
        out_of_band_request(
            emulator, "PATCH", f"/sandboxes/{state['pool']['members'][1]['id']}", {"resources": {"cpu": 4}}
        )
        read_in_sandbox(emulator, state["follower"]["id"], OUTPUT_FILE, "files/remove")
        assert find_violations(project, held) == ["tree", "pool", "image"]
        out_of_band_request(emulator, "POST", f"/sandboxes/{state['unused']['builderId']}/resume", {})
        out_of_band_request(emulator, "POST", f"/agents/{state['agent']['id']}/pause", {})
        read_in_sandbox(emulator, box, "note.txt", "files/move", source="note.txt", destination=OUTPUT_FILE)
        assert find_violations(project, held) == ["file", "tree", "run", "pool", "image", "unused", "agent"]

        SystemState(emulator, held).check_no_orphans()
        for kind, body in (("sandboxes", {}), ("agents", {"agent_template": "batch-runner"})):
            more = out_of_band_request(emulator, "POST", f"/{kind}", {"name": "more", **body})
            with pytest.raises(AssertionError):
                SystemState(emulator, held).check_no_orphans()
            out_of_band_request(emulator, "DELETE", f"/{kind}/{more['id']}")
            emulator.advance(5)
        out_of_band_request(emulator, "POST", f"/sandboxes/{box}/ports", {"port": 80})
        with pytest.raises(AssertionError):
            SystemState(emulator, held).check_no_orphans()
