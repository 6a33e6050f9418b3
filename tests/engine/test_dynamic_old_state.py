"""A state that an earlier version wrote is understood: nothing differs, and everything in it can be deleted.

`data/dynamic-VERSION.json` is `pulumi stack export` after `up` of `PROGRAM` with that version, without the positions in
the source. To add one for a release, make it so; never change one that is there.
"""

from __future__ import annotations

import base64
import json
import pickletools
from pathlib import Path
from typing import Any

import pytest
from tests.engine.project import Pulumi, outside

RECORDED = sorted((Path(__file__).parent / "data").glob("dynamic-*.json"))
PROGRAM = """
import pulumi_neev as neev

egress = {"mode": "allow_list", "allow": [{"host": "pypi.org", "ports": [443]}]}
box = neev.Sandbox("box", cpu=1, env={"TOKEN": "of a test"}, egress=egress)
neev.Snapshot("kept", sandbox_id=box.id, retain_for="720h")
neev.SandboxFork("copy", source_sandbox_id=box.id, name="copy", paused=True)
"""
PROVIDERS = {"box": "SandboxProvider", "kept": "SnapshotProvider", "copy": "SandboxForkProvider"}

pytestmark = pytest.mark.parametrize("recorded", RECORDED, ids=lambda path: path.stem)


def resources(recorded: Path) -> dict[str, dict[str, Any]]:
    """The dynamic resources of the recorded state, by name."""
    listed = json.loads(recorded.read_text())["deployment"]["resources"]
    return {each["urn"].rpartition("::")[2]: each for each in listed if "dynamic/neev" in each["type"]}


def test_the_state_holds_of_a_provider_its_name_and_nothing_else(recorded: Path) -> None:
    for name, resource in resources(recorded).items():
        for side in ("inputs", "outputs"):
            pickled = base64.b64decode(resource[side]["__provider"])
            words = [argument for _, argument, _ in pickletools.genops(pickled) if isinstance(argument, str)]
            codes = {code.name for code, _, _ in pickletools.genops(pickled)}
            assert words == ["pulumi_neev.faces.dynamic", PROVIDERS[name]]
            # an object of a class that is imported, without a state of its own
            assert codes <= {
                "PROTO",
                "FRAME",
                "SHORT_BINUNICODE",
                "MEMOIZE",
                "STACK_GLOBAL",
                "EMPTY_TUPLE",
                "NEWOBJ",
                "STOP",
            }


@pytest.mark.engine
def test_an_old_state_is_no_change_and_can_be_destroyed(recorded: Path, project: Pulumi, tmp_path: Path) -> None:
    emulator = project.emulator
    old = resources(recorded)
    made = outside(emulator, "POST", "/sandboxes", {"name": old["box"]["outputs"]["name"]})
    emulator.advance(5)
    snapshot = outside(emulator, "POST", f"/sandboxes/{made['id']}/snapshots", {"name": old["kept"]["outputs"]["name"]})
    emulator.advance(5)
    state = recorded.read_text().replace(old["box"]["id"], made["id"]).replace(old["kept"]["id"], snapshot["id"])
    (tmp_path / "state.json").write_text(state)
    project.python(PROGRAM)
    imported = project.pulumi("stack", "import", "--file", str(tmp_path / "state.json"))
    assert imported.returncode == 0, imported.text

    assert project.preview().changes == {}
    # the fork is gone already, the other two are not
    project.destroy()
    assert (emulator.state()["sandboxes"], emulator.state()["snapshots"]) == (0, 0)
