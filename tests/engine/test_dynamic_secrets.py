"""The API key and the environment of a sandbox are in no state, log or error of a program of dynamic resources."""

from __future__ import annotations

import base64
import json

import pytest
from tests.engine.project import PulumiProject

pytestmark = pytest.mark.engine

SECRET = "hunter2-in-the-environment"


def make_program(env: str) -> str:
    return f"""
import pulumi
import pulumi_neev as neev

box = neev.Sandbox("box", env={env})
kept = neev.Snapshot("kept", sandbox_id=box.id)
pulumi.export("env", box.env)
"""


def test_secrets_are_absent_from_state_logs_and_output(project: PulumiProject) -> None:
    project.write_python(make_program(f'{{"TOKEN": "{SECRET}"}}'))
    project.set_config("neev:apiKey", project.env.pop("NEEV_API_KEY"), "--secret")
    up = project.run_pulumi("up", "--yes", "-v=8", "--logtostderr", "--logflow")
    assert up.returncode == 0
    exported = json.dumps(project.export())
    assert project.outputs()["env"] == {"TOKEN": SECRET}

    project.write_python(make_program(f'{{"TOKEN": "{SECRET}", "SECOND": "{SECRET}"}}'))
    project.emulator.inject("status", method="POST", path="/sandboxes", status=400, body={"message": SECRET})
    failed = project.run_pulumi("up", "--yes", "--diff", "-v=8", "--logtostderr", "--logflow")
    assert failed.returncode != 0
    assert "400" in failed.text
    for text in (up.text, exported, failed.text):
        assert len(text) > 1000
        assert SECRET not in text
        assert base64.b64encode(SECRET.encode()).decode()[:30] not in text
        assert project.emulator.api_key not in text


def test_the_error_for_a_secret_of_the_wrong_type_omits_its_value(project: PulumiProject) -> None:
    project.write_python(make_program(f'"{SECRET}"'))
    result = project.run_pulumi("preview")
    assert "env: must be a map of strings" in result.text
    assert SECRET not in result.text


def test_the_api_key_of_the_environment_is_absent_from_debug_logs(project: PulumiProject) -> None:
    project.write_python(make_program("{}"))
    up = project.run_pulumi("up", "--yes", "--skip-preview", "-v=9", "--logtostderr", "--logflow")
    assert up.returncode == 0
    assert "Registering resource" in up.text or "RegisterResource" in up.text
    assert project.emulator.api_key not in up.text


COMMANDS = """
import pulumi
import pulumi_neev as neev

token = pulumi.Config().require_secret("token")
box = neev.Sandbox("box")
written = neev.Command("written", sandbox_id=box.id, create=["cat"], stdin=token.apply(lambda text: text + "\\n"))
neev.Command("listed", sandbox_id=box.id, create=["sh", "-c", "echo $TOKEN"], env={"TOKEN": token})
pulumi.export("output", written.stdout)
pulumi.export("plain", neev.Command("plain", sandbox_id=box.id, create=["echo", "plain"]).stdout)
"""


def test_a_secret_input_of_a_command_is_secret_in_its_output(project: PulumiProject) -> None:
    project.write_python(COMMANDS)
    project.set_config("token", SECRET, "--secret")
    up = project.run_pulumi("up", "--yes", "--skip-preview", "-v=8", "--logtostderr", "--logflow")
    assert up.returncode == 0, up.text
    exported = json.dumps(project.export())
    assert project.outputs() == {"output": f"{SECRET}\n", "plain": "plain\n"}
    plan = project.run_pulumi("preview", "--diff", "--refresh", "--expect-no-changes", "-v=8", "--logtostderr")
    assert plan.returncode == 0, plan.text

    failing = 'neev.Command("last", sandbox_id=box.id, create=["sh", "-c", token.apply("echo {} >&2; exit 3".format)])'
    project.write_python(COMMANDS + failing)
    failed = project.run_pulumi("up", "--yes", "--skip-preview", "-v=8", "--logtostderr", "--logflow")
    assert failed.returncode != 0
    assert "exit code 3. Its output is a secret" in failed.text
    for text in (up.text, exported, plan.text, failed.text, json.dumps(project.export())):
        assert SECRET not in text
