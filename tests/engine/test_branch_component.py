"""The component for a branch's environment on the engine, through either adapter."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from tests.engine.project import PulumiProject, out_of_band_request, read_in_sandbox
from tests.engine.sdks import build_sdk

pytestmark = pytest.mark.engine

PROGRAM = """
import pulumi
import pulumi_neev as neev
import {package} as resources

config = pulumi.Config()
revision = config.get("revision") or "1"
environment = neev.BranchEnvironment(
    "web",
    branch="Feature/Login",
    revision=revision,
    base_sandbox_id=config.require("base"),
    files={{"site/index.html": f"revision {{revision}}", "run.sh": pulumi.StringAsset("echo $1 >> ran")}},
    commands=[["sh", "run.sh", revision], ["sh", "-c", "cp ran site/log"]],
    ports=[8080],
    paused=config.get_bool("paused") or False,
    lifetime_seconds=3600,
    resources=resources,
)
for output in ("id", "name", "url", "expires_at"):
    pulumi.export(output, getattr(environment, output))
"""


@pytest.mark.parametrize("adapter", ["pulumi_neev", "pulumi_neev_sdk"])
def test_a_branch_environment_is_created_updated_resumed_paused_and_destroyed(
    project: PulumiProject, adapter: str
) -> None:
    emulator = project.emulator
    base = out_of_band_request(emulator, "POST", "/sandboxes", {"name": "base"})["id"]
    if adapter == "pulumi_neev_sdk":
        project.env["PYTHONPATH"] = str(build_sdk("python"))
    project.write_python(PROGRAM.format(package=adapter))
    project.set_config("base", base)

    project.up()
    first = project.outputs()
    assert first["name"].startswith("web-feature-login-")
    assert first["url"].startswith("http")
    assert first["url"] not in json.dumps(project.export()), "the URL is a secret"
    assert read_file(project, "ran") == "1\n"
    assert project.up().changes == {}

    emulator.advance(900)
    project.set_config("revision", "2")
    changed = project.up().changes
    assert changed == {"web": "update", "web-site/index.html": "update", "web-1": "replace", "web-2": "replace"}
    second = project.outputs()
    assert {**second, "expires_at": ""} == {**first, "expires_at": ""}
    gained = parse_time(second["expires_at"]) - parse_time(first["expires_at"])
    assert 900 <= gained.total_seconds() < 1200
    assert read_file(project, "site/index.html") == "revision 2"
    assert read_file(project, "site/log") == "1\n2\n"
    assert project.up("--refresh").changes == {}

    emulator.advance(1900)
    assert out_of_band_request(emulator, "GET", f"/sandboxes/{first['id']}")["phase"] == "Paused"
    assert project.up("--refresh").changes == {"web": "update"}, "the idle sandbox is resumed"
    project.set_config("paused", "true")
    assert project.up().changes == {"web": "update"}
    another = out_of_band_request(emulator, "POST", "/sandboxes", {"name": "another"})["id"]
    project.set_config("base", another)
    assert project.up().changes == {}, "the fork keeps its base"

    emulator.clear_log()
    project.destroy()
    assert [entry["method"] for entry in emulator.mutating_requests] == ["DELETE"], (
        "the API deletes what is in the sandbox"
    )


def read_file(project: PulumiProject, path: str) -> str:
    """Return the content of a file of the environment."""
    return read_in_sandbox(project.emulator, project.outputs()["id"], path).decode()


def parse_time(text: str) -> datetime:
    return datetime.fromisoformat(text)
