"""The one seam to the engine: its command line, which works alike on every backend."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neev_provider.adapters.pulumi.marshal import SECRET, SIGNATURE
from neev_provider.adapters.shared.config import PACKAGE
from neev_provider.core import redaction
from neev_provider.core.errors import NeevError

LOCKED_TEXT = "currently locked"
CORRUPT_TEXT = "failed to load checkpoint: EOF"
API_KEY_SETTING = f"{PACKAGE}:apiKey"
NO_PROJECT_TEXT = "no project file found"
QUIET_ENVIRONMENT = {"PULUMI_SKIP_UPDATE_CHECK": "true"}
Deployment = dict[str, Any]
JsonObject = dict[str, Any]


class PulumiCommandFailed(NeevError):
    """The engine could not do what it was asked."""


class StackLocked(PulumiCommandFailed):
    """Something works on the stack, or was killed while it did."""

    default_hint = "If nothing works on it any more, run again with --cancel, which does what `pulumi cancel` does."


class CorruptCheckpoint(PulumiCommandFailed):
    """The engine was killed while it wrote the note that a backend of files has beside each state."""

    default_hint = (
        "The engine was killed while it wrote to the backend: delete the empty STACK.json.attrs beside the stack's "
        "state, which is only a note on it. `?metadata=skip` at the end of a file backend's URL leaves those notes out."
    )


@dataclass(frozen=True, slots=True)
class PulumiCli:
    """`pulumi` in the directory of a project, on its backend or on another."""

    directory: Path
    backend_url: str | None = None

    def read_selected_stack(self) -> str:
        """The name of the stack that is selected."""
        return self.run("stack", "--show-name").strip()

    def list_stacks(self) -> list[str]:
        """The full names of all stacks of the backend."""
        listed = json.loads(self.run("stack", "ls", "--all", "--json"))
        return [each["name"] for each in listed]

    def export(self, stack: str, *, secrets: bool = False) -> Deployment:
        """The stack's state as it is stored now; its secrets in clear only on demand, and then never said."""
        shown = ["--show-secrets"] if secrets else []
        exported: Deployment = json.loads(self.run("stack", "export", "--stack", stack, *shown))
        redaction.add_secrets(list(_find_secrets(exported)))
        return exported

    def list_updates(self, stack: str) -> list[JsonObject]:
        """The latest updates of the stack that ended, the newest first."""
        listed: list[JsonObject] = json.loads(self.run("stack", "history", "--stack", stack, "--json"))
        return listed

    def import_(self, stack: str, state: Deployment) -> None:
        """The stack's state is this one; pending operations are never kept."""
        self.run("stack", "import", "--stack", stack, stdin=json.dumps(state))

    def cancel(self, stack: str) -> None:
        """Nothing holds the stack's lock."""
        self.run("cancel", "--yes", "--stack", stack)

    def read_config(self, stack: str) -> dict[str, Any]:
        """The stack's configuration, the project's included, in clear: `{"neev:orgId": "…"}`."""
        return {name: each.get("value") for name, each in self.read_config_entries(stack).items()}

    def read_config_entries(self, stack: str) -> dict[str, JsonObject]:
        """The same with what else is known of each value: `{"neev:orgId": {"value": "…", "secret": false}}`.

        Away from its project a stack has no configuration: that is in a file of the project.
        """
        try:
            found: dict[str, JsonObject] = json.loads(
                self.run("config", "--json", "--show-secrets", "--stack", stack) or "{}"
            )
        except PulumiCommandFailed as error:
            if NO_PROJECT_TEXT not in error.message:
                raise
            return {}
        redaction.add_secrets(
            [each.get("value") for name, each in found.items() if each.get("secret") or name == API_KEY_SETTING]
        )
        return found

    def read_version(self) -> str:
        """The engine's version."""
        return self.run("version").strip()

    def run(self, *arguments: str, stdin: str = "") -> str:
        """What the engine's command wrote.

        Raises:
            Locked: somebody else holds the stack.
            CutOff: an empty file beside the state keeps it from being read.
            EngineFailed: there is no engine, or it says why it could not.
        """
        program = shutil.which("pulumi")
        if program is None:
            raise PulumiCommandFailed("`pulumi` is not on PATH", hint="Install it: https://www.pulumi.com/docs/install")
        ended = subprocess.run(  # noqa: S603  the program that the user's shell would run
            [program, *arguments, "--non-interactive", "--color=never"],
            cwd=self.directory,
            env=self._build_environment(),
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode == 0:
            return ended.stdout
        said = (ended.stderr or ended.stdout).strip()
        kind = (
            StackLocked if LOCKED_TEXT in said else CorruptCheckpoint if CORRUPT_TEXT in said else PulumiCommandFailed
        )
        raise kind(f"`pulumi {' '.join(arguments)}` failed: {said}")

    def _build_environment(self) -> Mapping[str, str]:
        backend = {} if self.backend_url is None else {"PULUMI_BACKEND_URL": self.backend_url}
        return {**os.environ, **QUIET_ENVIRONMENT, **backend}


def _find_secrets(value: Any) -> Iterator[Any]:
    """Every secret of a state that was exported with its secrets in clear."""
    if isinstance(value, Mapping):
        if value.get(SIGNATURE) == SECRET and "plaintext" in value:
            yield json.loads(value["plaintext"])
        for each in value.values():
            yield from _find_secrets(each)
    elif isinstance(value, list):
        for each in value:
            yield from _find_secrets(each)
