"""The API key and the environment of a sandbox are in no state, log or error of a program of dynamic resources."""

from __future__ import annotations

import base64
import json

import pytest
from tests.engine.project import Pulumi

pytestmark = pytest.mark.engine

SECRET = "hunter2-in-the-environment"


def program(env: str) -> str:
    return f"""
import pulumi
import pulumi_neev as neev

box = neev.Sandbox("box", env={env})
kept = neev.Snapshot("kept", sandbox_id=box.id)
pulumi.export("env", box.env)
"""


def test_no_secret_is_in_the_state_the_logs_or_what_is_shown(project: Pulumi) -> None:
    project.python(program(f'{{"TOKEN": "{SECRET}"}}'))
    project.config("neev:apiKey", project.env.pop("NEEV_API_KEY"), "--secret")
    up = project.pulumi("up", "--yes", "-v=8", "--logtostderr", "--logflow")
    assert up.returncode == 0
    exported = json.dumps(project.export())
    assert project.outputs()["env"] == {"TOKEN": SECRET}

    project.python(program(f'{{"TOKEN": "{SECRET}", "SECOND": "{SECRET}"}}'))
    project.emulator.add_fault("status", method="POST", path="/sandboxes", status=400, body={"message": SECRET})
    failed = project.pulumi("up", "--yes", "--diff", "-v=8", "--logtostderr", "--logflow")
    assert failed.returncode != 0
    assert "400" in failed.text
    for text in (up.text, exported, failed.text):
        assert len(text) > 1000
        assert SECRET not in text
        assert base64.b64encode(SECRET.encode()).decode()[:30] not in text
        assert project.emulator.api_key not in text


def test_a_secret_of_the_wrong_type_is_not_quoted(project: Pulumi) -> None:
    project.python(program(f'"{SECRET}"'))
    result = project.pulumi("preview")
    assert "env: must be a map of strings" in result.text
    assert SECRET not in result.text


def test_the_key_of_the_environment_is_in_no_log_at_all(project: Pulumi) -> None:
    project.python(program("{}"))
    up = project.pulumi("up", "--yes", "--skip-preview", "-v=9", "--logtostderr", "--logflow")
    assert up.returncode == 0
    assert "Registering resource" in up.text or "RegisterResource" in up.text
    assert project.emulator.api_key not in up.text
