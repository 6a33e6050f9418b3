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

LOCKED = "currently locked"
CUT_OFF = "failed to load checkpoint: EOF"
KEY = f"{PACKAGE}:apiKey"
PROJECTLESS = "no project file found"
QUIET = {"PULUMI_SKIP_UPDATE_CHECK": "true"}
Deployment = dict[str, Any]
Entry = dict[str, Any]


class EngineFailed(NeevError):
    """The engine could not do what it was asked."""


class Locked(EngineFailed):
    """Something works on the stack, or was killed while it did."""

    default_hint = "If nothing works on it any more, run again with --cancel, which does what `pulumi cancel` does."


class CutOff(EngineFailed):
    """The engine was killed while it wrote the note that a backend of files has beside each state."""

    default_hint = (
        "The engine was killed while it wrote to the backend: delete the empty STACK.json.attrs beside the stack's "
        "state, which is only a note on it. `?metadata=skip` at the end of a file backend's URL leaves those notes out."
    )


@dataclass(frozen=True, slots=True)
class Engine:
    """`pulumi` in the directory of a project, on its backend or on another."""

    directory: Path
    backend: str | None = None

    def selected(self) -> str:
        """The name of the stack that is selected."""
        return self.run("stack", "--show-name").strip()

    def stacks(self) -> list[str]:
        """The full names of all stacks of the backend."""
        listed = json.loads(self.run("stack", "ls", "--all", "--json"))
        return [each["name"] for each in listed]

    def export(self, stack: str, *, secrets: bool = False) -> Deployment:
        """The stack's state as it is stored now; its secrets in clear only on demand, and then never said."""
        shown = ["--show-secrets"] if secrets else []
        exported: Deployment = json.loads(self.run("stack", "export", "--stack", stack, *shown))
        redaction.add_secrets(list(_secrets(exported)))
        return exported

    def history(self, stack: str) -> list[Entry]:
        """The latest updates of the stack that ended, the newest first."""
        listed: list[Entry] = json.loads(self.run("stack", "history", "--stack", stack, "--json"))
        return listed

    def import_(self, stack: str, state: Deployment) -> None:
        """The stack's state is this one; pending operations are never kept."""
        self.run("stack", "import", "--stack", stack, stdin=json.dumps(state))

    def cancel(self, stack: str) -> None:
        """Nothing holds the stack's lock."""
        self.run("cancel", "--yes", "--stack", stack)

    def config(self, stack: str) -> dict[str, Any]:
        """The stack's configuration, the project's included, in clear: `{"neev:orgId": "…"}`."""
        return {name: each.get("value") for name, each in self.config_entries(stack).items()}

    def config_entries(self, stack: str) -> dict[str, Entry]:
        """The same with what else is known of each value: `{"neev:orgId": {"value": "…", "secret": false}}`.

        Away from its project a stack has no configuration: that is in a file of the project.
        """
        try:
            found: dict[str, Entry] = json.loads(
                self.run("config", "--json", "--show-secrets", "--stack", stack) or "{}"
            )
        except EngineFailed as error:
            if PROJECTLESS not in error.message:
                raise
            return {}
        redaction.add_secrets([each.get("value") for name, each in found.items() if each.get("secret") or name == KEY])
        return found

    def version(self) -> str:
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
            raise EngineFailed("`pulumi` is not on PATH", hint="Install it: https://www.pulumi.com/docs/install")
        ended = subprocess.run(  # noqa: S603  the program that the user's shell would run
            [program, *arguments, "--non-interactive", "--color=never"],
            cwd=self.directory,
            env=self._environment(),
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode == 0:
            return ended.stdout
        said = (ended.stderr or ended.stdout).strip()
        kind = Locked if LOCKED in said else CutOff if CUT_OFF in said else EngineFailed
        raise kind(f"`pulumi {' '.join(arguments)}` failed: {said}")

    def _environment(self) -> Mapping[str, str]:
        backend = {} if self.backend is None else {"PULUMI_BACKEND_URL": self.backend}
        return {**os.environ, **QUIET, **backend}


def _secrets(value: Any) -> Iterator[Any]:
    """Every secret of a state that was exported with its secrets in clear."""
    if isinstance(value, Mapping):
        if value.get(SIGNATURE) == SECRET and "plaintext" in value:
            yield json.loads(value["plaintext"])
        for each in value.values():
            yield from _secrets(each)
    elif isinstance(value, list):
        for each in value:
            yield from _secrets(each)
