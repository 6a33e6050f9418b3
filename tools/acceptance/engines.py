"""The engines that play the story: Pulumi with the plugin or dynamic resources, and Terraform or OpenTofu."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
from typing_extensions import override

from neev_provider.client.settings import Settings
from tools.acceptance.story import Command, write_source_trees
from tools.engine.engine import ROOT, find_engine
from tools.engine.terraform import find_any
from tools.programs import PYTHON_READER, Program, to_configuration, to_yaml

RUN_VARIABLE = "NEEV_ACCEPTANCE_RUN"
"""The variable by which the processes of a run are found."""
RUN_LABEL = "acceptance-run"
FOREIGN_PREFIXES = ("PULUMI_", "TF_", "NEEV", "VIRTUAL_ENV")
"""Prefixes of this machine's variables that are not for the engines of the story."""
INTERRUPT_SECONDS = 20.0
"""Seconds that an engine has to end after an interrupt."""
STACK = "acceptance"
_CLI_CONFIG = """\
provider_installation {{
  dev_overrides {{ "neevcloud/neev" = "{}" }}
  direct {{}}
}}
"""


class OutOfTimeError(Exception):
    """Raised when the time of the run is over."""


@dataclass(frozen=True)
class CommandResult:
    """Whether a command succeeded, and its output."""

    succeeded: bool
    text: str


