"""The conversion of example files for the schema and the reference pages."""

import ast

import pytest
import yaml

from neev_provider.adapters.pulumi import schema
from neev_provider.adapters.shared import examples

FENCE = "```"


def test_a_page_has_titled_programs_by_language() -> None:
    page = examples.load_examples("Sandbox")
    assert [example.title for example in page.examples] == ["A sandbox with access to GitHub that is paused when idle"]
    assert tuple(page.examples[0].programs) == (*examples.LANGUAGES, examples.HCL)
    assert page.examples[0].programs["python"].startswith("import pulumi\n")


def test_the_text_after_the_examples_is_separate() -> None:
    assert examples.load_examples("Sandbox").trailing_text.startswith("## Import\n")
    assert examples.load_examples("getSandbox").trailing_text == ""


def test_each_engine_has_its_own_text() -> None:
    page = examples.load_examples("Sandbox")
    assert "pulumi import neev:index:Sandbox" in page.trailing_text
    assert "terraform" not in page.trailing_text
    assert page.terraform_text.startswith("## Import\n")
    assert "pulumi" not in page.terraform_text
    assert examples.load_examples("getSandbox").terraform_text == ""


def test_a_description_has_the_example_markup_of_the_sdk_generators() -> None:
    lines = examples.description_with_examples("What it is.", "Snapshot").splitlines()
    marks = [line for line in lines if line.startswith(("What", "{{%", "#", FENCE)) and line != FENCE]
    assert marks == [
        "What it is.",
        "{{% examples %}}",
        "## Example Usage",
        "{{% example %}}",
        "### A snapshot with 30 days of retention, and a sandbox from it",
        "```python",
        "```typescript",
        "```go",
        "```yaml",
        "{{% /example %}}",
        "{{% /examples %}}",
        "## Import",
        "```sh",
    ]


@pytest.mark.parametrize("token", [*schema.package_schema()["resources"], *schema.package_schema()["functions"]])
def test_every_example_program_can_be_parsed(token: str) -> None:
    for example in examples.load_examples(token.rpartition(":")[2]).examples:
        ast.parse(example.programs["python"])
        assert "outputs" in yaml.safe_load(example.programs["yaml"])
