"""A web service in a sandbox: the example on dynamic resources, and the same in YAML on the plugin."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from typing import Any
from urllib.request import urlopen

import pytest
import yaml
from tests.engine.project import PulumiProject, find_free_port, out_of_band_request, read_in_sandbox, wait_until
from tests.engine.sdks import ROOT

pytestmark = pytest.mark.engine

EXAMPLE = ROOT / "examples" / "web-service"
PYTHON_RUNTIME = {"name": "python", "options": {"toolchain": "pip", "virtualenv": sys.prefix}}
PLUGIN_PROGRAM: dict[str, Any] = {
    "runtime": "yaml",
    "config": {"port": {"type": "integer"}, "greeting": {"type": "string"}},
    "resources": {
        "box": {"type": "neev:index:Sandbox"},
        "app": {
            "type": "neev:index:Directory",
            "properties": {"sandboxId": "${box.id}", "path": "app", "source": {"fn::fileArchive": "./app"}},
        },
        "service": {
            "type": "neev:index:Process",
            "properties": {
                "sandboxId": "${box.id}",
                "command": ["python3", "-u", "app/server.py", "${port}"],
                "env": {"GREETING": "${greeting}"},
                "triggers": ["${app.sha256}"],
                "readiness": {"port": "${port}", "timeoutSeconds": 60},
            },
        },
        "web": {
            "type": "neev:index:PreviewPort",
            "properties": {"sandboxId": "${box.id}", "port": "${port}", "waitUntilServed": True},
            "options": {"dependsOn": ["${service}"]},
        },
    },
    "outputs": {"url": "${web.previewUrl}"},
}


def write_example(project: PulumiProject) -> None:
    """Write the example, with dynamic resources."""
    example = yaml.safe_load((EXAMPLE / "Pulumi.yaml").read_text())
    project.write_project({**example, "runtime": PYTHON_RUNTIME})


def write_plugin_program(project: PulumiProject) -> None:
    """Write the same program on the plugin."""
    project.write_project(PLUGIN_PROGRAM)


def list_running(project: PulumiProject) -> list[dict[str, Any]]:
    """Return the supervised processes that run in the sandbox."""
    listed = json.loads(read_in_sandbox(project.emulator, read_sandbox_id(project), "", "processes/list"))
    return [process for process in listed["processes"] if process["state"] == "running"]


def read_sandbox_id(project: PulumiProject) -> str:
    items = out_of_band_request(project.emulator, "GET", "/sandboxes")["items"]
    return str(items[0]["id"])


def fetch(project: PulumiProject) -> str:
    """Return the response of the service at its URL."""
    with urlopen(f"{project.outputs()['url']}/here") as answer:
        return str(answer.read().decode())


@pytest.mark.parametrize("write", [write_example, write_plugin_program], ids=["dynamic", "plugin"])
def test_a_web_service_is_restarted_after_a_kill_and_kept_after_pause_and_resume(
    project: PulumiProject, write: Callable[[PulumiProject], None]
) -> None:
    ignored = shutil.ignore_patterns("Pulumi.yaml", "__pycache__")
    shutil.copytree(EXAMPLE, project.directory, dirs_exist_ok=True, ignore=ignored)
    write(project)
    project.set_config("port", str(find_free_port()))
    project.set_config("greeting", "Hello")

    assert project.up().changes == dict.fromkeys(("box", "app", "service", "web"), "create")
    assert fetch(project) == "Hello from /here\n"
    assert project.up().changes == {}
    (process,) = list_running(project)

    read_in_sandbox(project.emulator, read_sandbox_id(project), "", "processes/kill", process_id=process["process_id"])
    wait_until(lambda: not list_running(project))
    assert project.up("--refresh").changes == {"service": "update"}
    assert fetch(project) == "Hello from /here\n"
    (restarted,) = list_running(project)
    assert restarted["process_id"] != process["process_id"]
    assert project.up("--refresh").changes == {}

    box = read_sandbox_id(project)
    out_of_band_request(project.emulator, "POST", f"/sandboxes/{box}/pause")
    project.emulator.advance(10)
    project.emulator.clear_log()
    assert project.up("--refresh").changes == {}
    assert project.emulator.mutating_requests == []
    out_of_band_request(project.emulator, "POST", f"/sandboxes/{box}/resume")
    project.emulator.advance(10)
    assert fetch(project) == "Hello from /here\n"
    assert project.up("--refresh").changes == {}
    assert list_running(project) == [restarted]

    project.set_config("greeting", "Hi")
    assert project.up().changes == {"service": "update"}
    assert fetch(project) == "Hi from /here\n"
    assert len(list_running(project)) == 1
    project.destroy()
    assert project.emulator.state()["sandboxes"] == 0


def test_a_process_that_exits_fails_with_its_output_and_is_started_by_the_next_update(project: PulumiProject) -> None:
    service: dict[str, Any] = {"sandboxId": "${box.id}", "command": ["sh", "-c", "echo no $WORD; exit 3"]}
    service["env"] = {"WORD": "hunter2"}
    program = {"box": {"type": "neev:index:Sandbox"}, "service": {"type": "neev:index:Process", "properties": service}}
    project.write_yaml(program)
    failed = project.run_pulumi("up", "--yes", "--skip-preview")
    assert failed.returncode != 0
    assert "sh: it ended with exit code 3. Its last lines:\n" in failed.text
    assert "no [secret]" in failed.text
    assert "hunter2" not in failed.text
    kept = project.state_of("service")
    assert kept is not None
    assert kept["outputs"]["status"] == "exited"
    assert "hunter2" not in json.dumps(kept)
    service["command"] = ["sleep", "600"]
    project.write_yaml(program)
    assert project.up().changes == {"service": "update"}
    project.destroy()
