"""The invariants after a repair: the program, the state and the API agree."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from tests.chaos.rigs import OUTPUT_FILE, SOURCE_TREES, Rig
from tests.engine.project import StateResource, out_of_band_request, read_in_sandbox

from neev_emulator.testing import Emulator

SANDBOX_TYPES = ("Sandbox", "SandboxFork")
FIELDS = {"cpu": ("resources", "cpu"), "idleTimeoutSeconds": ("idle_timeout_seconds",), "image": ("image",)}
"""The place of each input in the API's response."""


class Project(Protocol):
    """A program with a state, and the emulator that it uses."""

    emulator: Emulator

    def list_resources(self) -> list[StateResource]:
        """Return the resources in the state."""


def check_invariants(project: Project, rig: Rig, foreign_ids: frozenset[str] = frozenset()) -> None:
    """Assert that the state and the API hold exactly the program's resources, besides foreign sandboxes."""
    held = project.list_resources()
    assert sorted((item.name, item.kind) for item in held) == sorted(
        (name, value["type"].rpartition(":")[2]) for name, value in rig.items()
    )
    assert [item.name for item in held if not item.is_complete] == []

    observed = SystemState(project.emulator, held, foreign_ids)
    observed.check_no_orphans()
    for name in rig:
        observed.check_resource(name, rig)


def check_everything_is_stored(project: Project, foreign_ids: frozenset[str]) -> None:
    """Assert that everything that an interrupted command created is in the state, and that nothing is tainted."""
    held = project.list_resources()
    observed = SystemState(project.emulator, held, foreign_ids)
    stored = json.dumps([item.outputs for item in held])
    assert [id for id in (*observed.sandboxes, *observed.agents) if id not in stored] == []
    assert [item.name for item in held if not item.is_complete] == []


def check_empty(project: Project) -> None:
    """Assert that the stack is empty and that no sandbox exists."""
    check_invariants(project, {})
    state = project.emulator.state()
    assert (state["sandboxes"], state["snapshots"], state["agents"]) == (0, 0, 0)


def _list_sandboxes(emulator: Emulator) -> list[dict[str, Any]]:
    """Return every sandbox from all pages."""
    found: list[dict[str, Any]] = []
    while True:
        page = out_of_band_request(emulator, "GET", f"/sandboxes?limit=100&page={len(found) // 100 + 1}")
        found += page["items"]
        if len(found) >= page["total"]:
            return found


@dataclass
class SystemState:
    """The objects of the API beside the state."""

    emulator: Emulator
    state_resources: list[StateResource]
    foreign_ids: frozenset[str] = frozenset()
    """The ids of sandboxes of other stacks."""

    def __post_init__(self) -> None:
        listed = _list_sandboxes(self.emulator)
        self.sandboxes: dict[str, Any] = {item["id"]: item for item in listed if item["id"] not in self.foreign_ids}
        self.agents = {item["id"]: item for item in out_of_band_request(self.emulator, "GET", "/agents")["items"]}

    def check_no_orphans(self) -> None:
        """Assert that the sandboxes of the API are those of the state, with the same ids and names."""
        of_agents = {type_.outputs["sandboxId"] for type_ in self._filter_types("Agent")}
        names = {id: value["name"] for id, value in self.sandboxes.items() if id not in of_agents}
        members = [output for pool in self._filter_types("SandboxPool") for output in pool.outputs["members"]]
        images = [
            (recipe, f"{image.id}-{recipe['recipeDigest']}")
            for image in self._filter_types("GoldenImage")
            for recipe in _list_recipes(image)
        ]
        assert names == {
            **_map_names(self._filter_types(*SANDBOX_TYPES)),
            **{member["id"]: member["name"] for member in members},
            **{item["builderId"]: names.get(item["builderId"]) for item, _ in images},
        }
        assert of_agents <= self.sandboxes.keys()
        assert {id: value["name"] for id, value in self.agents.items()} == _map_names(self._filter_types("Agent"))
        snapshots = {child["id"]: child.get("name") for _, child in self._list_children("snapshots", "items")}
        assert snapshots == {
            **_map_names(self._filter_types("Snapshot")),
            **{item["snapshotId"]: name for item, name in images},
        }
        ports = {f"{sandbox}/{child['port']}" for sandbox, child in self._list_children("ports", "ports")}
        assert ports == set(_map_names(self._filter_types("PreviewPort")))

    def check_resource(self, name: str, rig: Rig) -> None:
        """Assert that the resource with this name is as the program declares it."""
        (held,) = (resource for resource in self.state_resources if resource.name == name)
        if check := CHECKS.get(held.kind):
            check(self, held, rig[name].get("properties", {}), rig)

    def check_file_content(self, sandbox: str, path: str, content: str) -> None:
        """Assert that the file in the sandbox has this content."""
        exists = json.loads(read_in_sandbox(self.emulator, sandbox, path, "files/exists"))["exists"]
        assert exists, path
        assert read_in_sandbox(self.emulator, sandbox, path).decode() == content, path

    def _filter_types(self, *kinds: str) -> list[StateResource]:
        return [resource for resource in self.state_resources if resource.kind in kinds]

    def _list_children(self, path: str, key: str) -> Iterable[tuple[str, dict[str, Any]]]:
        for sandbox in self.sandboxes:
            for item in out_of_band_request(self.emulator, "GET", f"/sandboxes/{sandbox}/{path}")[key]:
                yield sandbox, item


