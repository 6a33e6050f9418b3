"""A project from each template: created by `pulumi new`, updated, updated again without changes, destroyed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from urllib.request import urlopen

import pytest
from tests.engine.example_sdks import use_go_sdk, use_node_sdk
from tests.engine.project import STACK, PulumiProject, find_free_port
from tests.engine.sdks import ROOT

pytestmark = pytest.mark.engine

TEMPLATES = ROOT / "templates"


def use_environment_of_tests(project: PulumiProject) -> None:
    """Install what the template requires: the environment of the tests has it."""
    (project.directory / "venv").symlink_to(sys.prefix)


def install_node_sdk(project: PulumiProject) -> None:
    use_node_sdk(project)


def install_go_sdk(project: PulumiProject) -> None:
    use_go_sdk(project)
    project.run_pulumi("install").require_success()


def create_project(project: PulumiProject, template: str, *options: str) -> None:
    """Create a project from the template, and install the plugin for it."""
    project.run_neev("plugin", "install").require_success()
    project.run_pulumi("new", str(TEMPLATES / template), "--yes", *options).require_success()


def update_twice(project: PulumiProject) -> list[str]:
    """Create what the program declares, assert that a second update changes nothing, and return what was created."""
    created = project.up()
    assert created.warnings == []
    project.emulator.clear_log()
    again = project.up()
    assert (again.changes, again.warnings) == ({}, [])
    assert project.emulator.mutating_requests == []
    return sorted(created.changes)


@pytest.mark.parametrize(
    ("template", "name", "install"),
    [
        ("neev-python", "hello", use_environment_of_tests),
        ("neev-typescript", "typescript", install_node_sdk),  # the name of the example, whose packages it shares
        ("neev-go", "hello", install_go_sdk),
    ],
)
def test_the_first_update_of_a_template_works(
    project: PulumiProject, template: str, name: str, install: Callable[[PulumiProject], None]
) -> None:
    # until the first release no index has the packages
    create_project(project, template, "--generate-only", "--name", name)
    install(project)
    project.run_pulumi("stack", "init", STACK).require_success()
    assert_lifecycle(project)


def test_the_first_update_of_the_template_in_yaml_works(project: PulumiProject) -> None:
    create_project(project, "neev-yaml", "--stack", STACK)
    assert_lifecycle(project)


def assert_lifecycle(project: PulumiProject) -> None:
    assert update_twice(project) == ["agent", "hello", "script"]
    outputs = project.outputs()
    assert outputs["phase"] == "Ready"
    assert outputs["output"].startswith("hello from /")
    project.destroy()
    assert project.emulator.state()["sandboxes"] == 0


def test_the_first_update_of_the_template_for_branches_serves_a_page(project: PulumiProject) -> None:
    create_project(project, "neev-branch-environments-python", "--generate-only")
    use_environment_of_tests(project)
    project.run_pulumi("stack", "init", STACK).require_success()
    for key, value in {"branch": "feature/login", "revision": "a1", "port": str(find_free_port())}.items():
        project.set_config(key, value)
    assert {"base", "web"} <= set(update_twice(project))
    assert read_page(project) == "a1"

    project.set_config("revision", "b2")
    project.up()
    assert read_page(project) == "b2"
    project.destroy()
    assert project.emulator.state()["sandboxes"] == 0


def read_page(project: PulumiProject) -> str:
    """Return what the application of the environment shows."""
    with urlopen(project.outputs()["url"]) as answer:
        page: str = answer.read().decode()
    return page
