"""What a user does after an accident: the stack is unlocked, and holds exactly what was made for it."""

from __future__ import annotations

import psutil
from tests.chaos.rigs import PREFIX, Rig, rerun_command
from tests.chaos.stories import Victim
from tests.engine.project import STACK, PulumiProject, command_line, wait_until

PLUGINS = ("pulumi-resource-neev", "pulumi-resource-pulumi-python", "pulumi.dynamic")
"""What the command lines say of the plugin, and of Pulumi's host for dynamic resources and the shell that starts it."""
ADVANCE_SECONDS = 700
"""Seconds that the platform's clock is advanced before a sweep: it touches nothing that is younger than ten minutes."""


def repair(project: PulumiProject, victim: Victim) -> None:
    """The stack can be updated, and nothing is there that it does not hold."""
    if victim is Victim.ENGINE:
        # the plugin leaves by itself; what it still has in hand is done or not by then
        wait_until(lambda: not any(map(is_plugin, project.list_processes())))
        # a backend of files is killed in the middle of a note, once in a few hundred times; `recover` says what to do
        for note in project.directory.parent.glob("state/.pulumi/stacks/*/*.attrs"):
            if not note.stat().st_size:
                note.unlink()
    _run_tool(project, "recover", "--stack", STACK, "--cancel", "--yes")
    if victim is Victim.PLUGIN:
        project.emulator.advance(ADVANCE_SECONDS)
        _run_tool(project, "sweep", "--prefix", PREFIX, "--older-than", "10m", "--yes")


def repair_program(project: PulumiProject, rig: Rig) -> Rig:
    """The program; a command of which nobody knows how it ended is told to run again, as its error says."""
    for name, value in rig.items():
        if value["type"].endswith(":Command"):
            held = project.state_of(name) or {}
            if held.get("outputs", {}).get("outcome") == "unknown":
                rig = rerun_command(rig, name)
    return rig


def is_plugin(process: psutil.Process) -> bool:
    """Whether it is alive and what serves the resources."""
    return any(name in part for part in command_line(process) for name in PLUGINS)


def _run_tool(project: PulumiProject, *arguments: str) -> None:
    done = project.run_neev(*arguments)
    assert done.returncode == 0, done.text
