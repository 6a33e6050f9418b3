"""Random programs: a rig of sandboxes and what belongs to them, and random changes of it."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from random import Random
from typing import Any

PREFIX = "rig-"
"""What the name of everything that a rig makes begins with."""
FIXED = "rig-fixed"
"""The one name that the program chooses; the others are made."""
FIRST = f"{PREFIX}first"
"""The sandbox that snapshots, forks, ports and files belong to."""
MACHINES = ("neev:index:Sandbox", "neev:index:SandboxFork")

Rig = dict[str, dict[str, Any]]
"""Resources of a YAML program, by their names."""


def first(random: Random) -> Rig:
    """The rig that a story begins with."""
    rig: Rig = {FIRST: _sandbox(), f"{PREFIX}named": _sandbox(name=FIXED)}
    for change in random.sample(EXTRAS, 3):
        change(rig, random)
    return rig


def changed(rig: Rig, random: Random) -> Rig:
    """The rig after one to three changes."""
    rig = deepcopy(rig)
    for change in random.choices((*EXTRAS, *IN_PLACE, another_image), k=random.randint(1, 3)):
        change(rig, random)
    return rig


def resized(rig: Rig, random: Random) -> None:
    """A machine has another size, unless it comes from a snapshot, with whose size alone it can be made."""
    cpu, machine = random.choice((0.5, 1, 2, 4)), _any_machine(rig, random)
    if "snapshotId" not in machine:
        machine["cpu"] = cpu


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
    _toggled(rig, f"{PREFIX}spare", _sandbox(cpu=random.choice((0.5, 1))))


def fork(rig: Rig, random: Random) -> None:
    """A fork comes, or goes."""
    properties = {"sourceSandboxId": f"${{{FIRST}.id}}", "cpu": random.choice((1, 2))}
    _toggled(rig, f"{PREFIX}fork", {"type": "neev:index:SandboxFork", "properties": properties})


def snapshot(rig: Rig, random: Random) -> None:
    """A snapshot comes, is taken again, or goes, with the sandbox that is made from it."""
    name, restored = f"{PREFIX}snapshot", f"{PREFIX}restored"
    properties = {"sandboxId": f"${{{FIRST}.id}}", "triggers": [random.randrange(1000)]}
    if name in rig and random.random() < 0.5:
        rig[name]["properties"] = properties
        return
    _toggled(rig, name, {"type": "neev:index:Snapshot", "properties": properties})
    rig.pop(restored, None)
    if name in rig and random.random() < 0.5:
        rig[restored] = _sandbox(snapshotId=f"${{{name}.id}}")


def port(rig: Rig, random: Random) -> None:
    """A port is exposed, or no longer."""
    properties = {"sandboxId": f"${{{FIRST}.id}}", "port": random.choice((3000, 8080))}
    _toggled(rig, f"{PREFIX}port", {"type": "neev:index:PreviewPort", "properties": properties})


def file(rig: Rig, random: Random) -> None:
    """A file is written, changed, or removed."""
    name = f"{PREFIX}file"
    properties = {"sandboxId": f"${{{FIRST}.id}}", "path": "note.txt", "content": f"{random.random()}\n"}
    if name in rig and random.random() < 0.5:
        rig[name]["properties"] = properties
        return
    _toggled(rig, name, {"type": "neev:index:File", "properties": properties})


Edit = Callable[[Rig, Random], None]
EXTRAS: tuple[Edit, ...] = (spare, fork, snapshot, port, file)
IN_PLACE: tuple[Edit, ...] = (resized, another_window, paused_or_resumed, another_guard)


def _sandbox(**properties: Any) -> dict[str, Any]:
    return {"type": "neev:index:Sandbox", "properties": properties}


def _is_replaceable(resource: dict[str, Any]) -> bool:
    return resource["type"] == "neev:index:Sandbox" and "snapshotId" not in resource["properties"]


def _any_machine(rig: Rig, random: Random, but: str = "") -> dict[str, Any]:
    names = [name for name, each in rig.items() if each["type"] in MACHINES and name != but]
    properties: dict[str, Any] = rig[random.choice(names)]["properties"]
    return properties


def _toggled(rig: Rig, name: str, resource: dict[str, Any]) -> None:
    if rig.pop(name, None) is None:
        rig[name] = resource
