"""A stack whose API has a new host name: rejected until the previous URL is configured, then recorded."""

from __future__ import annotations

from typing import Any

import pytest
from tests.engine.project import PulumiProject, out_of_band_request

from neev_emulator.testing import Emulator
from neev_provider.core.account import recorded_settings

pytestmark = pytest.mark.engine
PROGRAM = 'import pulumi_neev as neev\n\nneev.Sandbox("box", name="box")\n'


def read_recorded_account(project: PulumiProject) -> dict[str, str]:
    """Return the account that the state of the sandbox records."""
    state: Any = project.state_of("box")
    return recorded_settings(state["outputs"])


def test_dynamic_resources_accept_a_new_base_url_only_if_the_previous_one_is_configured(
    project: PulumiProject, emulator: Emulator
) -> None:
    project.write_python(PROGRAM)
    project.up()
    first = emulator.base_url
    id = out_of_band_request(emulator, "GET", "/sandboxes/box")["id"]
    assert read_recorded_account(project) == {
        "orgId": emulator.org_id,
        "projectId": emulator.project_id,
        "baseUrl": first,
    }

    moved = first.replace("127.0.0.1", "localhost")
    project.env["NEEV_BASE_URL"] = moved
    for command in (["preview"], ["refresh", "--yes", "--skip-preview"], ["destroy", "--yes", "--skip-preview"]):
        refused = project.run_pulumi(*command)
        assert refused.returncode != 0
        assert f"the state records baseUrl {first}, and neev:baseUrl (or NEEV_BASE_URL) is {moved}" in refused.text
        assert "NEEV_PREVIOUS_BASE_URL" in refused.text
    assert out_of_band_request(emulator, "GET", "/sandboxes/box")["id"] == id

    project.set_config("neev:previousBaseUrl", first)
    assert project.up().changes == {}
    project.refresh()
    assert read_recorded_account(project)["baseUrl"] == moved
    project.set_config("neev:previousBaseUrl", "https://elsewhere.example")
    assert project.preview().changes == {}
    project.destroy()


def test_the_plugin_accepts_a_new_base_url_only_if_the_previous_one_is_configured(
    project: PulumiProject, emulator: Emulator
) -> None:
    project.write_yaml({"box": {"type": "neev:Sandbox", "properties": {"name": "box"}}})
    project.up()
    first = emulator.base_url
    id = out_of_band_request(emulator, "GET", "/sandboxes/box")["id"]

    moved = first.replace("127.0.0.1", "localhost")
    project.refresh("--expect-no-changes")
    elsewhere = project.run_pulumi("refresh", "--yes", "--skip-preview", env={"NEEV_BASE_URL": "http://127.0.0.1:1"})
    assert elsewhere.returncode == 0
    for settings in ({"NEEV_PROJECT_ID": "project-other"}, {"NEEV_BASE_URL": moved}):
        ((name, value),) = settings.items()
        refused = project.run_pulumi("up", "--yes", "--skip-preview", env=settings)
        assert refused.returncode != 0
        assert value in refused.text
        assert f"the state records {project.env[name]}" in refused.text
    assert project.up().changes == {}
    assert read_recorded_account(project)["baseUrl"] == first

    project.env |= {"NEEV_BASE_URL": moved, "NEEV_PREVIOUS_BASE_URL": first}
    assert project.up().changes == {}
    project.refresh()
    assert read_recorded_account(project)["baseUrl"] == moved
    assert out_of_band_request(emulator, "GET", "/sandboxes/box")["id"] == id
    del project.env["NEEV_PREVIOUS_BASE_URL"]
    assert project.up().changes == {}
    project.destroy()
