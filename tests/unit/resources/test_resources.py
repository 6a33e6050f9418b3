"""The registries of resources and functions."""

from __future__ import annotations

import subprocess
import sys

import pytest

from neev_provider.functions import FUNCTIONS, find_function
from neev_provider.resources import RESOURCES, find_resource


def test_each_declaration_is_found_by_its_name_and_nothing_else_is() -> None:
    assert [find_resource(resource.name) for resource in RESOURCES] == list(RESOURCES)
    assert [find_function(function.name) for function in FUNCTIONS] == list(FUNCTIONS)
    assert find_resource("Nothing") is None
    assert find_resource("getSandbox") is None
    assert find_function("Sandbox") is None


def test_declarations_are_sorted_by_name() -> None:
    names = [resource.name for resource in RESOURCES]
    assert names == sorted(names)
    assert "SandboxPool" in names


@pytest.mark.parametrize("name", [resource.name for resource in RESOURCES])
def test_finding_a_resource_imports_no_module_of_another(name: str) -> None:
    """The plugin and the dynamic host start sooner that way."""
    find = f"import sys; from neev_provider.resources import find_resource; print(type(find_resource({name!r})))"
    program = f"{find}; print(*(module for module in sys.modules if module.endswith('.agent')))"
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert f"{name}Resource" in output
    assert ("neev_provider.resources.agent" in output.splitlines()[1]) is (name == "Agent")
