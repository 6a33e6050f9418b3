"""A state that an earlier version wrote has no diff, and everything in it can be deleted.

`data/dynamic-VERSION.json` is `pulumi stack export` after `up` of `SANDBOXES` with that version, `dynamic-others-…` of
`OTHER_RESOURCES`, without the positions in the source, and with `RECORDED_URL` as the address of the API. To add one
for a release, record it in this way. Never change a recorded one.
"""

from __future__ import annotations

import base64
import json
import pickletools
from pathlib import Path
from typing import Any

import pytest
from tests.engine.project import PulumiProject, out_of_band_request
from tests.fakes.dynamic import PROVIDERS

RECORDED_URL = "http://127.0.0.1:1"
RECORDED_STATES = sorted((Path(__file__).parent / "data").glob("dynamic-*.json"))
SANDBOXES = """
import pulumi_neev as neev

egress = {"mode": "allow_list", "allow": [{"host": "pypi.org", "ports": [443]}]}
box = neev.Sandbox("box", cpu=1, env={"TOKEN": "of a test"}, egress=egress)
neev.Snapshot("kept", sandbox_id=box.id, retain_for="720h")
neev.SandboxFork("copy", source_sandbox_id=box.id, name="copy", paused=True)
"""
OTHER_RESOURCES = """
import pulumi
import pulumi_neev as neev

env = {"TOKEN": "of a test"}
box = neev.Sandbox("box")
neev.SandboxPool("fleet", replicas=2, cpu=1.5, env=env, max_surge=1)
steps = [
    {"path": "a", "content": "A"},
    {"path": "app", "source": pulumi.FileArchive("./app")},
    {"run": ["cat", "a"]},
]
neev.GoldenImage("image", steps=steps, env=env, history_limit=1)
script = neev.File("script", sandbox_id=box.id, path="bin/hello", content="echo hello", mode="0755")
neev.File("asset", sandbox_id=box.id, path="b", source=pulumi.FileAsset("./app/b"))
neev.Directory("folder", sandbox_id=box.id, path="app", source=pulumi.FileArchive("./app"))
hello = ["sh", "bin/hello"]
neev.Command("tool", sandbox_id=box.id, create=hello, delete=["true"], env=env, triggers=[script.sha256])
neev.Agent("coder", agent_template="code-server", config={"key": pulumi.Output.secret("of a test")}, env=env)
neev.PreviewPort("web", sandbox_id=box.id, port=8080)
"""
SERVICES = """
import pulumi_neev as neev

box = neev.Sandbox("box")
neev.EgressRule("rule", sandbox_id=box.id, host="pypi.org", ports=[443])
neev.Process(
    "server",
    sandbox_id=box.id,
    command=["sh", "-c", "echo up; exec sleep 600"],
    env={"TOKEN": "of a test"},
    triggers=[1],
    readiness={"log_pattern": "up"},
    stop={"signal": neev.StopSignal.SIGINT},
)
"""
PROGRAMS = {"dynamic": SANDBOXES, "dynamic-others": OTHER_RESOURCES, "dynamic-services": SERVICES}


def list_resources_by_name(recorded: Path) -> dict[str, dict[str, Any]]:
    """Return the dynamic resources of the recorded state, by name."""
    listed = json.loads(recorded.read_text())["deployment"]["resources"]
    return {item["urn"].rpartition("::")[2]: item for item in listed if "dynamic/neev" in item["type"]}


def read_type(resource: dict[str, Any]) -> str:
    """Return the kind of the resource."""
    return str(resource["type"]).rpartition(":")[2]


@pytest.mark.parametrize("recorded", RECORDED_STATES, ids=lambda path: path.stem)
def test_the_pickled_provider_in_the_state_is_only_a_class_name(recorded: Path) -> None:
    for resource in list_resources_by_name(recorded).values():
        for side in ("inputs", "outputs"):
            pickled = base64.b64decode(resource[side]["__provider"])
            words = [argument for _, argument, _ in pickletools.genops(pickled) if isinstance(argument, str)]
            codes = {code.name for code, _, _ in pickletools.genops(pickled)}
            assert words == ["pulumi_neev.dynamic_providers", f"{read_type(resource)}Provider"]
            # an object of an importable class, without a state of its own
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


def test_every_resource_type_is_in_a_recorded_state() -> None:
    assert {
        read_type(item) for recorded in RECORDED_STATES for item in list_resources_by_name(recorded).values()
    } == set(PROVIDERS)


@pytest.mark.engine
@pytest.mark.parametrize("recorded", RECORDED_STATES, ids=lambda path: path.stem)
def test_an_old_state_has_no_diff_and_can_be_destroyed(recorded: Path, project: PulumiProject, tmp_path: Path) -> None:
    emulator = project.emulator
    old = list_resources_by_name(recorded)
    created = out_of_band_request(emulator, "POST", "/sandboxes", {"name": old["box"]["outputs"]["name"]})
    emulator.advance(5)
    state = recorded.read_text().replace(RECORDED_URL, emulator.base_url).replace(old["box"]["id"], created["id"])
    if "kept" in old:
        path, name = f"/sandboxes/{created['id']}/snapshots", old["kept"]["outputs"]["name"]
        snapshot = out_of_band_request(emulator, "POST", path, {"name": name})
        emulator.advance(5)
        state = state.replace(old["kept"]["id"], snapshot["id"])
    (tmp_path / "state.json").write_text(state)
    project.write_python(PROGRAMS[recorded.stem.rpartition("-")[0]])
    (project.directory / "app").mkdir()
    (project.directory / "app" / "b").write_text("B")
    imported = project.run_pulumi("stack", "import", "--file", str(tmp_path / "state.json"))
    assert imported.returncode == 0, imported.text

    assert project.preview().changes == {}
    # the others are deleted already
    project.destroy()
    assert (emulator.state()["sandboxes"], emulator.state()["snapshots"]) == (0, 0)