def _check_sandbox(observed: SystemState, held: StateResource, properties: Mapping[str, Any], _rig: Rig) -> None:
    _check_properties(observed.sandboxes[held.id], properties)


def _check_pool(observed: SystemState, held: StateResource, properties: Mapping[str, Any], _rig: Rig) -> None:
    """Assert that the pool has the desired number of members, numbered, each as the pool declares it."""
    members = held.outputs["members"]
    names = [member["name"].removeprefix(f"{held.id}-").partition("-") for member in members]
    assert [index for _, _, index in names] == [str(index) for index in range(properties["replicas"])]
    assert len({generation for generation, _, _ in names}) == 1
    for member in members:
        _check_properties(observed.sandboxes[member["id"]], properties)


def _check_image(observed: SystemState, held: StateResource, properties: Mapping[str, Any], rig: Rig) -> None:
    """Assert that the image ran its steps, its builders are paused, and it keeps no more old builds than declared."""
    images = _list_recipes(held)
    assert images[0]["snapshotId"] == held.outputs["snapshotId"]
    assert len(images) <= 1 + properties["historyLimit"]
    assert {observed.sandboxes[image["builderId"]]["phase"] for image in images} == {"Paused"}
    output = f"${{{held.name}.snapshotId}}"
    for resource in observed.state_resources:
        created_from_it = rig[resource.name].get("properties", {}).get("snapshotId") == output
        if created_from_it and observed.sandboxes[resource.id]["phase"] == "Ready":
            observed.check_file_content(resource.id, OUTPUT_FILE, properties["steps"][0]["content"])


def _check_agent(observed: SystemState, held: StateResource, properties: Mapping[str, Any], _rig: Rig) -> None:
    there = observed.agents[held.id]
    assert there["sandbox_id"] == held.outputs["sandboxId"]
    _check_properties(observed.sandboxes[there["sandbox_id"]], properties)


def _check_file(observed: SystemState, held: StateResource, properties: Mapping[str, Any], _rig: Rig) -> None:
    observed.check_file_content(held.outputs["sandboxId"], properties["path"], properties["content"])


def _check_directory(observed: SystemState, held: StateResource, properties: Mapping[str, Any], _rig: Rig) -> None:
    """Assert that the directory contains the files of its folder, and none of a folder that it contained before."""
    sandbox, path, files = held.outputs["sandboxId"], properties["path"], SOURCE_TREES[properties["sourcePath"]]
    listed = json.loads(read_in_sandbox(observed.emulator, sandbox, path, "files/list", recursive=True))["entries"]
    there = {item["path"].partition(f"{path}/")[2] for item in listed if item["type"] == "file"}
    assert there == set(files)
    for name, content in files.items():
        observed.check_file_content(sandbox, f"{path}/{name}", content)


def _check_command(observed: SystemState, held: StateResource, properties: Mapping[str, Any], _rig: Rig) -> None:
    """Assert that the command has run at least once: its output exists."""
    observed.check_file_content(held.outputs["sandboxId"], OUTPUT_FILE, f"{properties['create'][-1].split()[1]}\n")


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
"""The checks of each kind beyond its existence."""


def _check_properties(observed: Mapping[str, Any], properties: Mapping[str, Any]) -> None:
    for name, path in FIELDS.items():
        if name in properties:
            value: Any = observed
            for part in path:
                value = value[part]
            assert value == properties[name], (observed["name"], name)
    assert observed["phase"] == ("Paused" if properties.get("paused") else "Ready"), observed["name"]
    if "egress" in properties:
        assert [rule["host"] for rule in observed["egress"]["allow"]] == [
            rule["host"] for rule in properties["egress"]["allow"]
        ]


def _map_names(held: Iterable[StateResource]) -> dict[str, str | None]:
    return {item.id: item.outputs.get("name") for item in held}


def _list_recipes(image: StateResource) -> list[dict[str, Any]]:
    images: list[dict[str, Any]] = image.outputs["images"]
    return images
