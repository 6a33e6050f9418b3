"""The program of a story as each adapter has it: a stack of Pulumi, or a configuration of Terraform or OpenTofu."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Protocol

import psutil
from tests.chaos.repair import repair_configuration, repair_stack
from tests.chaos.rigs import Rig
from tests.chaos.stories import Victim
from tests.engine.adapters import ADAPTERS
from tests.engine.command_result import COMMAND_TIMEOUT_SECONDS
from tests.engine.project import STACK, PulumiProject, StateResource
from tests.engine.terraform.program import ProgramProject
from tools.engine.engine import ROOT
from tools.engine.terraform import find_all

from neev_emulator.testing import Emulator
from neev_provider.adapters.terraform.ownership import DEFAULT_WORKSPACE, MANAGER
from neev_provider.core.labels import Owner

COMMANDS = {"up": ("apply",), "refresh": ("apply", "-refresh-only"), "destroy": ("destroy",)}
"""The commands of Terraform by those of Pulumi."""

Engines = Mapping[str, Path]
"""The directory of `pulumi`, and the executables of `tofu` and perhaps `terraform`, by these names."""


class Stack(Protocol):
    """A program with its state, and the engine that runs it. Its commands are `up`, `refresh` and `destroy`."""

    directory: Path
    emulator: Emulator
    tenant: Owner
    """An owner whose state is not on this machine."""

    def write_rig(self, rig: Rig) -> None:
        """Write the program."""

    def begin(self, command: str) -> subprocess.Popen[str]:
        """Start the command."""

    def list_resources(self) -> list[StateResource]:
        """Return the resources in the state."""

    def list_processes(self) -> list[psutil.Process]:
        """Return the processes of the engine and those that it started."""

    def check_no_changes(self) -> None:
        """Assert that a plan of the program shows no changes."""

    def repair(self, victim: Victim) -> None:
        """Repair the state after a kill, so that it can be updated and no orphan exists."""

    def open_neighbour(self, directory: Path) -> Stack:
        """Return another stack, in the same backend if there is one."""


def find_engines(pulumi_bin: Path) -> Engines:
    """Return all engines of this machine."""
    return {"pulumi": pulumi_bin, **dict(zip(("tofu", "terraform"), find_all(os.environ, ROOT), strict=False))}


def is_playable(adapter: str, engines: Engines) -> bool:
    """Return whether the adapter's engine is there. Terraform may be missing."""
    return adapter in ADAPTERS or adapter in engines


def run_command(stack: Stack, command: str) -> None:
    """Run the command, which has to succeed."""
    process = stack.begin(command)
    try:
        text = "".join(process.communicate(timeout=COMMAND_TIMEOUT_SECONDS))
    finally:
        process.kill()
    assert process.returncode == 0, text


def open_stack(adapter: str, engines: Engines, directory: Path, emulator: Emulator) -> Stack:
    """Return a new stack through the adapter in the directory."""
    if adapter in ADAPTERS:
        return PulumiStack(directory, engines["pulumi"], emulator, adapter)
    return TerraformStack(directory, engines[adapter], emulator, engines["pulumi"])


class PulumiStack(PulumiProject):
    """A stack of Pulumi, through the plugin or dynamic resources."""

    tenant = Owner("pulumi-neev", "tenant", STACK, "the address of a pool")

    def __init__(self, directory: Path, pulumi_bin: Path, emulator: Emulator, adapter: str) -> None:
        super().__init__(directory, pulumi_bin, emulator)
        self._pulumi_bin = pulumi_bin
        self._write: Callable[[Rig], None] = partial(ADAPTERS[adapter], self)

    def write_rig(self, rig: Rig) -> None:
        """Write the program."""
        self._write(rig)

    def begin(self, command: str) -> subprocess.Popen[str]:
        """Start the command."""
        return self.start_pulumi(command, "--yes", "--skip-preview")

    def check_no_changes(self) -> None:
        """Assert that a preview of the program shows no changes."""
        plan = self.run_pulumi("preview", "--expect-no-changes", "--diff")
        assert plan.returncode == 0, plan.text

    def repair(self, victim: Victim) -> None:
        """Unlock the stack, and make it hold exactly what was created for it."""
        repair_stack(self, victim)

    def open_neighbour(self, directory: Path) -> PulumiStack:
        """Return another stack in the same backend."""
        neighbour = PulumiStack(directory, self._pulumi_bin, self.emulator, "plugin")
        neighbour.env["PULUMI_BACKEND_URL"] = self.env["PULUMI_BACKEND_URL"]
        neighbour._write = partial(neighbour.write_yaml, name="neighbour")
        return neighbour


class TerraformStack(ProgramProject):
    """A configuration of Terraform or OpenTofu."""

    tenant = Owner(MANAGER, "tenant", DEFAULT_WORKSPACE, "the address of a pool")

    def __init__(self, directory: Path, executable: Path, emulator: Emulator, pulumi_bin: Path) -> None:
        super().__init__(directory, executable, emulator)
        self._pulumi_bin = pulumi_bin
        # for a sweep of what has no labels
        self.env |= {"PATH": f"{pulumi_bin}{os.pathsep}{self.env['PATH']}", "PULUMI_HOME": str(directory / "home")}

    def write_rig(self, rig: Rig) -> None:
        """Write the configuration."""
        self.write_program(rig)

    def begin(self, command: str) -> subprocess.Popen[str]:
        """Start the corresponding command of Terraform."""
        return self.start(*COMMANDS[command], "-auto-approve", "-no-color")

    def check_no_changes(self) -> None:
        """Assert that a plan shows no changes."""
        plan = self.run("plan", "-detailed-exitcode", "-no-color")
        assert plan.returncode == 0, plan.text

    def repair(self, victim: Victim) -> None:
        """Bring what was created into the state, and delete the rest."""
        repair_configuration(self, victim)

    def open_neighbour(self, directory: Path) -> TerraformStack:
        """Return another configuration."""
        return TerraformStack(directory, self.executable, self.emulator, self._pulumi_bin)
