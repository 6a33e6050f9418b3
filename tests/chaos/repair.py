"""The repair that a user does after a kill, with which one more command reaches the goal."""

from __future__ import annotations

import psutil
from tests.chaos.rigs import AGENT_PREFIX, Rig, rerun_command
from tests.chaos.stories import Victim
from tests.engine.project import STACK, PulumiProject, StateResource, read_command_line, wait_until
from tests.engine.project import Result as PulumiResult
from tests.engine.terraform.program import ProgramProject
from tests.engine.terraform.project import Result as TerraformResult

PLUGINS = ("pulumi-resource-neev", "pulumi-resource-pulumi-python", "pulumi.dynamic", "terraform-provider-neev")
"""The parts of command lines that identify providers, and Pulumi's dynamic host with the shell that starts it."""
GENERATED_AGENT_PREFIX = "agent-"
"""The prefix of the names that Terraform's adapter generates for agents."""
ADVANCE_SECONDS = 700
"""The seconds by which the emulator's clock advances before a sweep.

A sweep ignores what is younger than ten minutes.
"""


def repair_stack(project: PulumiProject, victim: Victim) -> None:
    """Unlock the stack and make it hold exactly what was created for it."""
    if victim is Victim.ENGINE:
        _wait_for_plugins(project)
        # once in a few hundred kills a file backend has a half-written state; `recover` names the remedy
        for note in project.directory.parent.glob("state/.pulumi/stacks/*/*.attrs"):
            if not note.stat().st_size:
                note.unlink()
    _require_success(project.run_neev("recover", "--stack", STACK, "--cancel", "--yes"))
    if victim is Victim.PLUGIN:
        project.emulator.advance(ADVANCE_SECONDS)
        # the labels of sandboxes name their stack; agents have no labels
        for selection in (("--stack", STACK), ("--prefix", AGENT_PREFIX)):
            _require_success(project.run_neev("sweep", *selection, "--older-than", "10m", "--yes"))


def repair_configuration(project: ProgramProject, victim: Victim) -> None:
    """Import what was created under a name of the configuration, and delete what has a generated name."""
    if victim in (Victim.PLATFORM, Victim.INTERRUPTED):
        return  # the engine has stored what exists
    _wait_for_plugins(project)
    project.emulator.advance(ADVANCE_SECONDS)
    source = ("--terraform", str(project.directory), "--engine", str(project.executable))
    _require_success(project.run_neev("recover", *source, "--yes"))
    # agents have no labels, and what has none may be of a stack of Pulumi, so that a backend has to be named
    backend = project.directory.parent / "backend"
    backend.mkdir(exist_ok=True)
    for selection in ((), ("--prefix", GENERATED_AGENT_PREFIX, "--backend", f"file://{backend}")):
        _require_success(project.run_neev("sweep", *source, *selection, "--older-than", "10m", "--yes"))


def repair_program(held: list[StateResource], rig: Rig) -> Rig:
    """Return the program. A command whose outcome is unknown gets a trigger to run again, as its error says."""
    for item in held:
        if item.kind == "Command" and item.name in rig and item.outputs.get("outcome") == "unknown":
            rig = rerun_command(rig, item.name)
    return rig


def is_plugin(process: psutil.Process) -> bool:
    """Return whether the process is alive and serves resources."""
    return any(name in part for part in read_command_line(process) for name in PLUGINS)


def _wait_for_plugins(project: PulumiProject | ProgramProject) -> None:
    """Wait until all plugins have exited by themselves: their last operations have ended or been dropped then."""
    wait_until(lambda: not any(map(is_plugin, project.list_processes())))


def _require_success(done: PulumiResult | TerraformResult) -> None:
    assert done.returncode == 0, done.text
