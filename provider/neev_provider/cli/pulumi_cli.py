"""The `pulumi` command, which works in the same way on every backend."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neev_provider.adapters.pulumi.marshal import SECRET, SIGNATURE
from neev_provider.adapters.shared.config import PACKAGE
from neev_provider.cli.engine_command import run_engine
from neev_provider.core import redaction
from neev_provider.core.errors import NeevError

LOCKED_TEXT = "currently locked"
CORRUPT_TEXT = "failed to load checkpoint: EOF"
API_KEY_SETTING = f"{PACKAGE}:apiKey"
NO_PROJECT_TEXT = "no project file found"
INSTALL_PAGE = "https://www.pulumi.com/docs/install"
HINTS = {
    "no stack named": "`pulumi stack ls` lists them.",
    "error: installing [": "Make PULUMI_HOME (or ~/.pulumi) writable, or set PULUMI_HOME to another folder.",
}
"""What to do next, by a text of the message."""
QUIET_ENVIRONMENT = {"PULUMI_SKIP_UPDATE_CHECK": "true"}
Deployment = dict[str, Any]
JsonObject = dict[str, Any]


class PulumiCommandFailed(NeevError):
    """A `pulumi` command failed."""


class StackLocked(PulumiCommandFailed):
    """Another operation holds the lock of the stack, or was killed while it held the lock."""

    default_hint = (
        "If no operation runs on the stack any more, run again with --cancel, which runs `pulumi cancel` first."
    )


class CorruptCheckpoint(PulumiCommandFailed):
    """The engine was killed while it wrote the metadata file beside a state of a file backend."""

    default_hint = (
        "The engine was killed while it wrote to the backend. Delete the empty file STACK.json.attrs beside the state: "
        "it only holds metadata. A file backend's URL that ends in `?metadata=skip` has no such files."
    )


@dataclass(frozen=True, slots=True)
class StackName:
    """The name of a stack, and its project if that is known."""

    project: str | None
    stack: str

    @classmethod
    def parse(cls, text: str, project: str | None) -> StackName:
        """Parse `ORGANIZATION/PROJECT/STACK`, or a name without a project, which is of the directory's `project`."""
        *names, stack = text.split("/")
        return cls(names[1] if len(names) > 1 else project, stack)


@dataclass(frozen=True, slots=True)
class PulumiCli:
    """Runs `pulumi` in the directory of a project, on its backend or on another one."""

    directory: Path
    backend_url: str | None = None

    def read_selected_stack(self) -> str:
        """Return the name of the selected stack."""
        return self.run("stack", "--show-name").strip()

    def list_stacks(self) -> list[str]:
        """Return the full names of all stacks of the backend."""
        listed = json.loads(self.run("stack", "ls", "--all", "--json"))
        return [item["name"] for item in listed]

    def export(self, stack: str, *, secrets: bool = False) -> Deployment:
        """Return the stored state of the stack. With `secrets`, they are in plain text, and redacted in all output."""
        shown = ["--show-secrets"] if secrets else []
        exported: Deployment = json.loads(self.run("stack", "export", "--stack", stack, *shown))
        redaction.add_secrets(list(_find_secrets(exported)))
        return exported

    def list_updates(self, stack: str) -> list[JsonObject]:
        """Return the latest completed updates of the stack, newest first."""
        listed: list[JsonObject] = json.loads(self.run("stack", "history", "--stack", stack, "--json"))
        return listed

    def import_(self, stack: str, state: Deployment) -> None:
        """Replace the stack's state. An import drops pending operations."""
        self.run("stack", "import", "--stack", stack, stdin=json.dumps(state))

    def cancel(self, stack: str) -> None:
        """Release the stack's lock."""
        self.run("cancel", "--yes", "--stack", stack)

    def read_config(self, stack: str) -> dict[str, Any]:
        """Return the configuration of the stack and its project in plain text: `{"neev:orgId": "…"}`."""
        return {name: value.get("value") for name, value in self.read_config_entries(stack).items()}

    def read_config_entries(self, stack: str) -> dict[str, JsonObject]:
        """Return the configuration with metadata: `{"neev:orgId": {"value": "…", "secret": false}}`.

        Outside of the project's directory a stack has no configuration: a file of the project holds it.
        """
        try:
            entries: dict[str, JsonObject] = json.loads(
                self.run("config", "--json", "--show-secrets", "--stack", stack) or "{}"
            )
        except PulumiCommandFailed as error:
            if NO_PROJECT_TEXT not in error.message:
                raise
            return {}
        redaction.add_secrets(
            [value.get("value") for name, value in entries.items() if value.get("secret") or name == API_KEY_SETTING]
        )
        return entries

    def read_version(self) -> str:
        """Return the version of the engine."""
        return self.run("version").strip()

    def run(self, *arguments: str, stdin: str = "") -> str:
        """Run `pulumi` and return what it wrote to stdout.

        Raises:
            StackLocked: another operation holds the lock of the stack.
            CorruptCheckpoint: an empty file beside the state makes it unreadable.
            PulumiCommandFailed: `pulumi` is not installed or cannot be started, or the command failed.
        """
        program = shutil.which("pulumi")
        if program is None:
            raise PulumiCommandFailed("`pulumi` is not on PATH", hint=f"Install it: {INSTALL_PAGE}")
        return run_engine(
            [program, *arguments, "--non-interactive", "--color=never"],
            subject=f"`pulumi {' '.join(arguments)}`",
            directory=self.directory,
            environ=self._build_environment(),
            classify=_classify,
            install_hint=f"Install Pulumi for this machine: {INSTALL_PAGE}",
            hints=HINTS,
            stdin=stdin,
        )

    def _build_environment(self) -> Mapping[str, str]:
        backend = {} if self.backend_url is None else {"PULUMI_BACKEND_URL": self.backend_url}
        return {**os.environ, **QUIET_ENVIRONMENT, **backend}


def _classify(message: str) -> type[PulumiCommandFailed]:
    """Return the error for a message of the engine."""
    kinds = {LOCKED_TEXT: StackLocked, CORRUPT_TEXT: CorruptCheckpoint}
    return next((kind for text, kind in kinds.items() if text in message), PulumiCommandFailed)


def _find_secrets(value: Any) -> Iterator[Any]:
    """Yield every secret of a state that was exported with its secrets in plain text."""
    if isinstance(value, Mapping):
        if value.get(SIGNATURE) == SECRET and "plaintext" in value:
            yield json.loads(value["plaintext"])
        for item in value.values():
            yield from _find_secrets(item)
    elif isinstance(value, list):
        for item in value:
            yield from _find_secrets(item)
