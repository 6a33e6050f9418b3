"""What has to be true after a repair: the program, the state and the platform say the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.chaos.rigs import OUTPUT_FILE, SOURCE_TREES, Rig
from tests.engine.project import PulumiProject, out_of_band_request, read_in_sandbox

from neev_emulator.testing import Emulator

SANDBOX_TYPES = ("Sandbox", "SandboxFork")
FIELDS = {"cpu": ("resources", "cpu"), "idleTimeoutSeconds": ("idle_timeout_seconds",), "image": ("image",)}
"""Where the platform answers with an input."""

StateResource = Mapping[str, Any]
"""A resource as the state holds it."""


def check_invariants(project: PulumiProject, rig: Rig, foreign_ids: frozenset[str] = frozenset()) -> None:
    """Exactly what the program says is in the state and on the platform, as it says it, but for sandboxes of others."""
    deployment = project.export()["deployment"]
    held = [each for each in deployment.get("resources", []) if not each["type"].startswith("pulumi:")]
    assert not deployment.get("pending_operations"), "operations are still pending"
    assert {_name(each): _kind(each) for each in held} == {name: _kind(each) for name, each in rig.items()}
    assert not [_name(each) for each in held if each.get("delete") or each.get("initErrors")]

    seen = SystemState(project.emulator, held, foreign_ids)
    seen.check_no_orphans()
    for name in rig:
        seen.check_resource(name, rig)


def check_empty(project: PulumiProject) -> None:
    """Nothing is left, neither in the state nor on the platform."""
    check_invariants(project, {})
    state = project.emulator.state()
    assert (state["sandboxes"], state["snapshots"], state["agents"]) == (0, 0, 0)


def _sandboxes(emulator: Emulator) -> list[dict[str, Any]]:
    """Every sandbox, from as many pages as there are."""
    found: list[dict[str, Any]] = []
    while True:
        page = out_of_band_request(emulator, "GET", f"/sandboxes?limit=100&page={len(found) // 100 + 1}")
        found += page["items"]
        if len(found) >= page["total"]:
            return found


@dataclass
class SystemState:
    """The platform, beside what the state holds."""

    emulator: Emulator
    state_resources: list[dict[str, Any]]
    foreign_ids: frozenset[str] = frozenset()
    """The ids of sandboxes of others."""

    def __post_init__(self) -> None:
        listed = _sandboxes(self.emulator)
        self.sandboxes: dict[str, Any] = {each["id"]: each for each in listed if each["id"] not in self.foreign_ids}
        self.agents = {each["id"]: each for each in out_of_band_request(self.emulator, "GET", "/agents")["items"]}

    def check_no_orphans(self) -> None:
        """What is there is what the state holds, under the same ids and names."""
        of_agents = {each["outputs"]["sandboxId"] for each in self._of_types("Agent")}
        names = {id: each["name"] for id, each in self.sandboxes.items() if id not in of_agents}
        members = [each for pool in self._of_types("SandboxPool") for each in pool["outputs"]["members"]]
        images = [
            (each, f"{image['id']}-{each['recipe']}")
            for image in self._of_types("GoldenImage")
            for each in _image_recipes(image)
        ]
        assert names == {
            **_names(self._of_types(*SANDBOX_TYPES)),
            **{each["id"]: each["name"] for each in members},
            **{each["builderId"]: names.get(each["builderId"]) for each, _ in images},
        }
        assert of_agents <= self.sandboxes.keys()
        assert {id: each["name"] for id, each in self.agents.items()} == _names(self._of_types("Agent"))
        snapshots = {each["id"]: each.get("name") for _, each in self._list_children("snapshots", "items")}
        assert snapshots == {
            **_names(self._of_types("Snapshot")),
            **{each["snapshotId"]: name for each, name in images},
        }
        ports = {f"{sandbox}/{each['port']}" for sandbox, each in self._list_children("ports", "ports")}
        assert ports == set(_names(self._of_types("PreviewPort")))

    def check_resource(self, name: str, rig: Rig) -> None:
        """The resource with this name is as the program says."""
        (held,) = (each for each in self.state_resources if _name(each) == name)
        if check := CHECKS.get(_kind(held)):
            check(self, held, rig[name].get("properties", {}), rig)

    def check_file_content(self, sandbox: str, path: str, content: str) -> None:
        """The file in the sandbox is this."""
        exists = json.loads(read_in_sandbox(self.emulator, sandbox, path, "files/exists"))["exists"]
        assert exists, path
        assert read_in_sandbox(self.emulator, sandbox, path).decode() == content, path

    def _of_types(self, *kinds: str) -> list[dict[str, Any]]:
        return [each for each in self.state_resources if _kind(each) in kinds]

    def _list_children(self, path: str, key: str) -> Iterable[tuple[str, dict[str, Any]]]:
        for sandbox in self.sandboxes:
            for each in out_of_band_request(self.emulator, "GET", f"/sandboxes/{sandbox}/{path}")[key]:
                yield sandbox, each


def _check_sandbox(seen: SystemState, held: StateResource, properties: Mapping[str, Any], _rig: Rig) -> None:
    _check_properties(seen.sandboxes[held["id"]], properties)


def _check_pool(seen: SystemState, held: StateResource, properties: Mapping[str, Any], _rig: Rig) -> None:
    """As many members as it is to have, numbered, each as the pool says."""
    members = held["outputs"]["members"]
    names = [each["name"].removeprefix(f"{held['id']}-").partition("-") for each in members]
    assert [index for _, _, index in names] == [str(index) for index in range(properties["replicas"])]
    assert len({generation for generation, _, _ in names}) == 1
    for each in members:
        _check_properties(seen.sandboxes[each["id"]], properties)


def _check_image(seen: SystemState, held: StateResource, properties: Mapping[str, Any], rig: Rig) -> None:
    """It was built by its steps, its builders sleep, and no more earlier ones are there than it keeps."""
    images = _image_recipes(held)
    assert images[0]["snapshotId"] == held["outputs"]["snapshotId"]
    assert len(images) <= 1 + properties["keep"]
    assert {seen.sandboxes[each["builderId"]]["phase"] for each in images} == {"Paused"}
    output = f"${{{_name(held)}.snapshotId}}"
    for each in seen.state_resources:
        made_from_it = rig[_name(each)].get("properties", {}).get("snapshotId") == output
        if made_from_it and seen.sandboxes[each["id"]]["phase"] == "Ready":
            seen.check_file_content(each["id"], OUTPUT_FILE, properties["steps"][0]["content"])


def _check_agent(seen: SystemState, held: StateResource, properties: Mapping[str, Any], _rig: Rig) -> None:
    there = seen.agents[held["id"]]
    assert there["sandbox_id"] == held["outputs"]["sandboxId"]
    _check_properties(seen.sandboxes[there["sandbox_id"]], properties)


def _check_file(seen: SystemState, held: StateResource, properties: Mapping[str, Any], _rig: Rig) -> None:
    seen.check_file_content(held["outputs"]["sandboxId"], properties["path"], properties["content"])


def _check_directory(seen: SystemState, held: StateResource, properties: Mapping[str, Any], _rig: Rig) -> None:
    """It holds the files of its folder, and none of another one that it held before."""
    sandbox, path, files = held["outputs"]["sandboxId"], properties["path"], SOURCE_TREES[properties["sourcePath"]]
    listed = json.loads(read_in_sandbox(seen.emulator, sandbox, path, "files/list", recursive=True))["entries"]
    there = {each["path"].partition(f"{path}/")[2] for each in listed if each["type"] == "file"}
    assert there == set(files)
    for name, content in files.items():
        seen.check_file_content(sandbox, f"{path}/{name}", content)


def _check_command(seen: SystemState, held: StateResource, properties: Mapping[str, Any], _rig: Rig) -> None:
    """It has run, once or more often: what it writes is there."""
    seen.check_file_content(held["outputs"]["sandboxId"], OUTPUT_FILE, f"{properties['create'][-1].split()[1]}\n")


Check = Callable[[SystemState, StateResource, Mapping[str, Any], Rig], None]
CHECKS: dict[str, Check] = {
    **dict.fromkeys(SANDBOX_TYPES, _check_sandbox),
    "SandboxPool": _check_pool,
    "GoldenImage": _check_image,
    "Agent": _check_agent,
    "File": _check_file,
    "Directory": _check_directory,
    "Command": _check_command,
}
"""What is looked at beyond that it is there."""


def _check_properties(seen: Mapping[str, Any], properties: Mapping[str, Any]) -> None:
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


def _names(held: Iterable[StateResource]) -> dict[str, str | None]:
    return {each["id"]: each["outputs"].get("name") for each in held}


def _image_recipes(image: StateResource) -> list[dict[str, Any]]:
    images: list[dict[str, Any]] = image["outputs"]["images"]
    return images


def _name(resource: StateResource) -> str:
    return str(resource["urn"]).rpartition("::")[2]


def _kind(resource: StateResource) -> str:
    # `neev:index:Sandbox` of the plugin, `pulumi-python:dynamic:Sandbox` of a Python program
    return str(resource["type"]).rpartition(":")[2].rpartition("/")[2]
