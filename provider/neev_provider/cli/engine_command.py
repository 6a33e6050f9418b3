"""Runs a command of an engine."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from neev_provider.core.errors import NeevError


def run_engine(  # noqa: PLR0913  what differs between the engines
    command: Sequence[str],
    *,
    subject: str,
    directory: Path,
    environ: Mapping[str, str],
    classify: Callable[[str], type[NeevError]],
    install_hint: str,
    hints: Mapping[str, str] = MappingProxyType({}),
    stdin: str = "",
) -> str:
    """Run the command in the directory, and return what it wrote to stdout.

    `subject` is the command in messages. `classify` returns the error for what the command said, which may be nothing,
    and `hints` has what to do next, by a text of it.

    Raises:
        NeevError: the program cannot be started, or the command failed.
    """
    try:
        ended = subprocess.run(  # noqa: S603  the program that the user's shell would run
            command, cwd=directory, env=environ, input=stdin, capture_output=True, encoding="utf-8", check=False
        )
    except OSError as error:
        raise classify("")(f"{command[0]} cannot be started ({error.strerror})", hint=install_hint) from error
    if ended.returncode == 0:
        return ended.stdout
    message = (ended.stderr or ended.stdout).strip()
    if not message:
        raise classify("")(f"{subject} failed with exit code {ended.returncode} and no message")
    hint = next((hint for text, hint in hints.items() if text in message), None)
    raise classify(message)(f"{subject} failed: {message}", hint=hint)
