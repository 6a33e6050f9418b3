"""A state that an earlier version of the plugin wrote previews clean, refreshes, and can be destroyed.

`data/plugin-VERSION.json` is `pulumi stack export` after `up` of `PROGRAM` with that version, without the positions in
the source. To add one for a release, make it so; never change one that is there.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.engine.project import Pulumi

RECORDED = sorted((Path(__file__).parent / "data").glob("plugin-*.json"))
EGRESS = {"mode": "allow_list", "allow": [{"host": "pypi.org", "ports": [443]}, {"host": "10.0.0.0/8"}]}
PROGRAM: dict[str, Any] = {
    "box": {
        "type": "neev:index:Sandbox",
        "properties": {"cpu": 1.5, "env": {"TOKEN": "of a test"}, "egress": EGRESS, "idleTimeoutSeconds": 900},
    },
    "plain": {"type": "neev:index:Sandbox"},
    "kept": {"type": "neev:index:Snapshot", "properties": {"sandboxId": "${box.id}", "retainFor": "720h"}},
    "copy": {
        "type": "neev:index:SandboxFork",
        "properties": {"sourceSandboxId": "${box.id}", "name": "copy", "paused": True},
    },
}

pytestmark = pytest.mark.engine


def test_there_is_a_state_of_this_version_or_an_earlier_one() -> None:
    assert RECORDED


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda path: path.stem)
def test_an_old_state_is_no_change_and_can_be_destroyed(recorded: Path, project: Pulumi) -> None:
    project.yaml(PROGRAM)
    imported = project.pulumi("stack", "import", "--file", str(recorded))
    assert imported.returncode == 0, imported.text
    kinds = {each["type"] for each in json.loads(recorded.read_text())["deployment"]["resources"]}
    assert {each["type"] for each in PROGRAM.values()} <= kinds

    preview = project.preview()
    assert preview.changes == {}
    assert project.emulator.log() == []
    # nothing of it is on this platform: a refresh sees that, and so does a destroy
    assert project.refresh().changes == dict.fromkeys(PROGRAM, "delete")
    imported = project.pulumi("stack", "import", "--file", str(recorded))
    assert imported.returncode == 0, imported.text
    project.destroy()
    assert project.export()["deployment"].get("resources", []) == []
