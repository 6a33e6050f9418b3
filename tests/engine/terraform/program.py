"""The programs of the other adapters' tests as configurations, and the states of these in the names of the programs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from tests.engine.project import StateResource
from tests.engine.terraform.project import Result, TerraformProject

from neev_provider.adapters.shared.snake_case import snake_case_names, type_name
from neev_provider.adapters.terraform.names import resource_of
from neev_provider.core.lifecycle import AnyResource

Program = Mapping[str, Mapping[str, Any]]
"""Resources by name, as in a Pulumi program in YAML."""
REFERENCE = re.compile(r"\$\{([\w-]+)\.(\w+)\}")


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


def address_of(program: Program, name: str) -> str:
    """Return the address of the resource with this name in the program."""
    return f"{_type_of(program[name])}.{name}"


def to_configuration(program: Program) -> dict[str, Any]:
    """Return the configuration of the program, as JSON of Terraform's language."""
    resources: dict[str, dict[str, Any]] = {}
    for name, declared in program.items():
        names = _snake_case_names(_resource_of(declared))
        arguments = _rename(_convert_references(declared.get("properties", {}), program), names)
        timeouts = declared.get("options", {}).get("customTimeouts")
        resources.setdefault(_type_of(declared), {})[name] = arguments | ({"timeouts": timeouts} if timeouts else {})
    providers = {"required_providers": {"neev": {"source": "neevcloud/neev"}}}
    return {"terraform": providers, **({"resource": resources} if resources else {})}


def _to_state_resource(resource: Mapping[str, Any], instance: Mapping[str, Any]) -> StateResource:
    declared = resource_of(resource["type"])
    names = {snake: camel for camel, snake in _snake_case_names(declared).items()}
    return StateResource(
        resource["name"],
        declared.name,
        instance["attributes"]["id"],
        _rename(instance["attributes"], names),
        is_complete="deposed" not in instance and instance.get("status") != "tainted",
    )


def _convert_references(value: Any, program: Program) -> Any:
    def convert(found: re.Match[str]) -> str:
        name, output = found.groups()
        names = _snake_case_names(_resource_of(program[name]))
        return f"${{{address_of(program, name)}.{names.get(output, output)}}}"

    if isinstance(value, str):
        return REFERENCE.sub(convert, value)
    if isinstance(value, Mapping):
        return {key: _convert_references(item, program) for key, item in value.items()}
    return [_convert_references(item, program) for item in value] if isinstance(value, list) else value


def _rename(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {names.get(key, key): _rename(item, names) for key, item in value.items()}
    return [_rename(item, names) for item in value] if isinstance(value, list) else value


def _snake_case_names(resource: AnyResource) -> Mapping[str, str]:
    return snake_case_names(resource.inputs, resource.outputs)


def _type_of(declared: Mapping[str, Any]) -> str:
    return type_name(declared["type"].rpartition(":")[2])


def _resource_of(declared: Mapping[str, Any]) -> AnyResource:
    return resource_of(_type_of(declared))
