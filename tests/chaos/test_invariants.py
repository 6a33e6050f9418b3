"""Whether the agreement of the stories sees what differs: what it does not see, no story can show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.chaos.invariants import Seen, agree
from tests.chaos.rigs import FIRST, MADE, Rig, grow_trees
from tests.engine.project import Pulumi, inside, outside

from neev_emulator.testing import serve

OF_FIRST = {"sandboxId": f"${{{FIRST}.id}}"}


def made(kind: str, **properties: Any) -> dict[str, Any]:
    return {"type": f"neev:index:{kind}", "properties": properties}


def image(content: str) -> dict[str, Any]:
    return made("GoldenImage", steps=[{"path": MADE, "content": content}], keep=1)


RIG: Rig = {
    FIRST: made("Sandbox"),
    "file": made("File", **OF_FIRST, path="note.txt", content="a\n"),
    "tree": made("Directory", **OF_FIRST, path="tree", sourcePath="trees/one"),
    "run": made("Command", **OF_FIRST, create=["sh", "-c", f"echo 1 > {MADE}"]),
    "pool": made("SandboxPool", replicas=2, cpu=1, paused=False),
    "image": image("one\n"),
    "unused": image("two\n"),
    "follower": made("Sandbox", snapshotId="${image.snapshotId}"),
    "agent": made("Agent", agentTemplate="batch-runner", paused=False),
}


def wrong(project: Pulumi, held: list[dict[str, Any]]) -> list[str]:
    """The resources of which the agreement says that they are not as the program says."""
    seen, found = Seen(project.emulator, held), []
    for name in RIG:
        try:
            seen.as_said(name, RIG)
        except AssertionError:
            found.append(name)
    return found


@pytest.mark.engine
def test_each_kind_that_is_not_as_the_program_says_is_seen(tmp_path: Path, engine: Path) -> None:
    with serve() as emulator:
        project = Pulumi(tmp_path, engine, emulator)
        grow_trees(project.directory)
        project.yaml(RIG)
        project.up()
        agree(project, RIG)
        held = [each for each in project.export()["deployment"]["resources"] if "neev:index" in each["type"]]
        state = {each["urn"].rpartition("::")[2]: each["outputs"] | {"id": each["id"]} for each in held}
        box = state[FIRST]["id"]

        inside(emulator, box, "tree/a.txt", "files/remove")
        outside(emulator, "PATCH", f"/sandboxes/{state['pool']['members'][1]['id']}", {"resources": {"cpu": 4}})
        inside(emulator, state["follower"]["id"], MADE, "files/remove")
        assert wrong(project, held) == ["tree", "pool", "image"]
        outside(emulator, "POST", f"/sandboxes/{state['unused']['builderId']}/resume", {})
        outside(emulator, "POST", f"/agents/{state['agent']['id']}/pause", {})
        inside(emulator, box, "note.txt", "files/move", source="note.txt", destination=MADE)
        assert wrong(project, held) == ["file", "tree", "run", "pool", "image", "unused", "agent"]

        Seen(emulator, held).nothing_besides()
        for kind, body in (("sandboxes", {}), ("agents", {"agent_template": "batch-runner"})):
            more = outside(emulator, "POST", f"/{kind}", {"name": "more", **body})
            with pytest.raises(AssertionError):
                Seen(emulator, held).nothing_besides()
            outside(emulator, "DELETE", f"/{kind}/{more['id']}")
            emulator.advance(5)
        outside(emulator, "POST", f"/sandboxes/{box}/ports", {"port": 80})
        with pytest.raises(AssertionError):
            Seen(emulator, held).nothing_besides()
