"""The configurations that the documents show: valid, in the canonical format, and as modules of one configuration."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.engine.terraform.project import HEADER, TerraformProject

from neev_provider.adapters.shared.examples import HCL, load_examples
from neev_provider.adapters.terraform.docs import KINDS
from neev_provider.adapters.terraform.provider_schema import load_provider_schema

pytestmark = pytest.mark.engine

ONLY_IN_NEW_ENGINES = ("actions", "list-resources")
"""The folders of what OpenTofu 1.12 and Terraform 1.13 do not support: their blocks are formatted, not validated."""
PAGES = sorted((Path(__file__).parents[3] / "docs" / "terraform").rglob("*.md"))


def iter_examples() -> Iterator[tuple[str, str]]:
    """Yield the name of a module and its configuration, for each example that these engines support."""
    response = load_provider_schema()
    for kind in KINDS:
        for name in getattr(response, kind.field):
            page = kind.example_page(name)
            if kind.folder not in ONLY_IN_NEW_ENGINES:
                for number, example in enumerate(load_examples(page).examples):
                    yield f"{page}-{number}", example.programs[HCL]


def test_every_example_of_the_reference_is_valid(process_project: TerraformProject) -> None:
    project = process_project  # which reads the source of a directory in the folder of the configuration
    root = [HEADER]
    for module, configuration in iter_examples():
        directory = project.directory / module
        (directory / "app").mkdir(parents=True)
        (directory / "main.tf").write_text(HEADER + configuration)
        variables = re.findall(r'^variable "(\w+)"', configuration, re.MULTILINE)
        values = "".join(f'  {name} = "value"\n' for name in variables)
        root.append(f'module "{module}" {{\n  source = "./{module}"\n{values}}}\n')
    (project.directory / "main.tf").write_text("".join(root))
    assert project.run("get").returncode == 0
    validated = project.run("validate", "-no-color")
    assert validated.returncode == 0, validated.text


def test_every_configuration_of_a_page_is_formatted(project: TerraformProject) -> None:
    blocks = [
        (page, number, text)
        for page in PAGES
        for number, text in enumerate(
            re.findall(r"^```terraform\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
        )
    ]
    assert blocks
    for page, number, text in blocks:
        (project.directory / f"{page.parent.name}-{page.stem}-{number}.tf").write_text(text)
    formatted = project.run("fmt", "-check", "-diff")
    assert formatted.returncode == 0, formatted.text
