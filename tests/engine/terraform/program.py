"""The programs of the other adapters' tests as configurations, and the states of these in the names of the programs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from tests.engine.project import StateResource
from tests.engine.terraform.project import Result, TerraformProject
from tools.programs import Program, rename, resource_names, to_configuration

from neev_provider.adapters.terraform.names import resource_of


class ProgramProject(TerraformProject):
    """A configuration that is written as a program of the other adapters' tests."""

    def write_program(self, program: Program) -> None:
        """Write the program as the configuration, in the JSON form of its language."""
        (self.directory / "main.tf.json").write_text(json.dumps(to_configuration(program)), encoding="utf-8")

    def run_neev(self, *arguments: str) -> Result:
        """Run a command of `pulumi-neev` in the project's directory and return its result, also after a failure."""
        command = [sys.executable, "-c", "from neev_provider.cli import main; main()", *arguments]
        done = subprocess.run(command, cwd=self.directory, env=self.env, capture_output=True, text=True, check=False)
        return Result(done.returncode, done.stdout, done.stderr)

    def list_resources(self) -> list[StateResource]:
        """Return the resources in the state, also those that were replaced and are to be deleted."""
        file = self.directory / "terraform.tfstate"
        # until something is stored, the file is absent, or empty because the engine has locked it
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        state = json.loads(text or "{}")
        return [
            _to_state_resource(resource, instance)
            for resource in state.get("resources", ())
            for instance in resource["instances"]
        ]


def _to_state_resource(resource: Mapping[str, Any], instance: Mapping[str, Any]) -> StateResource:
    declared = resource_of(resource["type"])
    names = {snake: camel for camel, snake in resource_names(declared).items()}
    return StateResource(
        resource["name"],
        declared.name,
        instance["attributes"]["id"],
        rename(instance["attributes"], names),
        is_complete="deposed" not in instance and instance.get("status") != "tainted",
    )
