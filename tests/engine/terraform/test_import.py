"""Import of what exists: by a block or a command, by id, name or identity, and with a generated configuration."""

from __future__ import annotations

import pytest
from tests.engine.project import out_of_band_request
from tests.engine.terraform.project import HAS_CHANGES, TerraformProject

pytestmark = pytest.mark.engine

BOX = "neev_sandbox.box"
NAMED_BOX = 'resource "neev_sandbox" "box" {\n  name = "found"\n}\n'


@pytest.fixture
def found(project: TerraformProject) -> str:
    """Return the id of a sandbox that is in no state."""
    id: str = out_of_band_request(project.emulator, "POST", "/sandboxes", {"name": "found"})["id"]
    return id


def format_import_block(line: str) -> str:
    return f"import {{\n  to = {BOX}\n  {line}\n}}\n"


def test_an_import_block_accepts_a_name_and_the_import_command_an_id(project: TerraformProject, found: str) -> None:
    project.write(NAMED_BOX + format_import_block('id = "found"'))
    assert project.plan().returncode == HAS_CHANGES
    project.apply()
    assert project.values(BOX)["id"] == found
    assert project.plan().returncode == 0

    assert project.run("state", "rm", BOX).returncode == 0
    project.write(NAMED_BOX)
    project.import_(BOX, found)
    assert project.plan().returncode == 0
    assert project.emulator.state()["sandboxes"] == 1


@pytest.mark.parametrize("executable", ["tofu"], indirect=True)  # Terraform supports identities from 1.12
def test_an_import_block_accepts_an_identity(project: TerraformProject, found: str) -> None:
    project.write(NAMED_BOX + format_import_block('identity = { id = "found" }'))
    project.apply()
    assert project.values(BOX)["id"] == found
    assert project.plan().returncode == 0


@pytest.mark.parametrize("executable", ["tofu"], indirect=True)
def test_an_import_by_identity_from_another_project_fails(project: TerraformProject, found: str) -> None:
    project.write(NAMED_BOX + format_import_block(f'identity = {{ id = "{found}", project_id = "project-other" }}'))
    (error,) = project.try_apply().errors
    assert "project-other" in error
    assert "alias" in error


def test_the_configuration_of_an_import_is_generated(project: TerraformProject, found: str) -> None:
    project.write(format_import_block(f'id = "{found}"'))
    project.plan("-generate-config-out=generated.tf")
    assert 'name                     = "found"' in (project.directory / "generated.tf").read_text()
    project.apply()
    assert project.values(BOX)["id"] == found
    assert project.plan().returncode == 0


def test_the_import_of_a_missing_sandbox_fails(project: TerraformProject) -> None:
    project.write(NAMED_BOX + format_import_block('id = "gone"'))
    assert "non-existent remote object" in project.try_apply().errors[0]
    assert project.emulator.state()["sandboxes"] == 0
