"""One Pulumi project in its own directory, with its own home and state, and the real engine that runs it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import psutil
import yaml
from tests.engine.command_result import COMMAND_TIMEOUT_SECONDS, CommandResult

from neev_emulator.testing import Emulator

STACK = "dev"
FOREIGN_PREFIXES = ("PULUMI_", "NEEV", "VIRTUAL_ENV")
"""Prefixes of the machine's variables that must not affect the tests."""


INTERRUPT_TRACEBACK = re.compile(
    r"Traceback \(most recent call last\):[^\n]*\n[^\n]*pulumi-language-python-exec"
    r"(?:(?!Traceback \().)*?KeyboardInterrupt",
    re.DOTALL,
)
"""The output of newer engines about a program that they interrupt because one of its resources failed."""


def remove_interrupt_tracebacks(text: str) -> str:
    """Return the text without the tracebacks of an interrupted program. They come from Pulumi's own event loop."""
    return INTERRUPT_TRACEBACK.sub("", text)


class Result(CommandResult):
    """The exit code and output of a command, and what the engine says that it changes."""

    @property
    def events(self) -> list[dict[str, Any]]:
        """Return the engine's events. Needs `--json`."""
        return [json.loads(line) for line in self.stdout.splitlines()]

    @property
    def changes(self) -> dict[str, str]:
        """Return the change of each resource, without the stack: `{"box": "update"}`. Needs `--json`."""
        found: dict[str, str] = {}
        for step in self._list_steps("resourcePreEvent") + self._list_steps("resOutputsEvent"):
            operation = "replace" if "replace" in step["op"] else step["op"]
            if operation not in ("same", "refresh") and not step["type"].startswith("pulumi:"):
                found[step["urn"].rpartition("::")[2]] = operation
        return found

    def diff(self, name: str) -> dict[str, str]:
        """Return the kind of change of each property of the resource, by path: `{"cpu": "update"}`. Needs `--json`."""
        steps = (step for step in self._list_steps("resourcePreEvent") if step["op"] != "refresh")
        step = next(step for step in steps if step["urn"].endswith(f"::{name}"))
        return {path: value["diffKind"] for path, value in (step.get("detailedDiff") or {}).items()}

    def inputs(self, name: str) -> dict[str, Any]:
        """Return the resource's checked inputs. Needs `--json`."""
        step = next(step for step in self._list_steps("resourcePreEvent") if step["urn"].endswith(f"::{name}"))
        inputs: dict[str, Any] = step["new"]["inputs"]
        return inputs

    @property
    def warnings(self) -> list[str]:
        """Return the warnings of the engine and its hosts, except that the plugin is the one on PATH.

        Needs `--json`.
        """
        message = (str(event["diagnosticEvent"]["message"]) for event in self.events if "diagnosticEvent" in event)
        return [item for item in message if "warning" in item.lower() and "from $PATH" not in item]

    def _list_steps(self, kind: str) -> list[dict[str, Any]]:
        return [event[kind]["metadata"] for event in self.events if kind in event]


@dataclass(frozen=True)
class StateResource:
    """A resource in a state of any engine."""

    name: str
    """The name in the program."""
    kind: str
    """The name of the declaration: `Sandbox`."""
    id: str
    outputs: Mapping[str, Any]
    """The values in camelCase, inputs included."""
    is_complete: bool
    """Whether the last operation on it succeeded, and it is not about to be deleted."""


