"""Random programs: a rig of sandboxes and what belongs to them, and random changes of it."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any

PREFIX = "rig-"
"""What the name of everything that a rig makes begins with."""
FIXED = "rig-fixed"
"""The name that the program chooses for a sandbox."""
SHARED = f"{PREFIX}shared"
"""The name that it chooses for a pool; every other one is made."""
FIRST = f"{PREFIX}first"
"""The sandbox that snapshots, forks, ports, files, directories and commands belong to."""
MACHINES = ("neev:index:Sandbox", "neev:index:SandboxFork")
TREES = {
    "trees/one": {"a.txt": "a\n", "below/b.txt": "b\n"},
    "trees/two": {"a.txt": "another a\n", "c.txt": "c\n"},
}
"""The folders beside a program that a directory may be given, and what is in them."""
HALF = 0.5
MADE = "made.txt"
"""The file that a command writes, and the last step of an image."""

Rig = dict[str, dict[str, Any]]
"""Resources of a YAML program, by their names."""


def grow_trees(directory: Path) -> None:
    """The folders are in the project's directory."""
    for folder, files in TREES.items():
        for name, content in files.items():
            path = directory / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")


def first(random: Random) -> Rig:
    """The rig that a story begins with."""
    rig: Rig = {
        FIRST: _resource("Sandbox"),
        f"{PREFIX}named": _resource("Sandbox", name=FIXED),
        SHARED: _resource("SandboxPool", name=SHARED, replicas=1),
    }
    for change in random.sample(EXTRAS, 3):
        change(rig, random)
    return rig


def changed(rig: Rig, random: Random) -> Rig:
    """The rig after one to three changes."""
    rig = deepcopy(rig)
    for change in random.choices((*EXTRAS, *IN_PLACE, another_image), k=random.randint(1, 3)):
        change(rig, random)
    return rig


def again(rig: Rig, name: str) -> Rig:
    """The rig in which a command is told to run once more."""
    rig = deepcopy(rig)
    rig[name]["properties"]["triggers"] = [*rig[name]["properties"].get("triggers", []), "again"]
    return rig


def resized(rig: Rig, random: Random) -> None:
    """A machine has another size, also where it comes from a snapshot."""
    _any_machine(rig, random)["cpu"] = random.choice((0.5, 1, 2, 4))


def another_window(rig: Rig, random: Random) -> None:
    """A machine has another idle window."""
    _any_machine(rig, random)["idleTimeoutSeconds"] = random.choice((3600, 7200, 10800))


def paused_or_resumed(rig: Rig, random: Random) -> None:
    """A machine that nothing depends on is paused, or runs."""
    machine = _any_machine(rig, random, but=FIRST)
    machine["paused"] = not machine.get("paused", False)


def another_guard(rig: Rig, random: Random) -> None:
    """A machine may reach something else."""
    host = random.choice(("pypi.org", "example.com"))
    _any_machine(rig, random)["egress"] = {"mode": "allow_list", "allow": [{"host": host, "ports": [443]}]}


def another_image(rig: Rig, random: Random) -> None:
    """A sandbox is replaced, and what belongs to it as well."""
    name = random.choice([name for name, each in rig.items() if _is_replaceable(each)])
    rig[name]["properties"]["image"] = random.choice(("docker.io/library/python:3.13", "docker.io/library/node:22"))


def spare(rig: Rig, random: Random) -> None:
    """Another sandbox comes, or goes."""
    _toggled(rig, f"{PREFIX}spare", _resource("Sandbox", cpu=random.choice((0.5, 1))))


def fork(rig: Rig, random: Random) -> None:
    """A fork comes, or goes."""
    _toggled(rig, f"{PREFIX}fork", _of_first("SandboxFork", "source", cpu=random.choice((1, 2))))


def snapshot(rig: Rig, random: Random) -> None:
    """A snapshot comes, is taken again, or goes, with the sandbox that is made from it."""
    taken = _of_first("Snapshot", triggers=[random.randrange(1000)])
    _with_sandbox(rig, random, taken, "id")


def image(rig: Rig, random: Random) -> None:
    """An image comes, is built from another recipe, or goes, with the sandbox that follows it."""
    steps = [
        {"path": "note.txt", "content": f"{random.random()}\n"},
        {"run": ["cp", "note.txt", MADE]},
    ]
    built = _resource("GoldenImage", steps=steps, keep=random.randint(0, 1))
    _with_sandbox(rig, random, built, "snapshotId")


