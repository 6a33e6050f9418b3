"""The repair that a user does after a kill: unlock the stack and make it hold exactly what was created for it."""

from __future__ import annotations

import psutil
from tests.chaos.rigs import AGENT_PREFIX, Rig, rerun_command
from tests.chaos.stories import Victim
from tests.engine.project import STACK, PulumiProject, command_line, wait_until

PLUGINS = ("pulumi-resource-neev", "pulumi-resource-pulumi-python", "pulumi.dynamic")
"""The parts of command lines that identify the plugin, and Pulumi's dynamic host with the shell that starts it."""
ADVANCE_SECONDS = 700
"""The seconds by which the emulator's clock advances before a sweep.

A sweep ignores what is younger than ten minutes.
"""


def repair(project: PulumiProject, victim: Victim) -> None:
    """Repair the stack so that it can be updated and no orphan exists."""
    if victim is Victim.ENGINE:
        # the plugin exits by itself; its last operations have ended or been dropped by then
        wait_until(lambda: not any(map(is_plugin, project.list_processes())))
        # once in a few hundred kills a file backend has a half-written state; `recover` names the remedy
        for note in project.directory.parent.glob("state/.pulumi/stacks/*/*.attrs"):
            if not note.stat().st_size:
                note.unlink()
    _run_tool(project, "recover", "--stack", STACK, "--cancel", "--yes")
    if victim is Victim.PLUGIN:
        project.emulator.advance(ADVANCE_SECONDS)
        # the labels of sandboxes name their stack; agents have no labels
        for selection in (("--stack", STACK), ("--prefix", AGENT_PREFIX)):
            _run_tool(project, "sweep", *selection, "--older-than", "10m", "--yes")


def repair_program(project: PulumiProject, rig: Rig) -> Rig:
    """Return the program. A command whose outcome is unknown gets a trigger to run again, as its error says."""
    for name, value in rig.items():
        if value["type"].endswith(":Command"):
            held = project.state_of(name) or {}
            if held.get("outputs", {}).get("outcome") == "unknown":
                rig = rerun_command(rig, name)
    return rig


def is_plugin(process: psutil.Process) -> bool:
    """Return whether the process is alive and serves resources."""
    return any(name in part for part in command_line(process) for name in PLUGINS)


def _run_tool(project: PulumiProject, *arguments: str) -> None:
    done = project.run_neev(*arguments)
    assert done.returncode == 0, done.text