class PulumiProject:
    """A project with one stack, against one emulator."""

    def __init__(self, directory: Path, pulumi_bin: Path, emulator: Emulator) -> None:
        self.directory = directory / "project"
        self.emulator = emulator
        self._home_dir = directory / "home"
        self._state_dir = directory / "state"
        for item in (self.directory, self._home_dir, self._state_dir):
            item.mkdir()
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN_PREFIXES)}
        self.env = {
            **inherited,
            "PATH": f"{pulumi_bin}{os.pathsep}{inherited['PATH']}",
            "PULUMI_HOME": str(self._home_dir),
            "PULUMI_BACKEND_URL": f"file://{self._state_dir}",
            "PULUMI_CONFIG_PASSPHRASE": "of a test",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_DISABLE_REGISTRY_RESOLVE": "true",
            "PULUMI_ENABLE_STREAMING_JSON_PREVIEW": "true",
            **emulator.env,
        }

    def write_yaml(self, resources: Mapping[str, Any], **rest: Any) -> None:
        """Write a YAML program of these resources, on the plugin."""
        self.write_project({"runtime": "yaml", "resources": resources, **rest})

    def write_python(self, program: str, **options: Any) -> None:
        """Write this Python program, for the interpreter of the tests."""
        (self.directory / "__main__.py").write_text(program, encoding="utf-8")
        self.write_project(
            {"runtime": {"name": "python", "options": {"toolchain": "pip", "virtualenv": sys.prefix}}, **options}
        )

    def write_project(self, project: Mapping[str, Any]) -> None:
        """Write this project file. The plugin is that of the interpreter of the tests."""
        plugins = {"providers": [{"name": "neev", "path": f"{sys.prefix}/bin"}]}
        text = yaml.safe_dump({"name": "story", "plugins": plugins, **project})
        first = not (self.directory / "Pulumi.yaml").exists()
        (self.directory / "Pulumi.yaml").write_text(text, encoding="utf-8")
        if first:
            self.run_pulumi("stack", "init", STACK).require_success()

    def run_pulumi(self, *arguments: str, env: Mapping[str, str] | None = None) -> Result:
        """Run a command of the engine and return its result, also after a failure."""
        return Result.wait_for(self.start_pulumi(*arguments, env=env))

    def run_neev(self, *arguments: str, env: Mapping[str, str] | None = None) -> Result:
        """Run a command of `pulumi-neev` in the project's directory and return its result, also after a failure."""
        return Result.wait_for(self.start_neev(*arguments, env=env))

    def start_pulumi(self, *arguments: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """Start a command of the engine."""
        return self.start_command(["pulumi", *arguments, "--non-interactive", "--color=never"], env)

    def start_neev(self, *arguments: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """Start a command of `pulumi-neev`."""
        return self.start_command([sys.executable, "-c", "from neev_provider.cli import main; main()", *arguments], env)

    def start_command(self, command: Sequence[str], env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """Start the command in the project's directory."""
        return subprocess.Popen(
            command,
            cwd=self.directory,
            env={**self.env, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def list_processes(self) -> list[psutil.Process]:
        """Return every process of this project: the engine, hosts, programs and plugins."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                if process.environ().get("PULUMI_HOME") == self.env["PULUMI_HOME"]:
                    found.append(process)
        return found

    def find_processes(self, part: str) -> list[psutil.Process]:
        """Return the processes of this project with this text in their command line."""
        return [
            process for process in self.list_processes() if any(part in word for word in read_command_line(process))
        ]

    def up(self, *arguments: str) -> Result:
        """Update the stack to its program. The result's `changes` are the operations that it needed."""
        return self.run_pulumi("up", "--yes", "--json", "--skip-preview", *arguments).require_success()

    def preview(self, *arguments: str) -> Result:
        """Return what `up` would do, without a change."""
        return self.run_pulumi("preview", "--json", *arguments).require_success()

    def refresh(self, *arguments: str) -> Result:
        """Refresh the state from the API."""
        return self.run_pulumi("refresh", "--yes", "--json", "--skip-preview", *arguments).require_success()

    def destroy(self, *arguments: str) -> Result:
        """Destroy the stack."""
        return self.run_pulumi("destroy", "--yes", "--json", "--skip-preview", *arguments).require_success()

    def import_(self, kind: str, name: str, id: str, *arguments: str) -> Result:
        """Import the object with this id into the stack."""
        return self.run_pulumi("import", kind, name, id, "--yes", "--protect=false", *arguments).require_success()

    def set_config(self, key: str, value: str, *arguments: str) -> None:
        """Set a value of the stack's configuration."""
        self.run_pulumi("config", "set", key, value, *arguments).require_success()

    def export(self, *arguments: str) -> dict[str, Any]:
        """Return the exported state: `deployment.resources`, secrets encrypted."""
        state: dict[str, Any] = json.loads(self.run_pulumi("stack", "export", *arguments).require_success().stdout)
        return state

    def list_resources(self) -> list[StateResource]:
        """Return the stack's own resources in the state, and assert that no operation is pending."""
        deployment = self.export()["deployment"]
        assert not deployment.get("pending_operations"), "operations are still pending"
        held = (item for item in deployment.get("resources", []) if not item["type"].startswith("pulumi:"))
        return [
            StateResource(
                item["urn"].rpartition("::")[2],
                # the plugin has `neev:index:Sandbox`, a Python program has `pulumi-python:dynamic:Sandbox`
                item["type"].rpartition(":")[2].rpartition("/")[2],
                item["id"],
                item["outputs"],
                is_complete=not (item.get("delete") or item.get("initErrors")),
            )
            for item in held
        ]

    def state_of(self, name: str) -> dict[str, Any] | None:
        """Return the resource with this name in the state."""
        resources = self.export()["deployment"].get("resources", [])
        return next((resource for resource in resources if resource["urn"].endswith(f"::{name}")), None)

    def outputs(self) -> dict[str, Any]:
        """Return the stack's outputs, secrets in clear."""
        shown = self.run_pulumi("stack", "output", "--json", "--show-secrets").require_success()
        outputs: dict[str, Any] = json.loads(shown.stdout)
        return outputs


def read_command_line(process: psutil.Process) -> list[str]:
    """Return the process's command line, or nothing if it has ended."""
    with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        return process.cmdline()
    return []


def wait_until(condition: Callable[[], bool]) -> float:
    """Wait until the condition is true and return the seconds that passed."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < COMMAND_TIMEOUT_SECONDS
        time.sleep(0.05)
    return time.monotonic() - started


def find_free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("", 0))
        return int(probe.getsockname()[1])


def out_of_band_request(emulator: Emulator, method: str, path: str, body: object = None) -> Any:
    """Send a request from outside of the stack and return the response's content."""
    root = f"{emulator.base_url}/api/v1beta1/orgs/{emulator.org_id}/projects/{emulator.project_id}"
    headers = {"Authorization": f"Bearer {emulator.api_key}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(root + path, data, headers, method=method)) as answer:
        message = answer.read()
    return json.loads(message) if message else None


def read_in_sandbox(emulator: Emulator, sandbox: str, path: str, call: str = "files/read", **body: object) -> bytes:
    """Return the content of a file in the sandbox, by its id or name, or the response of another call with the path."""
    observed = out_of_band_request(emulator, "GET", f"/sandboxes/{sandbox}")
    headers = {"Authorization": f"Bearer {emulator.api_key}", "X-Sandbox-Id": observed["id"]}
    data = json.dumps({"path": path, **body}).encode()
    request = Request(f"{observed['connect_url']}/v1/{call}", data, {**headers, "Content-Type": "application/json"})
    with urlopen(request) as answer:
        content: bytes = answer.read()
    return content
