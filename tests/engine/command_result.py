"""The result of a command of an engine, Pulumi's or Terraform's."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import Self

COMMAND_TIMEOUT_SECONDS = 180
"""The timeout of one command of the engine, in seconds."""


@dataclass(frozen=True)
class CommandResult:
    """The exit code and output of a command."""

    returncode: int
    stdout: str
    stderr: str

    @classmethod
    def wait_for(cls, process: subprocess.Popen[str]) -> Self:
        """Return the result of the command once it has ended."""
        try:
            stdout, stderr = process.communicate(timeout=COMMAND_TIMEOUT_SECONDS)
        finally:
            process.kill()
        return cls(process.returncode, stdout, stderr)

    @property
    def text(self) -> str:
        """Return the whole output."""
        return self.stdout + self.stderr

    def require_success(self) -> Self:
        """Return the result of a command that succeeded."""
        assert self.returncode == 0, self.text
        return self
