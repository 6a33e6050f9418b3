"""One configuration in its own directory, and the real engine that applies it: OpenTofu or Terraform."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from tests.engine.command_result import CommandResult

from neev_emulator import Emulator

FOREIGN_PREFIXES = ("TF_", "NEEV", "PULUMI_", "VIRTUAL_ENV")
"""Prefixes of the machine's variables that must not affect the tests."""
HEADER = 'terraform {\n  required_providers {\n    neev = { source = "neevcloud/neev" }\n  }\n}\n'
"""The block with which the configurations of the tests begin."""
INSTALLED = Path(sys.prefix) / "bin"
"""The folder of the installed provider."""
HAS_CHANGES = 2
"""The exit code of a plan with changes."""
_CLI_CONFIG = """\
provider_installation {{
  dev_overrides {{ "neevcloud/neev" = "{}" }}
  direct {{}}
}}
"""


class Result(CommandResult):
    """The exit code and output of a command, and what the engine says that it changes."""

    @property
    def changes(self) -> dict[str, str]:
        """Return the planned change of each resource: `{"neev_sandbox.box": "update"}`. Needs `-json`."""
        return _collect_actions(self._list_events("planned_change"))

    @property
    def drift(self) -> dict[str, str]:
        """Return what changed outside of the configuration, as `changes` does. Needs `-json`."""
        return _collect_actions(self._list_events("resource_drift"))

    @property
    def errors(self) -> list[str]:
        """Return the errors, each with its summary and detail. Needs `-json`."""
        return self._list_diagnostics("error")

    @property
    def warnings(self) -> list[str]:
        """Return the warnings except the engine's own about the provider under test. Needs `-json`."""
        return [text for text in self._list_diagnostics("warning") if "development overrides" not in text]

    def _list_diagnostics(self, severity: str) -> list[str]:
        found = (event["diagnostic"] for event in self._list_events("diagnostic"))
        return [f"{item['summary']}: {item['detail']}" for item in found if item["severity"] == severity]

    def _list_events(self, kind: str) -> list[dict[str, Any]]:
        events = (json.loads(line) for line in self.stdout.splitlines() if line.startswith("{"))
        return [event for event in events if event["type"] == kind]


@dataclass(frozen=True)
class Stored:
    """A resource in the state."""

    values: dict[str, Any]
    is_tainted: bool


class TerraformProject:
    """A configuration without an `init`: the engine starts the provider from the environment of the tests."""

    def __init__(self, directory: Path, executable: Path, emulator: Emulator, providers: Path = INSTALLED) -> None:
        self.directory = directory / "project"
        self.directory.mkdir()
        self.executable = executable
        self.emulator = emulator
        cli_config = directory / "cli.tfrc"
        cli_config.write_text(_CLI_CONFIG.format(providers))
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN_PREFIXES)}
        self.env = {
            **inherited,
            "TF_CLI_CONFIG_FILE": str(cli_config),
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
            **emulator.env,
        }

    def write(self, configuration: str) -> None:
        """Write this configuration in the place of the last one."""
        (self.directory / "main.tf").write_text(HEADER + configuration)

    def start(self, *arguments: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """Start a command of the engine, in a process group of its own as in a shell."""
        return subprocess.Popen(
            [self.executable, *arguments],
            cwd=self.directory,
            env={**self.env, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, env: Mapping[str, str] | None = None) -> Result:
        """Run a command of the engine and return its result, also after a failure."""
        return Result.wait_for(self.start(*arguments, env=env))

    def start_apply(self, *arguments: str) -> subprocess.Popen[str]:
        """Start to apply the configuration."""
        return self.start("apply", "-auto-approve", "-json", *arguments)

    def try_apply(self, *arguments: str) -> Result:
        """Apply the configuration and return the result, also after a failure."""
        return Result.wait_for(self.start_apply(*arguments))

    def apply(self, *arguments: str) -> Result:
        """Apply the configuration. The result's `changes` are the operations that it needed."""
        return self.try_apply(*arguments).require_success()

    def plan(self, *arguments: str) -> Result:
        """Return the plan. Its exit code says whether there are changes."""
        result = self.run("plan", "-json", "-detailed-exitcode", *arguments)
        assert result.returncode in (0, HAS_CHANGES), result.text
        return result

    def destroy(self, *arguments: str) -> Result:
        """Destroy everything in the state."""
        return self.run("destroy", "-auto-approve", "-json", *arguments).require_success()

    def import_(self, address: str, id: str, *arguments: str) -> Result:
        """Import the object with this id or name into the state."""
        return self.run("import", *arguments, address, id).require_success()

    def outputs(self) -> dict[str, Any]:
        """Return the values of the outputs, secrets in clear."""
        shown = json.loads(self.run("output", "-json").require_success().stdout)
        return {name: item["value"] for name, item in shown.items()}

    def resources(self) -> dict[str, Stored]:
        """Return the resources in the state by address. Nothing is started for that but the engine."""
        pulled = self.run("state", "pull").require_success().stdout
        found = json.loads(pulled)["resources"] if pulled.strip() else []
        return {
            f"{item['type']}.{item['name']}{_format_index(instance)}": Stored(
                instance["attributes"], is_tainted=instance.get("status") == "tainted"
            )
            for item in found
            if item["mode"] == "managed"
            for instance in item["instances"]
        }

    def values(self, address: str) -> dict[str, Any]:
        """Return the attributes of the resource in the state."""
        return self.resources()[address].values

    def list_processes(self) -> list[psutil.Process]:
        """Return every process of this project: engines and providers."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                if process.environ().get("TF_CLI_CONFIG_FILE") == self.env["TF_CLI_CONFIG_FILE"]:
                    found.append(process)
        return found


def _format_index(instance: Mapping[str, Any]) -> str:
    return f"[{json.dumps(instance['index_key'])}]" if "index_key" in instance else ""


def _collect_actions(events: list[dict[str, Any]]) -> dict[str, str]:
    changes = (event["change"] for event in events)
    return {item["resource"]["addr"]: item["action"] for item in changes if item["action"] not in ("noop", "read")}
