"""A state that an earlier version of the plugin wrote has no diff, and can be refreshed and destroyed.

`data/plugin-VERSION.json` is `pulumi stack export` after `up` of `SANDBOXES` with that version, `plugin-others-…` of
`OTHER_RESOURCES`, without the positions in the source, and with `RECORDED_URL` as the address of the API. To add one
for a release, record it in this way. Never change a recorded one.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.engine.project import PulumiProject
from tests.engine.test_dynamic_old_state import RECORDED_URL

from neev_provider.resources import RESOURCES

RECORDED_STATES = sorted((Path(__file__).parent / "data").glob("plugin-*.json"))
EGRESS = {"mode": "allow_list", "allow": [{"host": "pypi.org", "ports": [443]}, {"host": "10.0.0.0/8"}]}
SANDBOXES: dict[str, Any] = {
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
STEPS = [{"path": "a", "content": "A"}, {"path": "app", "source": {"fn::fileArchive": "./app"}}, {"run": ["cat", "a"]}]
IN_BOX = {"sandboxId": "${box.id}"}
ENV = {"TOKEN": "of a test"}
OTHER_RESOURCES: dict[str, Any] = {
    "box": {"type": "neev:index:Sandbox"},
    "fleet": {
        "type": "neev:index:SandboxPool",
        "properties": {"replicas": 2, "cpu": 1.5, "env": dict(ENV), "maxSurge": 1},
    },
    "image": {"type": "neev:index:GoldenImage", "properties": {"steps": STEPS, "env": dict(ENV), "historyLimit": 1}},
    "script": {
        "type": "neev:index:File",
        "properties": {**IN_BOX, "path": "bin/hello", "content": "echo hello", "mode": "0755"},
    },
    "asset": {"type": "neev:index:File", "properties": {**IN_BOX, "path": "b", "source": {"fn::fileAsset": "./app/b"}}},
    "folder": {
        "type": "neev:index:Directory",
        "properties": {**IN_BOX, "path": "app", "source": {"fn::fileArchive": "./app"}},
    },
    "tool": {
        "type": "neev:index:Command",
        "properties": {
            **IN_BOX,
            "create": ["sh", "bin/hello"],
            "delete": ["true"],
            "env": dict(ENV),
            "triggers": ["${script.sha256}"],
        },
    },
    "coder": {
        "type": "neev:index:Agent",
        "properties": {
            "agentTemplate": "code-server",
            "config": {"key": {"fn::secret": "of a test"}},
            "env": dict(ENV),
        },
    },
    "web": {"type": "neev:index:PreviewPort", "properties": {**IN_BOX, "port": 8080}},
}
SERVICES: dict[str, Any] = {
    "box": {"type": "neev:index:Sandbox"},
    "rule": {"type": "neev:index:EgressRule", "properties": {**IN_BOX, "host": "pypi.org", "ports": [443]}},
    "server": {
        "type": "neev:index:Process",
        "properties": {
            **IN_BOX,
            "command": ["sh", "-c", "echo up; exec sleep 600"],
            "env": dict(ENV),
            "triggers": [1],
            "readiness": {"logPattern": "up"},
            "stop": {"signal": "SIGINT"},
        },
    },
}
PROGRAMS = {"plugin": SANDBOXES, "plugin-others": OTHER_RESOURCES, "plugin-services": SERVICES}

pytestmark = pytest.mark.engine


def list_types(recorded: Path) -> set[str]:
    """Return the kinds of resources in the state."""
    types = {load["type"] for load in json.loads(recorded.read_text())["deployment"]["resources"]}
    return {type_.removeprefix("neev:index:") for type_ in types if type_.startswith("neev:")}


def test_every_resource_type_is_in_a_recorded_state() -> None:
    assert {kind for recorded in RECORDED_STATES for kind in list_types(recorded)} == {
        resource.name for resource in RESOURCES
    }


@pytest.mark.parametrize("recorded", RECORDED_STATES, ids=lambda path: path.stem)
def test_an_old_state_has_no_diff_and_can_be_destroyed(recorded: Path, project: PulumiProject, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    state.write_text(recorded.read_text().replace(RECORDED_URL, project.emulator.base_url))
    program = PROGRAMS[recorded.stem.rpartition("-")[0]]
    project.write_yaml(program)
    (project.directory / "app").mkdir()
    (project.directory / "app" / "b").write_text("B")
    imported = project.run_pulumi("stack", "import", "--file", str(state))
    assert imported.returncode == 0, imported.text

    preview = project.preview()
    assert preview.changes == {}
    assert project.emulator.requests == []
    # none of it exists at this API: a refresh detects that, and so does a destroy
    assert project.refresh().changes == dict.fromkeys(program, "delete")
    imported = project.run_pulumi("stack", "import", "--file", str(state))
    assert imported.returncode == 0, imported.text
    project.destroy()
    assert project.export()["deployment"].get("resources", []) == []
