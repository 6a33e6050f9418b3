"""The project of a scenario as each adapter has it, with the message for the user of each cell."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from tests.engine.adapters import ADAPTERS as PULUMI_ADAPTERS
from tests.engine.project import PulumiProject, StateResource
from tests.engine.terraform.program import ProgramProject
from tests.matrix.api_calls import CHILD_SEPARATOR, Program

from neev_emulator.testing import Emulator
from neev_provider.adapters.shared.snake_case import type_name

ADAPTERS = (*PULUMI_ADAPTERS, "terraform")
"""The adapters of the tables."""
PARALLEL_OPTIONS = ("--parallel", "512")
COMMANDS = {
    "up": ("apply", "-refresh=false"),
    "refresh": ("apply", "-refresh-only"),
    "destroy": ("destroy", "-refresh=false"),
}
"""The commands of Terraform by those of Pulumi."""

Engines = Mapping[str, Path]
"""The directory of `pulumi` and the executable of `tofu`, by these names."""


@dataclass(frozen=True)
class Outcome:
    """The result of a command."""

    is_success: bool
    text: str
    messages: Mapping[str, str]
    """The error messages for the user by the name of their cell."""


class MatrixProject(Protocol):
    """A program with its state, and the engine that runs it. Its commands are `up`, `refresh` and `destroy`."""

    emulator: Emulator

    def write_cells(self, program: Program) -> None:
        """Write the program."""

    def run_cells(self, command: str, env: Mapping[str, str], targets: Iterable[str] = ()) -> Outcome:
        """Run the command, for the resources of these names or for all, and go on after errors."""

    def list_resources(self) -> list[StateResource]:
        """Return the resources in the state."""

    def check_no_changes(self) -> None:
        """Assert that a plan of the program shows no changes."""


def open_project(adapter: str, directory: Path, engines: Engines, emulator: Emulator) -> MatrixProject:
    """Return a new project in the directory."""
    if adapter in PULUMI_ADAPTERS:
        return PulumiMatrixProject(directory, engines["pulumi"], emulator, adapter)
    return TerraformMatrixProject(directory, engines["tofu"], emulator)


class PulumiMatrixProject(PulumiProject):
    """A stack of Pulumi, through the plugin or dynamic resources."""

    def __init__(self, directory: Path, pulumi_bin: Path, emulator: Emulator, adapter: str) -> None:
        super().__init__(directory, pulumi_bin, emulator)
        self._write = partial(PULUMI_ADAPTERS[adapter], self)

    def write_cells(self, program: Program) -> None:
        """Write the program."""
        self._write(program)

    def run_cells(self, command: str, env: Mapping[str, str], targets: Iterable[str] = ()) -> Outcome:
        """Run the command, for the resources of these names or for all, and go on after errors."""
        found = {name: self.state_of(name) or {} for name in targets}
        options = [f"--target={held['urn']}" for held in found.values()]
        if command != "refresh":
            options.append("--continue-on-error")
        done = self.run_pulumi(command, "--yes", "--json", "--skip-preview", *PARALLEL_OPTIONS, *options, env=env)
        errors = (
            (message["urn"].rpartition("::")[2], message["message"])
            for message in (event.get("diagnosticEvent", {}) for event in done.events)
            if message.get("severity") == "error" and message.get("urn")
        )
        return Outcome(done.returncode == 0, done.text, _group_by_cell(errors))

    def check_no_changes(self) -> None:
        """Assert that a preview of the program shows no changes."""
        plan = self.run_pulumi("preview", "--expect-no-changes", "--diff")
        assert plan.returncode == 0, plan.text


class TerraformMatrixProject(ProgramProject):
    """A configuration of OpenTofu."""

    def write_cells(self, program: Program) -> None:
        """Write the configuration."""
        self.write_program(program)

    def run_cells(self, command: str, env: Mapping[str, str], targets: Iterable[str] = ()) -> Outcome:
        """Run the corresponding command of Terraform. Only a refresh reads existing objects, as with Pulumi."""
        types = {item.name: type_name(item.kind) for item in self.list_resources()}
        options = [f"-target={types[name]}.{name}" for name in targets]
        done = self.run(*COMMANDS[command], "-auto-approve", "-json", "-parallelism=512", *options, env=env)
        events = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        errors = (
            # without an address, as of what no configuration has, the summary ends with the name
            (re.split("[. ]", item.get("address") or item["summary"])[-1], _render(item))
            for item in (event.get("diagnostic", {}) for event in events)
            if item.get("severity") == "error"
        )
        return Outcome(done.returncode == 0, done.text, _group_by_cell(errors))

    def check_no_changes(self) -> None:
        """Assert that a plan shows no changes."""
        plan = self.run("plan", "-detailed-exitcode", "-no-color")
        assert plan.returncode == 0, plan.text


def _render(diagnostic: Mapping[str, str]) -> str:
    """Return what the user reads: the engine shows the address of what a configuration has."""
    return f"{diagnostic['summary']}: {diagnostic['detail']} with {diagnostic.get('address')}"


def _group_by_cell(errors: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the messages by the name of their cell, from those by the name of the resource."""
    found: dict[str, str] = {}
    for resource, message in errors:
        name = resource.partition(CHILD_SEPARATOR)[0]
        found[name] = found.get(name, "") + message
    return found
