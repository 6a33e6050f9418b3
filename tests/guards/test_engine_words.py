"""Words of one engine appear neither in shared modules nor in the adapter of the other engine."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from neev_provider.adapters.pulumi import schema
from neev_provider.adapters.shared.config import ProviderConfig
from neev_provider.adapters.shared.hints import ISSUES_URL, PULUMI, TERRAFORM, render_text
from neev_provider.adapters.shared.snake_case import snake_case_names
from neev_provider.adapters.terraform.provider_schema import build_provider_schema
from neev_provider.core.hints import Hint
from neev_provider.functions import FUNCTIONS
from neev_provider.resources import RESOURCES

PACKAGE = Path(__file__).parents[2] / "provider" / "neev_provider"
PULUMI_WORDS = re.compile(
    r"pulumi|neev:\w|custom_?timeouts|delete_?before_?replace|ignore_?changes|replace_?on_?changes|deleted_?with"
    r"|\burns?\b|(?<!`)\bstacks?\b|`up`|--parallel\b|--run-program|native plugin|dynamic resource",
    re.IGNORECASE,
)
TERRAFORM_WORDS = re.compile(
    r"terraform|tofu\b|\bhcl\b|\btfstate\b|-refresh-only|-parallelism|create_before_destroy|\buntaint|\btainted"
    r"|\btimeouts \{|\bmoved\b. block",
    re.IGNORECASE,
)
SHARED = ("core", "client", "resources", "functions", "actions", "adapters/shared")
OWN_WORDS = {
    "adapters/shared/examples/__init__.py": "the languages and the mark that separate the texts of both engines",
    "adapters/shared/hints.py": "the vocabularies of both engines",
    "core/labels.py": "the key of the label `managed-by.stack`, and the owner that it names",
}
"""The files of the shared parts that have the words of an engine, with the reason."""
DISTRIBUTION = "pulumi-neev"
ONCE = {ISSUES_URL, DISTRIBUTION}
"""The texts with the name of the distribution, which serves both engines."""
TERRAFORM_PAGES = Path(__file__).parents[2] / "docs" / "terraform"
MOVE_GUIDE = "guides/pulumi-and-terraform.md"
"""The page about both engines, which a link may name."""
OWN_NAMES = re.compile(
    rf"\[[^]]*\]\({re.escape(MOVE_GUIDE)}\)|\]\([^)]*\)|pulumi-neev|`managed-by\.stack`|ignore_changes"
)
"""The words of Pulumi that a page of Terraform may have: links, the command, a label, an argument of `lifecycle`."""
PROPERTY_NAMES = snake_case_names(
    ProviderConfig,
    *(model for resource in RESOURCES for model in (resource.inputs, resource.outputs)),
    *(model for function in FUNCTIONS for model in (function.arguments, function.result)),
)


def list_files(*folders: str) -> list[Path]:
    """Return the modules in the folders, without generated ones."""
    found = (file for folder in folders for file in (PACKAGE / folder).rglob("*.py"))
    return sorted(file for file in found if not file.stem.endswith("_pb2"))


def iter_texts(file: Path) -> Iterator[tuple[int, str]]:
    """Yield every literal text of the module, and so its docstrings, with its line."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def find_words(file: Path, words: re.Pattern[str]) -> list[str]:
    """Return the lines of the module with one of the words in a text."""
    return [
        f"{file.relative_to(PACKAGE)}:{line}: {found[0]!r} in {text!r}"
        for line, text in iter_texts(file)
        if text not in ONCE and (found := words.search(text))
    ]


def iter_descriptions(value: Any) -> Iterator[str]:
    """Yield every description of a schema of Terraform, at any depth."""
    for field, content in value.ListFields():
        if field.name == "description":
            yield content
        elif field.message_type is not None:
            parts = content.values() if field.message_type.GetOptions().map_entry else content
            for part in parts if field.is_repeated else [content]:
                yield from iter_descriptions(part)


@pytest.mark.parametrize(
    "file",
    [file for file in list_files(*SHARED) if str(file.relative_to(PACKAGE)) not in OWN_WORDS],
    ids=lambda file: str(file.relative_to(PACKAGE)),
)
def test_shared_modules_use_no_words_of_an_engine(file: Path) -> None:
    assert not find_words(file, PULUMI_WORDS)
    assert not find_words(file, TERRAFORM_WORDS)


@pytest.mark.parametrize("file", list_files("adapters/pulumi"), ids=lambda file: str(file.relative_to(PACKAGE)))
def test_the_adapter_of_pulumi_has_no_word_of_terraform(file: Path) -> None:
    assert not find_words(file, TERRAFORM_WORDS)


@pytest.mark.parametrize("file", list_files("adapters/terraform"), ids=lambda file: str(file.relative_to(PACKAGE)))
def test_the_adapter_of_terraform_has_no_word_of_pulumi(file: Path) -> None:
    assert not find_words(file, PULUMI_WORDS)


def test_the_distribution_is_named_only_in_two_modules() -> None:
    named = [
        (file.name, text)
        for file in list_files(*SHARED, "adapters/terraform")
        for _, text in iter_texts(file)
        if text in ONCE
    ]
    assert sorted(named) == [("distribution.py", DISTRIBUTION), ("hints.py", ISSUES_URL)]


@pytest.mark.parametrize("name", OWN_WORDS)
def test_each_exempt_file_uses_words_of_an_engine(name: str) -> None:
    assert find_words(PACKAGE / name, PULUMI_WORDS)


def test_descriptions_of_the_terraform_schema_use_its_words_and_names() -> None:
    described = list(iter_descriptions(build_provider_schema()))
    assert len(described) > len(PROPERTY_NAMES)
    for text in described:
        assert not PULUMI_WORDS.search(text), text
        assert not re.search(r"\w(Asset|Archive)\b", text), text
        assert not {word for word in re.findall(r"\w+", text) if word != PROPERTY_NAMES.get(word, word)}, text


def test_the_schema_of_pulumi_has_no_word_of_terraform() -> None:
    assert not TERRAFORM_WORDS.search(json.dumps(schema.package_schema()))


@pytest.mark.parametrize(
    "page",
    [page for page in sorted(TERRAFORM_PAGES.rglob("*.md")) if page != TERRAFORM_PAGES / MOVE_GUIDE],
    ids=lambda page: str(page.relative_to(TERRAFORM_PAGES)),
)
def test_a_page_of_terraform_has_no_word_of_pulumi(page: Path) -> None:
    found = PULUMI_WORDS.search(OWN_NAMES.sub("", page.read_text()))
    assert found is None, found


@pytest.mark.parametrize("hint", Hint)
def test_a_hint_has_the_words_of_its_engine_only(hint: Hint) -> None:
    assert not PULUMI_WORDS.search(render_text(hint, TERRAFORM))
    assert not TERRAFORM_WORDS.search(render_text(hint, PULUMI))
