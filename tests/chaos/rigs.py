"""Random programs: a rig of sandboxes with dependent resources, and random changes of it."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any

PREFIX = "rig-"
"""The prefix of the names of everything that a rig creates."""
AGENT_PREFIX = f"{PREFIX}agent"
"""The prefix of the names of agents."""
FIXED = "rig-fixed"
"""The name that the program chooses for a sandbox."""
SHARED = f"{PREFIX}shared"
"""The name that the program chooses for a pool. All other names are generated."""
FIRST = f"{PREFIX}first"
"""The sandbox that snapshots, forks, ports, files, directories and commands belong to."""
SANDBOX_TYPES = ("neev:index:Sandbox", "neev:index:SandboxFork")
SOURCE_TREES = {
    "trees/one": {"a.txt": "a\n", "below/b.txt": "b\n"},
    "trees/two": {"a.txt": "another a\n", "c.txt": "c\n"},
}
"""The folders beside a program that a directory may use as source, and their files."""
EVEN_CHANCE = 0.5
OUTPUT_FILE = "made.txt"
"""The file that a command and the last step of an image write."""

Rig = dict[str, dict[str, Any]]
"""Resources of a YAML program by name."""


def write_source_trees(directory: Path) -> None:
    """Write the folders into the project's directory."""
    for folder, files in SOURCE_TREES.items():
        for name, content in files.items():
            path = directory / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")


def create_initial_rig(random: Random) -> Rig:
    """Return the rig that a story begins with."""
    rig: Rig = {
        FIRST: _make_resource("Sandbox"),
        f"{PREFIX}named": _make_resource("Sandbox", name=FIXED),
        SHARED: _make_resource("SandboxPool", name=SHARED, replicas=1),
    }
    for change in random.sample(EXTRAS, 3):
        change(rig, random)
    return rig


def apply_changes(rig: Rig, random: Random) -> Rig:
    """Return the rig after one to three changes."""
    rig = deepcopy(rig)
    for change in random.choices((*EXTRAS, *IN_PLACE, replace_image), k=random.randint(1, 3)):
        change(rig, random)
    return rig


def rerun_command(rig: Rig, name: str) -> Rig:
    """Return the rig in which the command has to run once more."""
    rig = deepcopy(rig)
    rig[name]["properties"]["triggers"] = [*rig[name]["properties"].get("triggers", []), "again"]
    return rig


def resize(rig: Rig, random: Random) -> None:
    """Resize a machine, also one that comes from a snapshot."""
    _choose_sandbox(rig, random)["cpu"] = random.choice((0.5, 1, 2, 4))


def change_idle_timeout(rig: Rig, random: Random) -> None:
    """Change the idle timeout of a machine."""
    _choose_sandbox(rig, random)["idleTimeoutSeconds"] = random.choice((3600, 7200, 10800))


def toggle_paused(rig: Rig, random: Random) -> None:
    """Pause or resume a machine that nothing depends on."""
    machine = _choose_sandbox(rig, random, excluded=FIRST)
    machine["paused"] = not machine.get("paused", False)


def change_egress(rig: Rig, random: Random) -> None:
    """Change the egress policy of a machine."""
    host = random.choice(("pypi.org", "example.com"))
    _choose_sandbox(rig, random)["egress"] = {"mode": "allow_list", "allow": [{"host": host, "ports": [443]}]}


def replace_image(rig: Rig, random: Random) -> None:
    """Replace a sandbox and everything that belongs to it."""
    name = random.choice([name for name, value in rig.items() if _is_replaceable(value)])
    rig[name]["properties"]["image"] = random.choice(("docker.io/library/python:3.13", "docker.io/library/node:22"))


def toggle_spare(rig: Rig, random: Random) -> None:
    """Add or remove another sandbox."""
    _toggle(rig, f"{PREFIX}spare", _make_resource("Sandbox", cpu=random.choice((0.5, 1))))


def toggle_fork(rig: Rig, random: Random) -> None:
    """Add or remove a fork."""
    _toggle(rig, f"{PREFIX}fork", _make_child_of_first("SandboxFork", "source", cpu=random.choice((1, 2))))


def edit_snapshot(rig: Rig, random: Random) -> None:
    """Add, replace or remove a snapshot, with the sandbox that is created from it."""
    taken = _make_child_of_first("Snapshot", triggers=[random.randrange(1000)])
    _edit_with_sandbox(rig, random, taken, "id")


def edit_image(rig: Rig, random: Random) -> None:
    """Add, rebuild or remove an image, with the sandbox that follows it."""
    steps = [
        {"path": "note.txt", "content": f"{random.random()}\n"},
        {"run": ["cp", "note.txt", OUTPUT_FILE]},
    ]
    built = _make_resource("GoldenImage", steps=steps, historyLimit=random.randint(0, 1))
    _edit_with_sandbox(rig, random, built, "snapshotId")


