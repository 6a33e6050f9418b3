"""What a user does after an accident: the stack is unlocked, and holds exactly what was made for it."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import psutil
from tests.chaos.stories import Victim
from tests.engine.project import STACK, Pulumi, outside, until

PLUGIN = "pulumi-resource-neev"


def repair(project: Pulumi, victim: Victim) -> None:
    """The stack can be updated, and holds everything that was made for it."""
    if victim is Victim.ENGINE:
        # the plugin leaves by itself; what it still has in hand is done or not by then
        until(lambda: not any(map(is_plugin, project.processes())))
    done = subprocess.run(
        [f"{sys.prefix}/bin/pulumi-neev", "recover", "--stack", STACK, "--cancel", "--yes"],
        cwd=project.directory,
        env=project.env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    if victim is Victim.PLUGIN:
        sweep(project)


def sweep(project: Pulumi) -> None:
    """Nothing is there that the state does not hold."""
    held = {each.get("id") for each in project.export()["deployment"].get("resources", [])}
    for each in _there(project):
        if each["id"] not in held:
            kind = "snapshots" if "sandbox_id" in each else "sandboxes"
            outside(project.emulator, "DELETE", f"/{kind}/{each['id']}")


def is_plugin(process: psutil.Process) -> bool:
    """Whether it is alive and the plugin."""
    with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
        return any(PLUGIN in part for part in process.cmdline())
    return False


def _there(project: Pulumi) -> Iterator[Mapping[str, Any]]:
    for sandbox in outside(project.emulator, "GET", "/sandboxes?limit=100")["items"]:
        yield from outside(project.emulator, "GET", f"/sandboxes/{sandbox['id']}/snapshots")["items"]
        yield sandbox
