"""The files that a new resource needs: a module and a page of examples."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROVIDER = Path(__file__).parents[3] / "provider"
MODULE = '''
"""A toy."""

from typing import Annotated, Any

from neev_provider.client import Api
from neev_provider.core.markers import Update
from neev_provider.core.model import Inputs, Outputs
from neev_provider.core.resource import Observation, OperationContext, Resource


class ToyInputs(Inputs):
    """Inputs of a toy."""

    pet_name: Annotated[str, Update()]
    """Name of the toy."""


class ToyOutputs(Outputs):
    """Outputs of a toy."""

    sound: str
    """Sound of the toy."""


class ToyResource(Resource[Api, ToyInputs, ToyOutputs]):
    """A toy that makes a sound."""

    name = "Toy"
    inputs = ToyInputs
    outputs = ToyOutputs

    async def create(self, inputs: ToyInputs, context: OperationContext) -> Observation[ToyOutputs]:
        return Observation("toy", {}, ToyOutputs(sound="beep"))

    async def reconcile(self, id: str, inputs: ToyInputs, context: OperationContext) -> Observation[ToyOutputs]:
        return Observation(id, {}, ToyOutputs(sound="beep"))

    async def read(self, id: str, inputs: ToyInputs | None) -> Observation[ToyOutputs] | None:
        return None

    async def delete(self, id: str, context: OperationContext) -> None:
        return None
'''
PAGE = "### A toy\n\n" + "\n".join(
    f"```{language}\nToy\n```\n" for language in ("python", "typescript", "go", "yaml", "hcl")
)
FIND = """
import json
import pulumi_neev
from pulumi_neev.dynamic_providers import ToyProvider
from neev_provider.adapters.pulumi import schema
from neev_provider.adapters.pulumi.plugin.provider import find_resource
from neev_provider.adapters.pulumi import docs
from neev_provider.adapters.terraform import docs as terraform_docs
from neev_provider.adapters.terraform.provider_schema import build_provider_schema

terraform_schema = build_provider_schema()
print(json.dumps({
    "schema": sorted(schema.package_schema()["resources"]["neev:index:Toy"]["properties"]),
    "plugin": type(find_resource("Toy")).__name__,
    "dynamic": [ToyProvider().resource.name, pulumi_neev.Toy._resource_type_name],
    "terraform": [item.name for item in terraform_schema.resource_schemas["neev_toy"].block.attributes],
    "terraform page": "# neev_toy (Resource)" in terraform_docs.render_pages(terraform_schema)["resources/toy.md"],
    "page": docs.render_pages()["toy.md"].splitlines()[0],
    "public": "Toy" in dir(pulumi_neev),
}))
"""


@pytest.fixture
def source_copy(tmp_path: Path) -> Path:
    """Return a copy of the packages."""
    shutil.copytree(PROVIDER, tmp_path / "provider", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "provider"


def run_python(source: Path, *arguments: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(source)}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=source, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout


def test_a_new_resource_needs_only_a_module_and_an_example_page(source_copy: Path) -> None:
    (source_copy / "neev_provider" / "resources" / "toy.py").write_text(MODULE)
    (source_copy / "neev_provider" / "adapters" / "shared" / "examples" / "Toy.md").write_text(PAGE)
    run_python(source_copy, "-m", "neev_provider.adapters.pulumi.dynamic.codegen", "pulumi_neev")
    assert json.loads(run_python(source_copy, "-c", FIND)) == {
        "schema": ["petName", "sound"],
        "plugin": "ToyResource",
        "dynamic": ["Toy", "dynamic/neev:Toy"],
        "terraform": ["id", "pet_name", "sound"],
        "terraform page": True,
        "page": "# Toy",
        "public": True,
    }
