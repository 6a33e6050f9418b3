"""The documents refer only to existing files, targets, names and options."""

import importlib
import pkgutil
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from tests.fakes.dynamic import PROVIDERS

import neev_provider
import pulumi_neev
from neev_provider.adapters.shared.config import ProviderConfig, environment_variables
from neev_provider.cli.app import app
from neev_provider.cli.recover.plan import Action
from neev_provider.core.errors import NeevError
from neev_provider.functions import FUNCTIONS
from neev_provider.resources import RESOURCES

ROOT = Path(__file__).parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
EXAMPLES = ROOT / "examples"
PAGES += [EXAMPLES / "README.md", *sorted(EXAMPLES.glob("*/README.md"))]
PAGES += [ROOT / "templates" / "README.md"]
TERRAFORM_EXAMPLES = EXAMPLES / "terraform"
PAGES += [ROOT / "tests" / "README.md", ROOT / "emulator" / "README.md"]
PAGES += sorted((ROOT / "tests" / "cases").rglob("README.md"))
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def get_page_name(page: Path) -> str:
    """Return the page's name for a test id."""
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=get_page_name)
def test_relative_links_lead_to_existing_files(page: Path) -> None:
    """Every relative link leads to a file of the checkout."""
    for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text()):
        assert (page.parent / link).exists(), link


def list_anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub generates them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=get_page_name)
def test_anchors_lead_to_headings(page: Path) -> None:
    """Every anchor of a link is a heading of the target page."""
    for link, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#([^)]+)\)", page.read_text()):
        assert anchor in list_anchors(page.parent / link if link else page), f"{link}#{anchor}"


@pytest.mark.parametrize("page", PAGES, ids=get_page_name)
def test_named_files_exist(page: Path) -> None:
    """Every path that a page names exists in the checkout."""
    for path in re.findall(
        r"`((?:tests|provider|emulator|docs|examples|templates|tools|bench)/[\w./-]+)`", page.read_text()
    ):
        assert "NAME" in path or (ROOT / path).exists(), path
    for path in re.findall(r"`((?:core|client|resources|functions|adapters|cli)/[\w./-]+)`", page.read_text()):
        assert (ROOT / "provider" / "neev_provider" / path).exists(), path


@pytest.mark.parametrize("page", PAGES, ids=get_page_name)
def test_make_targets_exist(page: Path) -> None:
    """Every `make X` that a page names is a target."""
    assert set(re.findall(r"`make ([a-z-]+)", page.read_text())) <= TARGETS
    for block in re.findall(r"```(?:sh|console|bash)\n(.*?)```", page.read_text(), re.DOTALL):
        assert set(re.findall(r"^make ([a-z-]+)", block, re.MULTILINE)) <= TARGETS


