"""The templates match the versions and names of the project, and each is listed and run by a test."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted((ROOT / "templates").glob("*/"))
ACCOUNT = {"neev:apiKey": "NEEV_API_KEY", "neev:orgId": "NEEV_ORG_ID", "neev:projectId": "NEEV_PROJECT_ID"}
each_template = pytest.mark.parametrize("folder", TEMPLATES, ids=lambda folder: folder.name)


def read_project(folder: Path) -> dict[str, Any]:
    """Return the project file of the template."""
    project: dict[str, Any] = yaml.safe_load((folder / "Pulumi.yaml").read_text())
    return project


@each_template
def test_the_name_of_a_template_ends_with_the_language_of_its_program(folder: Path) -> None:
    """Templates are named as those of other providers: the provider, what it creates, the language."""
    project = read_project(folder)
    runtime = project["runtime"]["name"] if isinstance(project["runtime"], dict) else project["runtime"]
    assert folder.name.startswith("neev-")
    assert folder.name.rpartition("-")[2] == {"nodejs": "typescript"}.get(runtime, runtime)


@each_template
def test_a_template_prompts_for_the_project_name_and_the_account(folder: Path) -> None:
    """`pulumi new` replaces the name and prompts for the account. The API key is a secret."""
    project = read_project(folder)
    assert (project["name"], project["description"]) == ("${PROJECT}", "${DESCRIPTION}")
    assert project["template"]["description"]
    config = project["template"]["config"]
    assert all(variable in config[key]["description"] for key, variable in ACCOUNT.items())
    assert [key for key, setting in config.items() if setting.get("secret")] == ["neev:apiKey"]
    # all other settings have a default, so that the first update needs only the account
    assert all("default" in setting for key, setting in config.items() if key not in ACCOUNT)


@each_template
def test_the_data_of_the_emulator_is_ignored_by_git(folder: Path) -> None:
    """In the quick start of each template the emulator stores its data in `.neev`."""
    assert "--data .neev" in read_project(folder)["template"]["quickstart"]
    assert ".neev/" in (folder / ".gitignore").read_text().splitlines()


@each_template
def test_a_template_is_listed_and_run_by_a_test(folder: Path) -> None:
    """Every template is in the readme, and begins a project of an engine test."""
    assert f"[{folder.name}]({folder.name})" in (ROOT / "templates" / "README.md").read_text()
    assert f'"{folder.name}"' in (ROOT / "tests" / "engine" / "programs" / "test_templates.py").read_text()


def test_the_quick_start_shows_the_program_of_its_template() -> None:
    """The quick start begins with a template and shows its program."""
    program = (ROOT / "templates" / "neev-python" / "__main__.py").read_text()
    assert f"```python\n{program}```" in (ROOT / "docs" / "quick-start.md").read_text()


def test_templates_require_the_oldest_supported_pulumi() -> None:
    """The Go template has the oldest supported version, and the TypeScript template the dependencies of the SDK."""
    requirements = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    oldest = next(found[1] for item in requirements if (found := re.match(r"pulumi>=([\d.]+),", item)))
    assert f"github.com/pulumi/pulumi/sdk/v3 v{oldest}.0\n" in (ROOT / "templates" / "neev-go" / "go.mod").read_text()
    package = json.loads((ROOT / "templates" / "neev-typescript" / "package.json").read_text())
    schema = json.loads((ROOT / "schema.json").read_text())
    assert package["dependencies"].items() >= schema["language"]["nodejs"]["dependencies"].items()


def test_the_yaml_template_has_the_download_url_of_the_plugin() -> None:
    """A program in YAML has no SDK that contains the download URL."""
    declared = yaml.safe_load((ROOT / "templates" / "neev-yaml" / "sdks" / "neev.yaml").read_text())
    schema = json.loads((ROOT / "schema.json").read_text())
    assert (declared["name"], declared["downloadUrl"]) == (schema["name"], schema["pluginDownloadURL"])
