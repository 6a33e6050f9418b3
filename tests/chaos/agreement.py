"""What has to be true after a repair: the program, the state and the platform say the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.request import Request, urlopen

from tests.chaos.rigs import Rig
from tests.engine.project import Pulumi, outside

from pulumi_neev.emulator.serve import Emulator

MACHINES = ("Sandbox", "SandboxFork")
FIELDS = {"cpu": ("resources", "cpu"), "idleTimeoutSeconds": ("idle_timeout_seconds",), "image": ("image",)}
"""Where the platform answers with an input."""


def agree(project: Pulumi, rig: Rig) -> None:
    """Exactly what the program says is in the state and on the platform, as the program says it."""
    deployment = project.export()["deployment"]
    held = [each for each in deployment.get("resources", []) if not each["type"].startswith("pulumi:")]
    assert not deployment.get("pending_operations"), "operations are still pending"
    assert {_name(each): _kind(each) for each in held} == {name: _kind(each) for name, each in rig.items()}
    assert not [_name(each) for each in held if each.get("delete") or each.get("initErrors")]

    emulator = project.emulator
    there = {each["id"]: each for each in outside(emulator, "GET", "/sandboxes?limit=100")["items"]}
    assert _names(held, *MACHINES) == {id: each["name"] for id, each in there.items()}
    assert _names(held, "Snapshot") == _belongings(emulator, there, "snapshots", "items", lambda each: each["id"])
    ports = _belongings(emulator, there, "ports", "ports", lambda each: each["port"])
    assert set(_names(held, "PreviewPort")) == set(ports)
    for each in held:
        properties = rig[_name(each)].get("properties", {})
        if _kind(each) in MACHINES:
            _as_asked(there[each["id"]], properties)
        elif _kind(each) == "File":
            sandbox = there[each["outputs"]["sandboxId"]]
            assert _content(emulator, sandbox, properties["path"]) == properties["content"]


def empty(project: Pulumi) -> None:
    """Nothing is left, neither in the state nor on the platform."""
    agree(project, {})
    state = project.emulator.state()
    assert (state["sandboxes"], state["snapshots"]) == (0, 0)


def _as_asked(seen: Mapping[str, Any], properties: Mapping[str, Any]) -> None:
    for name, path in FIELDS.items():
        if name in properties:
            value: Any = seen
            for part in path:
                value = value[part]
            assert value == properties[name], (seen["name"], name)
    assert seen["phase"] == ("Paused" if properties.get("paused") else "Ready"), seen["name"]
    if "egress" in properties:
        assert [rule["host"] for rule in seen["egress"]["allow"]] == [
            rule["host"] for rule in properties["egress"]["allow"]
        ]


def _names(held: list[dict[str, Any]], *kinds: str) -> dict[str, str | None]:
    return {each["id"]: each["outputs"].get("name") for each in held if _kind(each) in kinds}


def _belongings(emulator: Emulator, sandboxes: Mapping[str, Any], path: str, key: str, id: Any) -> dict[str, Any]:
    found = {}
    for sandbox in sandboxes:
        for each in outside(emulator, "GET", f"/sandboxes/{sandbox}/{path}")[key]:
            found[id(each) if path == "snapshots" else f"{sandbox}/{id(each)}"] = each.get("name")
    return found


def _content(emulator: Emulator, sandbox: Mapping[str, Any], path: str) -> str:
    headers = {
        "Authorization": f"Bearer {emulator.api_key}",
        "X-Sandbox-Id": sandbox["id"],
        "Content-Type": "application/json",
    }
    body = json.dumps({"path": path}).encode()
    with urlopen(Request(f"{sandbox['connect_url']}/v1/files/read", body, headers, method="POST")) as answer:
        content: bytes = answer.read()
    return content.decode()


def _name(resource: Mapping[str, Any]) -> str:
    return str(resource["urn"]).rpartition("::")[2]


def _kind(resource: Mapping[str, Any]) -> str:
    # `neev:index:Sandbox` of the plugin, `pulumi-python:dynamic:Sandbox` of a Python program
    return str(resource["type"]).rpartition(":")[2].rpartition("/")[2]
