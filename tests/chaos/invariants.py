"""What has to be true after a repair: the program, the state and the platform say the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.chaos.rigs import MADE, TREES, Rig
from tests.engine.project import Pulumi, inside, outside

from neev_emulator.testing import Emulator

MACHINES = ("Sandbox", "SandboxFork")
FIELDS = {"cpu": ("resources", "cpu"), "idleTimeoutSeconds": ("idle_timeout_seconds",), "image": ("image",)}
"""Where the platform answers with an input."""

Held = Mapping[str, Any]
"""A resource as the state holds it."""


def agree(project: Pulumi, rig: Rig, others: frozenset[str] = frozenset()) -> None:
    """Exactly what the program says is in the state and on the platform, as it says it, but for sandboxes of others."""
    deployment = project.export()["deployment"]
    held = [each for each in deployment.get("resources", []) if not each["type"].startswith("pulumi:")]
    assert not deployment.get("pending_operations"), "operations are still pending"
    assert {_name(each): _kind(each) for each in held} == {name: _kind(each) for name, each in rig.items()}
    assert not [_name(each) for each in held if each.get("delete") or each.get("initErrors")]

    seen = Seen(project.emulator, held, others)
    seen.nothing_besides()
    for name in rig:
        seen.as_said(name, rig)


def empty(project: Pulumi) -> None:
    """Nothing is left, neither in the state nor on the platform."""
    agree(project, {})
    state = project.emulator.state()
    assert (state["sandboxes"], state["snapshots"], state["agents"]) == (0, 0, 0)


def _sandboxes(emulator: Emulator) -> list[dict[str, Any]]:
    """Every sandbox, from as many pages as there are."""
    found: list[dict[str, Any]] = []
    while True:
        page = outside(emulator, "GET", f"/sandboxes?limit=100&page={len(found) // 100 + 1}")
        found += page["items"]
        if len(found) >= page["total"]:
            return found


@dataclass
class Seen:
    """The platform, beside what the state holds."""

    emulator: Emulator
    held: list[dict[str, Any]]
    others: frozenset[str] = frozenset()
    """The ids of sandboxes of others."""

    def __post_init__(self) -> None:
        listed = _sandboxes(self.emulator)
        self.sandboxes: dict[str, Any] = {each["id"]: each for each in listed if each["id"] not in self.others}
        self.agents = {each["id"]: each for each in outside(self.emulator, "GET", "/agents")["items"]}

    def nothing_besides(self) -> None:
        """What is there is what the state holds, under the same ids and names."""
        of_agents = {each["outputs"]["sandboxId"] for each in self._of("Agent")}
        names = {id: each["name"] for id, each in self.sandboxes.items() if id not in of_agents}
        members = [each for pool in self._of("SandboxPool") for each in pool["outputs"]["members"]]
        images = [
            (each, f"{image['id']}-{each['recipe']}") for image in self._of("GoldenImage") for each in _built(image)
        ]
        assert names == {
            **_names(self._of(*MACHINES)),
            **{each["id"]: each["name"] for each in members},
            **{each["builderId"]: names.get(each["builderId"]) for each, _ in images},
        }
        assert of_agents <= self.sandboxes.keys()
        assert {id: each["name"] for id, each in self.agents.items()} == _names(self._of("Agent"))
        snapshots = {each["id"]: each.get("name") for _, each in self._below("snapshots", "items")}
        assert snapshots == {**_names(self._of("Snapshot")), **{each["snapshotId"]: name for each, name in images}}
        ports = {f"{sandbox}/{each['port']}" for sandbox, each in self._below("ports", "ports")}
        assert ports == set(_names(self._of("PreviewPort")))

    def as_said(self, name: str, rig: Rig) -> None:
        """The resource with this name is as the program says."""
        (held,) = (each for each in self.held if _name(each) == name)
        if check := CHECKS.get(_kind(held)):
            check(self, held, rig[name].get("properties", {}), rig)

    def holds(self, sandbox: str, path: str, content: str) -> None:
        """The file in the sandbox is this."""
        exists = json.loads(inside(self.emulator, sandbox, path, "files/exists"))["exists"]
        assert exists, path
        assert inside(self.emulator, sandbox, path).decode() == content, path

    def _of(self, *kinds: str) -> list[dict[str, Any]]:
        return [each for each in self.held if _kind(each) in kinds]

    def _below(self, path: str, key: str) -> Iterable[tuple[str, dict[str, Any]]]:
        for sandbox in self.sandboxes:
            for each in outside(self.emulator, "GET", f"/sandboxes/{sandbox}/{path}")[key]:
                yield sandbox, each


def _machine(seen: Seen, held: Held, properties: Mapping[str, Any], _rig: Rig) -> None:
    _as_asked(seen.sandboxes[held["id"]], properties)


def _pool(seen: Seen, held: Held, properties: Mapping[str, Any], _rig: Rig) -> None:
    """As many members as it is to have, numbered, each as the pool says."""
    members = held["outputs"]["members"]
    names = [each["name"].removeprefix(f"{held['id']}-").partition("-") for each in members]
    assert [index for _, _, index in names] == [str(index) for index in range(properties["replicas"])]
    assert len({generation for generation, _, _ in names}) == 1
    for each in members:
        _as_asked(seen.sandboxes[each["id"]], properties)


def _image(seen: Seen, held: Held, properties: Mapping[str, Any], rig: Rig) -> None:
    """It was built by its steps, its builders sleep, and no more earlier ones are there than it keeps."""
    images = _built(held)
    assert images[0]["snapshotId"] == held["outputs"]["snapshotId"]
    assert len(images) <= 1 + properties["keep"]
    assert {seen.sandboxes[each["builderId"]]["phase"] for each in images} == {"Paused"}
    output = f"${{{_name(held)}.snapshotId}}"
    for each in seen.held:
        made_from_it = rig[_name(each)].get("properties", {}).get("snapshotId") == output
        if made_from_it and seen.sandboxes[each["id"]]["phase"] == "Ready":
            seen.holds(each["id"], MADE, properties["steps"][0]["content"])


def _agent(seen: Seen, held: Held, properties: Mapping[str, Any], _rig: Rig) -> None:
    there = seen.agents[held["id"]]
    assert there["sandbox_id"] == held["outputs"]["sandboxId"]
    _as_asked(seen.sandboxes[there["sandbox_id"]], properties)


def _file(seen: Seen, held: Held, properties: Mapping[str, Any], _rig: Rig) -> None:
    seen.holds(held["outputs"]["sandboxId"], properties["path"], properties["content"])


def _directory(seen: Seen, held: Held, properties: Mapping[str, Any], _rig: Rig) -> None:
    """It holds the files of its folder, and none of another one that it held before."""
    sandbox, path, files = held["outputs"]["sandboxId"], properties["path"], TREES[properties["sourcePath"]]
    listed = json.loads(inside(seen.emulator, sandbox, path, "files/list", recursive=True))["entries"]
    there = {each["path"].partition(f"{path}/")[2] for each in listed if each["type"] == "file"}
    assert there == set(files)
    for name, content in files.items():
        seen.holds(sandbox, f"{path}/{name}", content)


def _command(seen: Seen, held: Held, properties: Mapping[str, Any], _rig: Rig) -> None:
    """It has run, once or more often: what it writes is there."""
    seen.holds(held["outputs"]["sandboxId"], MADE, f"{properties['create'][-1].split()[1]}\n")


Check = Callable[[Seen, Held, Mapping[str, Any], Rig], None]
CHECKS: dict[str, Check] = {
    **dict.fromkeys(MACHINES, _machine),
    "SandboxPool": _pool,
    "GoldenImage": _image,
    "Agent": _agent,
    "File": _file,
    "Directory": _directory,
    "Command": _command,
}
"""What is looked at beyond that it is there."""


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


def _names(held: Iterable[Held]) -> dict[str, str | None]:
    return {each["id"]: each["outputs"].get("name") for each in held}


def _built(image: Held) -> list[dict[str, Any]]:
    images: list[dict[str, Any]] = image["outputs"]["images"]
    return images


def _name(resource: Held) -> str:
    return str(resource["urn"]).rpartition("::")[2]


def _kind(resource: Held) -> str:
    # `neev:index:Sandbox` of the plugin, `pulumi-python:dynamic:Sandbox` of a Python program
    return str(resource["type"]).rpartition(":")[2].rpartition("/")[2]