def port(rig: Rig, random: Random) -> None:
    """A port is exposed, or no longer."""
    _toggled(rig, f"{PREFIX}port", _of_first("PreviewPort", port=random.choice((3000, 8080))))


def file(rig: Rig, random: Random) -> None:
    """A file is written, changed, or removed."""
    _changed_or_toggled(rig, random, _of_first("File", path="note.txt", content=f"{random.random()}\n"))


def directory(rig: Rig, random: Random) -> None:
    """A directory is written, changed, or removed."""
    _changed_or_toggled(rig, random, _of_first("Directory", path="tree", sourcePath=random.choice(tuple(TREES))))


def command(rig: Rig, random: Random) -> None:
    """A command comes, which may run any number of times, is another one, or goes."""
    argv = ["sh", "-c", f"echo {random.random()} > {MADE}"]
    _changed_or_toggled(rig, random, _of_first("Command", create=argv))


def pool(rig: Rig, random: Random) -> None:
    """A pool comes, is scaled, resized, paused or rolled, or goes."""
    size = {"replicas": random.randint(1, 3), "cpu": random.choice((1, 2)), "paused": random.random() < 0.3}
    made_from = {"env": {"STAGE": random.choice(("one", "two"))}}
    _changed_or_toggled(rig, random, _resource("SandboxPool", **size, **made_from))


def shared_pool(rig: Rig, random: Random) -> None:
    """The pool whose name another stack's has as well is scaled and rolled."""
    made_from = {"env": {"STAGE": random.choice(("one", "two"))}}
    rig[SHARED] = _resource("SandboxPool", name=SHARED, replicas=random.randint(1, 2), **made_from)


def agent(rig: Rig, random: Random) -> None:
    """An agent comes, is resized, paused or resumed, or goes."""
    size = {"cpu": random.choice((1, 2)), "paused": random.random() < HALF}
    _changed_or_toggled(rig, random, _resource("Agent", agentTemplate="batch-runner", **size))


Edit = Callable[[Rig, Random], None]
EXTRAS: tuple[Edit, ...] = (spare, fork, snapshot, image, port, file, directory, command, pool, agent)
IN_PLACE: tuple[Edit, ...] = (resized, another_window, paused_or_resumed, another_guard, shared_pool)


def _resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"type": f"neev:index:{kind}", "properties": properties}


def _of_first(kind: str, whose: str = "", **properties: Any) -> dict[str, Any]:
    name = f"{whose}SandboxId" if whose else "sandboxId"
    return _resource(kind, **{name: f"${{{FIRST}.id}}"}, **properties)


def _is_replaceable(resource: dict[str, Any]) -> bool:
    return resource["type"] == "neev:index:Sandbox" and "snapshotId" not in resource["properties"]


def _any_machine(rig: Rig, random: Random, but: str = "") -> dict[str, Any]:
    names = [name for name, each in rig.items() if each["type"] in MACHINES and name != but]
    properties: dict[str, Any] = rig[random.choice(names)]["properties"]
    return properties


def _toggled(rig: Rig, name: str, resource: dict[str, Any]) -> None:
    if rig.pop(name, None) is None:
        rig[name] = resource


def _changed_or_toggled(rig: Rig, random: Random, resource: dict[str, Any]) -> bool:
    """Whether it came or went: half the time what there is changes in its place."""
    name = _named_after(resource)
    if name in rig and random.random() < HALF:
        rig[name] = resource
        return False
    _toggled(rig, name, resource)
    return True


def _with_sandbox(rig: Rig, random: Random, resource: dict[str, Any], output: str) -> None:
    """What sandboxes can be made from comes, half the time with a sandbox, is changed, or goes with it."""
    if not _changed_or_toggled(rig, random, resource):
        return
    name = _named_after(resource)
    rig.pop(f"{name}-box", None)
    if name in rig and random.random() < HALF:
        rig[f"{name}-box"] = _resource("Sandbox", snapshotId=f"${{{name}.{output}}}")


def _named_after(resource: dict[str, Any]) -> str:
    return f"{PREFIX}{resource['type'].rpartition(':')[2].lower()}"