class EngineProject(ABC):
    """A program in a directory of its own, and the engine that runs it."""

    def __init__(self, directory: Path, target: Settings, prefix: str) -> None:
        self.directory = directory / "project"
        self.directory.mkdir(parents=True)
        write_source_trees(self.directory)
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN_PREFIXES)}
        self.env = {
            **inherited,
            "NEEV_BASE_URL": target.base_url,
            "NEEV_API_KEY": target.api_key,
            "NEEV_ORG_ID": target.org_id,
            "NEEV_PROJECT_ID": target.project_id,
            **({"NEEV_REGION": target.region} if target.region else {}),
            "NEEV_DEFAULT_LABELS": f"{RUN_LABEL}={prefix}",
            RUN_VARIABLE: prefix,
        }

    @abstractmethod
    def write(self, program: Program) -> None:
        """Write the program in the place of the last one."""

    @abstractmethod
    def arguments_of(self, command: Command) -> Sequence[str | Path]:
        """Return the command line."""

    def run(self, command: Command, *, deadline: float) -> CommandResult:
        """Run the command on the program. At the deadline, by the monotonic clock, it is interrupted.

        Raises:
            OutOfTimeError: the deadline is over.
        """
        return self.execute(self.arguments_of(command), deadline=deadline)

    def execute(self, arguments: Sequence[str | Path], *, deadline: float) -> CommandResult:
        """Run a command line in the directory of the program."""
        log = self.directory.parent / "output.txt"
        with log.open("w+", encoding="utf-8") as output:
            # in a session of its own, so that Ctrl-C in a terminal reaches it only from here
            process = subprocess.Popen(
                arguments,
                cwd=self.directory,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                code = process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                raise OutOfTimeError from None
            finally:
                interrupt(process)
        return CommandResult(code == 0, log.read_text(encoding="utf-8", errors="replace"))


class PulumiProject(EngineProject):
    """A stack with a state in the directory."""

    def __init__(self, directory: Path, target: Settings, prefix: str, pulumi_bin: Path) -> None:
        super().__init__(directory, target, prefix)
        self._is_new = True
        for folder in ("home", "state"):
            (directory / folder).mkdir()
        self.env |= {
            "PATH": f"{pulumi_bin}{os.pathsep}{self.env['PATH']}",
            "PULUMI_HOME": str(directory / "home"),
            "PULUMI_BACKEND_URL": f"file://{directory / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": secrets.token_hex(16),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        }

    @override
    def write(self, program: Program) -> None:
        self._write_project({"runtime": "yaml", **to_yaml(program)})

    @override
    def arguments_of(self, command: Command) -> Sequence[str]:
        arguments = {
            Command.PREVIEW: ("preview",),
            Command.UPDATE: ("up", "--yes", "--skip-preview"),
            Command.CHECK: ("preview", "--expect-no-changes", "--diff"),
            Command.REFRESH: ("refresh", "--yes", "--skip-preview"),
            Command.DESTROY: ("destroy", "--yes", "--skip-preview"),
        }
        return ("pulumi", *arguments[command], "--non-interactive", "--color=never")

    @override
    def run(self, command: Command, *, deadline: float) -> CommandResult:
        if self._is_new:
            created = self.execute(("pulumi", "stack", "init", STACK, "--non-interactive"), deadline=deadline)
            if not created.succeeded:
                return created
            self._is_new = False
        return super().run(command, deadline=deadline)

    def _write_project(self, project: Mapping[str, object]) -> None:
        plugins = {"providers": [{"name": "neev", "path": str(Path(sys.prefix) / "bin")}]}
        # JSON is YAML, and has no aliases, which the engine does not know
        text = json.dumps({"name": "acceptance", "plugins": plugins, **project})
        (self.directory / "Pulumi.yaml").write_text(text, encoding="utf-8")


class DynamicProject(PulumiProject):
    """A stack of dynamic resources, with a Python program."""

    @override
    def write(self, program: Program) -> None:
        (self.directory / "__main__.py").write_text(PYTHON_READER, encoding="utf-8")
        (self.directory / "program.json").write_text(json.dumps(program), encoding="utf-8")
        options = {"toolchain": "pip", "virtualenv": sys.prefix}
        self._write_project({"runtime": {"name": "python", "options": options}})


class TerraformProject(EngineProject):
    """A configuration of Terraform or OpenTofu."""

    def __init__(self, directory: Path, target: Settings, prefix: str, executable: Path) -> None:
        super().__init__(directory, target, prefix)
        self._executable = executable
        config = directory / "cli.tfrc"
        config.write_text(_CLI_CONFIG.format(Path(sys.prefix) / "bin"), encoding="utf-8")
        self.env |= {"TF_CLI_CONFIG_FILE": str(config), "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}

    @override
    def write(self, program: Program) -> None:
        configuration = json.dumps(to_configuration(program))
        (self.directory / "main.tf.json").write_text(configuration, encoding="utf-8")

    @override
    def arguments_of(self, command: Command) -> Sequence[str | Path]:
        arguments = {
            Command.PREVIEW: ("plan",),
            Command.UPDATE: ("apply", "-auto-approve"),
            Command.CHECK: ("plan", "-detailed-exitcode"),
            Command.REFRESH: ("apply", "-refresh-only", "-auto-approve"),
            Command.DESTROY: ("destroy", "-auto-approve"),
        }
        return (self._executable, *arguments[command], "-input=false", "-no-color")


ADAPTERS = ("plugin", "dynamic", "terraform")


@dataclass(frozen=True)
class Engines:
    """The engines of this machine."""

    pulumi_bin: Path | None
    terraform: Path | None

    @classmethod
    def find(cls, adapters: Sequence[str]) -> Engines:
        """Find or build the engines of these adapters."""
        needs_pulumi = any(adapter != "terraform" for adapter in adapters)
        return cls(
            find_engine(os.environ, ROOT) if needs_pulumi else None,
            find_any(os.environ, ROOT)[0] if "terraform" in adapters else None,
        )

    def open_project(self, adapter: str, directory: Path, target: Settings, prefix: str) -> EngineProject:
        """Return a new project of the adapter in the directory."""
        if adapter == "terraform":
            assert self.terraform is not None
            return TerraformProject(directory, target, prefix, self.terraform)
        assert self.pulumi_bin is not None
        return (DynamicProject if adapter == "dynamic" else PulumiProject)(directory, target, prefix, self.pulumi_bin)


def interrupt(process: subprocess.Popen[bytes]) -> None:
    """Interrupt a process that has not ended, and wait for its end for some seconds."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(INTERRUPT_SECONDS)


def kill_processes(prefix: str) -> None:
    """Kill every process of the run: an engine, and hosts and providers that outlived theirs."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if process.environ().get(RUN_VARIABLE) == prefix:
                process.kill()