def test_make_without_a_target_prints_every_target() -> None:
    """Every target has a description."""
    make = shutil.which("make")
    assert make
    output = subprocess.run([make], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    printed = dict(re.findall(r"^make ([a-z-]+) +(\S.*)$", output, re.MULTILINE))
    assert set(printed) == TARGETS


def test_the_readme_is_short() -> None:
    """A new user can read the whole readme."""
    assert len((ROOT / "README.md").read_text().splitlines()) <= 150


def test_the_readme_shows_the_program_of_the_example() -> None:
    """The Python program of the readme is exactly the one in the examples."""
    program = (ROOT / "examples" / "python-dynamic" / "__main__.py").read_text()
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert blocks
    assert all(block.strip() in program for block in blocks)


def test_the_readme_shows_the_configuration_of_the_example() -> None:
    """The configuration of the readme is a part of the one in the examples."""
    configuration = (ROOT / "examples" / "terraform" / "sandbox" / "main.tf").read_text()
    blocks = re.findall(r"```terraform\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert blocks
    assert all(block.strip() in configuration for block in blocks)


@pytest.mark.parametrize(
    "folder", sorted({*EXAMPLES.glob("*/")} - {TERRAFORM_EXAMPLES}), ids=lambda folder: folder.name
)
def test_every_example_is_listed_and_run_by_an_engine_test(folder: Path) -> None:
    """Every example is in the readme and run by a test. A policy pack is a project of its own kind."""
    assert f"[{folder.name}]({folder.name})" in (EXAMPLES / "README.md").read_text()
    assert any((folder / project).exists() for project in ("Pulumi.yaml", "PulumiPolicy.yaml"))
    tests = "".join(test.read_text() for test in (ROOT / "tests" / "engine").rglob("test_*.py"))
    # by its path, or as a case of the story that is the same in every language
    case = rf'^ +\("{folder.name}", \w+\),$'
    assert f'ROOT / "examples" / "{folder.name}"' in tests or re.search(case, tests, re.MULTILINE)


@pytest.mark.parametrize("folder", sorted(TERRAFORM_EXAMPLES.glob("*/")), ids=lambda folder: folder.name)
def test_every_example_of_terraform_is_listed_and_run_by_a_test(folder: Path) -> None:
    """Every configuration begins with its description, is in the readme, and is run by a test."""
    assert (folder / "main.tf").read_text().startswith("# ")
    assert f"[{folder.name}]({folder.name})" in (TERRAFORM_EXAMPLES / "README.md").read_text()
    assert (folder / f"{folder.name}.tftest.hcl").exists()
    assert f'"{folder.name}"' in (ROOT / "tests" / "engine" / "terraform" / "test_examples.py").read_text()


def test_every_public_name_can_be_imported() -> None:
    """The list of public names is sorted, and each name can be imported."""
    assert dir(pulumi_neev) == sorted(dir(pulumi_neev))
    assert all(hasattr(pulumi_neev, public) for public in dir(pulumi_neev))


def test_every_resource_and_function_is_in_the_public_names() -> None:
    """A new declaration must be in the public names."""
    snake = [re.sub(r"(?<!^)(?=[A-Z])", "_", function.name).lower() for function in FUNCTIONS]
    expected = {*(resource.name for resource in RESOURCES), *snake, *(f"{item}_output" for item in snake)}
    assert expected <= set(dir(pulumi_neev))
    assert set(PROVIDERS) == {resource.name for resource in RESOURCES}


def test_every_case_has_a_script_and_an_expected_result() -> None:
    """A folder without its script would silently not be run."""
    for folder in (file for file in (ROOT / "tests" / "cases").iterdir() if file.is_dir()):
        assert (folder / "run.sh").exists(), folder.name
        assert "Right: " in (folder / "README.md").read_text(), folder.name


def list_error_names() -> set[str]:
    """Return the names of all errors that a user can see."""
    for module in pkgutil.walk_packages(neev_provider.__path__, "neev_provider."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    return {error.__name__ for error in list_error_classes(NeevError) if error is not NeevError}


def list_error_classes(base: type[NeevError]) -> Iterator[type[NeevError]]:
    """Yield the class and all of its subclasses."""
    yield base
    for derived in base.__subclasses__():
        yield from list_error_classes(derived)


def test_every_error_has_its_section_in_troubleshooting() -> None:
    """A section names the text, the cause and the resolution, and belongs to a class that exists."""
    page = (ROOT / "docs" / "troubleshooting.md").read_text()
    sections = dict(re.findall(r"^### `(\w+)`$(.*?)(?=^##)", page, re.MULTILINE | re.DOTALL))
    errors = list_error_names()
    assert errors <= set(sections)
    assert set(sections) - errors == {"OptionError"}, "a section of an error that does not exist"
    for name, section in sections.items():
        assert all(f"**{part}**" in section for part in ("Text", "Cause", "Resolution")), name


def test_the_configuration_page_lists_every_setting_with_its_variable() -> None:
    """The page lists the settings in the order of the declaration."""
    page = (ROOT / "docs" / "installation-configuration.md").read_text()
    listed = re.findall(r"^\| `neev:(\w+)` \| `(\w+)` \|", page, re.MULTILINE)
    assert listed == [(name, environment_variables(name)[0]) for name in ProviderConfig.properties]


@pytest.mark.parametrize("command", ["doctor", "recover", "sweep", "plugin install"])
def test_the_page_of_commands_names_every_option(command: str) -> None:
    """The page names exactly the options that the command has."""
    page = (ROOT / "docs" / "cli.md").read_text()
    section = re.split(r"^## ", page, flags=re.MULTILINE)
    table = next(text for text in section if text.startswith(f"{command}\n"))
    documented = {option for row in re.findall(r"^\| (`-.*?) \|", table, re.MULTILINE) for option in row.split("`")}
    found: Any = typer.main.get_command(app)
    for name in command.split():
        found = found.commands[name]
    options = {
        option for parameter in found.params if parameter.param_type_name == "option" for option in parameter.opts
    }
    assert {option for option in documented if option.startswith("--")} == {
        option for option in options if option.startswith("--") and option != "--help"
    }


def test_the_guide_of_recover_explains_every_action() -> None:
    """The guide explains exactly the actions that a plan has."""
    page = (ROOT / "docs" / "guides" / "recover.md").read_text()
    assert set(re.findall(r"^ +\| `(\w+)` \|", page, re.MULTILINE)) == set(Action)
