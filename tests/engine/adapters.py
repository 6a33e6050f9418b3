"""The same program for both adapters: YAML for the plugin, and a Python program of dynamic resources that reads it."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.engine.project import PulumiProject
from tools.programs import PYTHON_READER, Program, to_yaml


def write_plugin_program(project: PulumiProject, program: Program) -> None:
    """Write the program as the project's, on the plugin."""
    project.write_project({"runtime": "yaml", **to_yaml(program)})


def write_dynamic_program(project: PulumiProject, program: Program) -> None:
    """Write the program as the project's, of dynamic resources."""
    project.write_python(PYTHON_READER)
    (project.directory / "program.json").write_text(json.dumps(program), encoding="utf-8")


ADAPTERS: dict[str, Callable[[PulumiProject, Program], None]] = {
    "plugin": write_plugin_program,
    "dynamic": write_dynamic_program,
}
