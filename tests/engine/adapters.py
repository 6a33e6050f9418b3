"""The same program for both adapters: YAML for the plugin, and a Python program of dynamic resources that reads it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from tests.engine.project import PulumiProject

Program = Mapping[str, Mapping[str, Any]]
"""Resources by name, as in a YAML program. Each refers only to outputs of those before it."""
YAML_READER = r"""
import json, pathlib, re, pulumi, pulumi_neev as neev

made = {}

def snake(name):
    return re.sub("([A-Z])", r"_\1", name).lower()

def value(said):
    refers = re.fullmatch(r"[$][{](.+)[.](.+)[}]", said) if isinstance(said, str) else None
    return getattr(made[refers[1]], snake(refers[2])) if refers else said

for name, each in json.loads(pathlib.Path("program.json").read_text()).items():
    properties = {snake(key): value(said) for key, said in each["properties"].items()}
    timeouts = each.get("options", {}).get("customTimeouts")
    options = pulumi.ResourceOptions(custom_timeouts=timeouts and pulumi.CustomTimeouts(**timeouts))
    made[name] = getattr(neev, each["type"].rpartition(":")[2])(name, opts=options, **properties)
"""


def write_plugin_program(project: PulumiProject, program: Program) -> None:
    """Write the program as the project's, on the plugin."""
    project.write_yaml(program)


def write_dynamic_program(project: PulumiProject, program: Program) -> None:
    """Write the program as the project's, of dynamic resources."""
    project.write_python(YAML_READER)
    (project.directory / "program.json").write_text(json.dumps(program), encoding="utf-8")


ADAPTERS: dict[str, Callable[[PulumiProject, Program], None]] = {
    "plugin": write_plugin_program,
    "dynamic": write_dynamic_program,
}
