"""The registries of resources and functions."""

from __future__ import annotations

import subprocess
import sys

import pytest

from neev_provider.functions import FUNCTIONS, find_function
from neev_provider.resources import RESOURCES, find_resource


def test_resources_and_functions_are_found_only_by_their_own_name() -> None:
    assert [find_resource(resource.name) for resource in RESOURCES] == list(RESOURCES)
    assert [find_function(function.name) for function in FUNCTIONS] == list(FUNCTIONS)
    assert find_resource("Nothing") is None
    assert find_resource("getSandbox") is None
    assert find_function("Sandbox") is None


def test_resources_are_sorted_by_name() -> None:
    names = [resource.name for resource in RESOURCES]
    assert names == sorted(names)
    assert "SandboxPool" in names


@pytest.mark.parametrize("name", [resource.name for resource in RESOURCES])
def test_find_resource_imports_only_the_module_of_that_resource(name: str) -> None:
    """This shortens the start of the plugin and of the dynamic host."""
    find = f"import sys; from neev_provider.resources import find_resource; print(type(find_resource({name!r})))"
    program = f"{find}; print(*(module for module in sys.modules if module.endswith('.agent')))"
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert f"{name}Resource" in output
    assert ("neev_provider.resources.agent" in output.splitlines()[1]) is (name == "Agent")