def toggle_port(rig: Rig, random: Random) -> None:
    """Add or remove a port."""
    _toggle(rig, f"{PREFIX}port", _make_child_of_first("PreviewPort", port=random.choice((3000, 8080))))


def edit_file(rig: Rig, random: Random) -> None:
    """Add, change or remove a file."""
    _change_or_toggle(rig, random, _make_child_of_first("File", path="note.txt", content=f"{random.random()}\n"))


def edit_directory(rig: Rig, random: Random) -> None:
    """Add, change or remove a directory."""
    _change_or_toggle(
        rig, random, _make_child_of_first("Directory", path="tree", sourcePath=random.choice(tuple(SOURCE_TREES)))
    )


def edit_command(rig: Rig, random: Random) -> None:
    """Add, change or remove a command, which may run any number of times."""
    argv = ["sh", "-c", f"echo {random.random()} > {OUTPUT_FILE}"]
    _change_or_toggle(rig, random, _make_child_of_first("Command", create=argv))


def edit_pool(rig: Rig, random: Random) -> None:
    """Add, scale, resize, pause, roll or remove a pool."""
    size = {"replicas": random.randint(1, 3), "cpu": random.choice((1, 2)), "paused": random.random() < 0.3}
    created_from = {"env": {"STAGE": random.choice(("one", "two"))}}
    _change_or_toggle(rig, random, _make_resource("SandboxPool", **size, **created_from))


def edit_shared_pool(rig: Rig, random: Random) -> None:
    """Scale and roll the pool whose name another stack's pool has as well."""
    created_from = {"env": {"STAGE": random.choice(("one", "two"))}}
    rig[SHARED] = _make_resource("SandboxPool", name=SHARED, replicas=random.randint(1, 2), **created_from)


def edit_agent(rig: Rig, random: Random) -> None:
    """Add, resize, pause, resume or remove an agent."""
    size = {"cpu": random.choice((1, 2)), "paused": random.random() < EVEN_CHANCE}
    _change_or_toggle(rig, random, _make_resource("Agent", agentTemplate="batch-runner", **size))


Edit = Callable[[Rig, Random], None]
EXTRAS: tuple[Edit, ...] = (
    toggle_spare,
    toggle_fork,
    edit_snapshot,
    edit_image,
    toggle_port,
    edit_file,
    edit_directory,
    edit_command,
    edit_pool,
    edit_agent,
)
IN_PLACE: tuple[Edit, ...] = (resize, change_idle_timeout, toggle_paused, change_egress, edit_shared_pool)


def _make_resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"type": f"neev:index:{kind}", "properties": properties}


def _make_child_of_first(kind: str, whose: str = "", **properties: Any) -> dict[str, Any]:
    name = f"{whose}SandboxId" if whose else "sandboxId"
    return _make_resource(kind, **{name: f"${{{FIRST}.id}}"}, **properties)


def _is_replaceable(resource: dict[str, Any]) -> bool:
    return resource["type"] == "neev:index:Sandbox" and "snapshotId" not in resource["properties"]


def _choose_sandbox(rig: Rig, random: Random, excluded: str = "") -> dict[str, Any]:
    names = [name for name, value in rig.items() if value["type"] in SANDBOX_TYPES and name != excluded]
    properties: dict[str, Any] = rig[random.choice(names)]["properties"]
    return properties


def _toggle(rig: Rig, name: str, resource: dict[str, Any]) -> None:
    if rig.pop(name, None) is None:
        rig[name] = resource


def _change_or_toggle(rig: Rig, random: Random, resource: dict[str, Any]) -> bool:
    """Return whether the resource was added or removed. Half the time an existing one changes in place."""
    name = _get_dependent_name(resource)
    if name in rig and random.random() < EVEN_CHANCE:
        rig[name] = resource
        return False
    _toggle(rig, name, resource)
    return True


def _edit_with_sandbox(rig: Rig, random: Random, resource: dict[str, Any], output: str) -> None:
    """Add, change or remove what sandboxes can be created from, half the time with a sandbox."""
    if not _change_or_toggle(rig, random, resource):
        return
    name = _get_dependent_name(resource)
    rig.pop(f"{name}-box", None)
    if name in rig and random.random() < EVEN_CHANCE:
        rig[f"{name}-box"] = _make_resource("Sandbox", snapshotId=f"${{{name}.{output}}}")


def _get_dependent_name(resource: dict[str, Any]) -> str:
    return f"{PREFIX}{resource['type'].rpartition(':')[2].lower()}"
