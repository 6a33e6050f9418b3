"""The descriptions in the reference pages, compared with the declarations."""

import re
from pathlib import Path

import pytest
from pydantic.alias_generators import to_snake

from neev_provider.adapters.pulumi import docs
from neev_provider.functions import FUNCTIONS
from neev_provider.resources import RESOURCES

PAGES = docs.render_pages()


def find_row(page: str, name: str) -> list[str]:
    """Return the cells of the first row of a page that begins with the name."""
    line = next(line for line in PAGES[page].splitlines() if line.startswith(f"| `{name}` |"))
    return [cell.strip() for cell in line.strip("|").split(" | ")]


def test_there_is_a_page_for_every_resource_and_one_for_the_functions() -> None:
    of_resources = [re.sub(r"(?<!^)(?=[A-Z])", "-", resource.name).lower() + ".md" for resource in RESOURCES]
    assert {"sandbox-fork.md", "preview-port.md"} <= set(of_resources)
    assert list(PAGES) == ["README.md", "provider.md", *of_resources, "functions.md"]


@pytest.mark.parametrize("page", PAGES)
def test_every_link_has_an_existing_target(page: str) -> None:
    for file, anchor in re.findall(r"\]\(([\w.-]*)#?([\w-]*)\)", PAGES[page]):
        headings = re.findall(r"^#+ (.+)$", PAGES[file or page], re.MULTILINE)
        assert not anchor or anchor in {heading.lower().replace(" ", "-") for heading in headings}


def test_the_index_links_every_resource_and_function() -> None:
    for resource in (*RESOURCES, *FUNCTIONS):
        assert f"[`{resource.name}`]" in PAGES["README.md"]


def test_an_input_has_its_type_its_limits_and_the_effect_of_a_change() -> None:
    assert find_row("sandbox.md", "cpu")[1:4] == ["number, 0.5 to 8, steps of 0.5", "", "in place"]
    assert find_row("sandbox.md", "image")[1:4] == ["string", "", "replaces"]
    assert find_row("sandbox.md", "env")[1] == "map of string, secret"
    assert find_row("snapshot.md", "sandboxId")[2] == "**required**"
    assert find_row("snapshot.md", "triggers")[1] == "list of any"


def test_an_output_is_marked_if_it_may_be_absent() -> None:
    assert find_row("sandbox.md", "connectUrl")[2] == "may be absent"
    assert find_row("sandbox.md", "phase")[2] == ""


def test_nested_properties_have_their_defaults() -> None:
    assert find_row("sandbox.md", "mode")[1:3] == ["[EgressMode](#egressmode)", "`deny_all`"]
    assert find_row("sandbox.md", "allowInternet")[2] == "`false`"
    assert find_row("functions.md", "maxEvents")[2] == "`500`"


def test_the_values_of_an_enum_have_descriptions() -> None:
    assert find_row("sandbox.md", "delete") == ["`delete`", "Delete the sandbox with all its snapshots."]


def test_a_page_has_examples_in_each_language_and_the_import_command() -> None:
    headings = re.findall(r"^(Python|TypeScript|Go|YAML):$", PAGES["snapshot.md"], re.MULTILINE)
    assert headings == ["Python", "TypeScript", "Go", "YAML"]
    assert "pulumi import neev:index:Snapshot" in PAGES["snapshot.md"]


def test_a_page_has_the_default_timeouts() -> None:
    message = "Defaults, changed by `customTimeouts`: create 10 minutes, update 10 minutes, delete 10 minutes."
    assert message in PAGES["sandbox.md"]


def test_a_setting_has_its_environment_variables() -> None:
    assert "| `neev:apiKey` | string, secret | `NEEV_API_KEY` `NEEVCLOUD_API_KEY` | yes |" in PAGES["provider.md"]


def test_writing_the_pages_deletes_obsolete_pages(tmp_path: Path) -> None:
    folder = tmp_path / "resources"
    docs.write_pages(folder)
    (folder / "gone.md").touch()
    docs.write_pages(folder)
    assert {page.name: page.read_text() for page in folder.iterdir()} == PAGES


def test_python_programs_import_the_package_that_pip_installs() -> None:
    """The page also describes the differences of the generated SDK."""
    for resource in RESOURCES:
        page = PAGES[f"{to_snake(resource.name).replace('_', '-')}.md"]
        program = page[page.index("```python") : page.index("```", page.index("```python") + 3)]
        assert "import pulumi_neev as neev" in program
        assert "only the import differs: `import pulumi_neev_sdk as neev`" in page
