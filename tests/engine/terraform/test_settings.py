"""The provider's block: aliases, missing or unknown settings, and secrets."""

from __future__ import annotations

import zipfile
from dataclasses import replace

import pytest
from tests.engine.project import out_of_band_request
from tests.engine.terraform.project import HAS_CHANGES, TerraformProject

pytestmark = pytest.mark.engine

REQUIRED = ("NEEV_API_KEY", "NEEV_ORG_ID", "NEEV_PROJECT_ID")
TOKEN, WRITE_ONLY = "hunter2-in-the-environment", "hunter2-only-written"
OTHER_PROJECT = "project-other"


def test_two_providers_create_in_two_projects(process_project: TerraformProject) -> None:
    project = process_project
    project.write(
        'provider "neev" {}\n'
        f'provider "neev" {{\n  alias      = "other"\n  project_id = "{OTHER_PROJECT}"\n}}\n'
        'resource "neev_sandbox" "here" {\n  name = "box"\n}\n'
        'resource "neev_sandbox" "there" {\n  provider = neev.other\n  name     = "box"\n}\n'
    )
    project.apply()
    here, there = project.emulator, replace(project.emulator, project_id=OTHER_PROJECT)
    for emulator, address in ((here, "neev_sandbox.here"), (there, "neev_sandbox.there")):
        (found,) = out_of_band_request(emulator, "GET", "/sandboxes")["items"]
        assert found["id"] == project.values(address)["id"]


def test_one_error_lists_every_missing_setting(project: TerraformProject) -> None:
    project.write('resource "neev_sandbox" "box" {\n}\n')
    for name in REQUIRED:
        del project.env[name]
    failed = project.try_apply()
    assert failed.returncode == 1
    # without a provider's block, the engine adds an error of its own
    (error,) = [text for text in failed.errors if "NEEV_" in text]
    assert [name for name in REQUIRED if name not in error] == []


def test_a_setting_may_be_unknown_until_the_apply(project: TerraformProject) -> None:
    project_id = project.env.pop("NEEV_PROJECT_ID")
    project.write(
        f'resource "terraform_data" "project" {{\n  input = "{project_id}"\n}}\n'
        'provider "neev" {\n  project_id = terraform_data.project.output\n}\n'
        'resource "neev_sandbox" "box" {\n}\n'
    )
    assert project.plan().returncode == HAS_CHANGES
    project.apply()
    assert project.plan().returncode == 0


def test_secrets_are_redacted_in_output_and_logs_and_write_only_values_are_not_stored(
    process_project: TerraformProject,
) -> None:
    project = process_project
    key = project.env["NEEV_API_KEY"]
    project.write(
        'variable "only_written" {\n  type      = string\n  ephemeral = true\n}\n'
        f'resource "neev_sandbox" "box" {{\n  env = {{ TOKEN = "{TOKEN}" }}\n}}\n'
        'resource "neev_command" "hello" {\n  sandbox_id     = neev_sandbox.box.id\n'
        '  create         = ["sh", "-c", "test $WORD"]\n  env_wo         = { WORD = var.only_written }\n'
        "  env_wo_version = 1\n}\n"
    )
    log = project.directory / "engine.log"
    env = {"TF_LOG": "TRACE", "TF_LOG_PATH": str(log), "TF_VAR_only_written": WRITE_ONLY}

    project.emulator.inject("status", method="POST", path="/sandboxes", status=400, body={"message": f"{TOKEN} {key}"})
    failed = project.run("apply", "-auto-approve", "-json", env=env)
    assert failed.returncode == 1
    assert "400" in failed.text
    planned = project.run("plan", "-out=saved", "-json", env=env)
    assert planned.returncode == 0
    applied = project.run("apply", "-json", "saved", env=env)
    assert applied.returncode == 0, applied.text

    shown = failed.text + planned.text + applied.text
    log_lines = [line for line in log.read_text().splitlines() if "terraform-provider-neev" in line]
    assert log_lines
    for secret in (key, TOKEN, WRITE_ONLY):
        assert secret not in shown
        assert not [line for line in log_lines if secret in line]
    state = (project.directory / "terraform.tfstate").read_text()
    saved = zipfile.ZipFile(project.directory / "saved")
    for secret in (key, WRITE_ONLY):
        assert secret not in state
        assert not [name for name in saved.namelist() if secret.encode() in saved.read(name)]
    assert TOKEN in state  # as every input; a write-only argument is not stored
