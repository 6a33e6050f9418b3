"""The `terraform` or `tofu` command, which works in the same way on every backend."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neev_provider.adapters.terraform.ownership import MANAGER, project_name, workspace_name
from neev_provider.cli.engine_command import run_engine
from neev_provider.core.errors import NeevError
from neev_provider.core.labels import stack_labels

PROGRAMS = ("terraform", "tofu")
CONFIGURATION_PATTERNS = ("*.tf", "*.tf.json", "*.tofu", "*.tofu.json")
LOCKED_TEXT = "state lock"
QUIET_ENVIRONMENT = {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "TF_INPUT": "0"}
JsonObject = dict[str, Any]


class TerraformCommandFailed(NeevError):
    """A `terraform` or `tofu` command failed."""


class StateLocked(TerraformCommandFailed):
    """Another operation holds the lock of the state, or was killed while it held the lock."""

    default_hint = "If no operation runs on the state any more, `terraform force-unlock LOCK_ID` releases the lock."


@dataclass(frozen=True, slots=True)
class TerraformCli:
    """Runs `terraform` or `tofu` in the directory of a configuration, in its selected workspace."""

    directory: Path
    program: str | None = None
    """Name or path of the program; if absent, the first of `PROGRAMS` that is on PATH."""

    @property
    def name(self) -> str:
        """Return the program as the user writes it."""
        return self.program or next(filter(shutil.which, PROGRAMS), PROGRAMS[0])

    @property
    def owner_labels(self) -> dict[str, str]:
        """Return the labels of what the configuration creates in its workspace."""
        directory = self.directory.resolve()
        return stack_labels(MANAGER, project_name(os.environ, directory), workspace_name(os.environ, directory))

    def pull_state(self) -> JsonObject:
        """Return the stored state, with its secrets; empty if nothing was applied yet.

        Raises:
            TerraformCommandFailed: the state cannot be read, or the directory contains no configuration.
        """
        if not any(file for pattern in CONFIGURATION_PATTERNS for file in self.directory.glob(pattern)):
            raise TerraformCommandFailed(f"{self.directory} contains no Terraform configuration")
        pulled: JsonObject = json.loads(self.run("state", "pull").strip() or "{}")
        return pulled

    def plan(self) -> JsonObject:
        """Return the plan of the configuration against the stored state, without a read of existing resources."""
        with tempfile.TemporaryDirectory() as directory:  # a plan contains secrets; the directory is the user's alone
            file = str(Path(directory) / "plan")
            self.run("plan", "-refresh=false", f"-out={file}")
            plan: JsonObject = json.loads(self.run("show", "-json", file))
        return plan

    def import_(self, address: str, id: str) -> None:
        """Import the object with the id as the resource of the address."""
        self.run("import", address, id)

    def read_version(self) -> JsonObject:
        """Return the engine's version, and the version of each selected provider."""
        version: JsonObject = json.loads(self.run("version", "-json"))
        return version

    def read_provider_names(self) -> list[str]:
        """Return the addresses of the configuration's providers, each of which the engine has started."""
        return list(json.loads(self.run("providers", "schema", "-json")).get("provider_schemas") or {})

    def run(self, *arguments: str) -> str:
        """Run the program and return what it wrote to stdout.

        Raises:
            StateLocked: another operation holds the lock of the state.
            TerraformCommandFailed: the program is not installed or cannot be started, or the command failed.
        """
        program = shutil.which(self.name)
        if program is None:
            missing = f"`{self.program}` is not" if self.program else "neither `terraform` nor `tofu` is"
            raise TerraformCommandFailed(f"{missing} on PATH", hint="Install it, or name it with --engine.")
        return run_engine(
            [str(Path(program).absolute()), *arguments, "-no-color"],
            subject=f"`{self.name} {' '.join(arguments)}` in {self.directory}",
            directory=self.directory,
            environ=self._build_environment(),
            classify=lambda message: StateLocked if LOCKED_TEXT in message else TerraformCommandFailed,
            install_hint="Install Terraform or OpenTofu for this machine, or name another program with --engine.",
        )

    def _build_environment(self) -> Mapping[str, str]:
        return {**os.environ, **QUIET_ENVIRONMENT}
