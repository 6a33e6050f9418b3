"""What the documents say exists, exists."""

import re
from pathlib import Path

import pytest
from tests.fakes.dynamic import PROVIDERS

import pulumi_neev
from neev_provider.functions import FUNCTIONS
from neev_provider.resources import RESOURCES

ROOT = Path(__file__).parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
PAGES += sorted((ROOT / "examples").glob("*/README.md"))
PAGES += sorted((ROOT / "tests" / "cases").rglob("README.md"))
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def page_name(page: Path) -> str:
    """The page as a test's name."""
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link is a file of the checkout."""
    for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text()):
        assert (page.parent / link).exists(), link


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_make_targets_exist(page: Path) -> None:
    """Every `make X` that a page names is a target."""
    assert set(re.findall(r"`make ([a-z-]+)", page.read_text())) <= TARGETS
    for block in re.findall(r"```(?:sh|console|bash)\n(.*?)```", page.read_text(), re.DOTALL):
        assert set(re.findall(r"^make ([a-z-]+)", block, re.MULTILINE)) <= TARGETS


def test_the_readme_is_short() -> None:
    """A newcomer reads it to the end."""
    assert len((ROOT / "README.md").read_text().splitlines()) <= 150


def test_the_readme_shows_the_example_that_runs() -> None:
    """Its Python program is the one in the examples, to the letter."""
    program = (ROOT / "examples" / "python-dynamic" / "__main__.py").read_text()
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert blocks
    assert all(block.strip() in program for block in blocks)


@pytest.mark.parametrize("folder", sorted((ROOT / "examples").iterdir()), ids=lambda folder: folder.name)
def test_every_example_is_a_project_that_an_engine_test_runs(folder: Path) -> None:
    """No example is only looked at; a policy pack is a project of its own kind."""
    assert any((folder / project).exists() for project in ("Pulumi.yaml", "PulumiPolicy.yaml"))
    tests = "".join(test.read_text() for test in (ROOT / "tests" / "engine").glob("test_*.py"))
    # by its path, or as a case of the story that is the same in every language
    case = rf'^ +\("{folder.name}", \w+\),$'
    assert f'ROOT / "examples" / "{folder.name}"' in tests or re.search(case, tests, re.MULTILINE)


def test_every_public_name_can_be_imported() -> None:
    """And the list is sorted."""
    assert list(pulumi_neev.__all__) == sorted(pulumi_neev.__all__)
    assert all(hasattr(pulumi_neev, public) for public in pulumi_neev.__all__)


def test_every_resource_and_function_is_in_the_public_names() -> None:
    """A new declaration cannot stay hidden."""
    snake = [re.sub(r"(?<!^)(?=[A-Z])", "_", function.name).lower() for function in FUNCTIONS]
    wanted = {*(resource.name for resource in RESOURCES), *snake, *(f"{each}_output" for each in snake)}
    assert wanted <= set(pulumi_neev.__all__)
    assert set(PROVIDERS) == {resource.name for resource in RESOURCES}


def test_every_case_can_be_played_and_says_what_is_right() -> None:
    """A folder without its script would silently not be played."""
    for folder in (each for each in (ROOT / "tests" / "cases").iterdir() if each.is_dir()):
        assert (folder / "run.sh").exists(), folder.name
        assert "Right: " in (folder / "README.md").read_text(), folder.name
