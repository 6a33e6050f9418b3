"""The file in a data directory that describes the emulator that serves it."""

import json
import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neev_emulator import operating_system
from neev_emulator.cli_errors import exit_with_error
from neev_emulator.testing import Emulator

_NAME = "server.json"
_POLL_INTERVAL = 0.05
_START_TIMEOUT = 30


@dataclass(frozen=True)
class RunningServer:
    """The process of an emulator, and how to reach it."""

    pid: int
    env: dict[str, str]
    """The environment variables for a client."""
    options: dict[str, Any]
    """The options of its command, by the names of their parameters."""

    @property
    def emulator(self) -> Emulator:
        """Return the controls of the emulator."""
        return Emulator.from_env(self.env)

    def terminate(self) -> None:
        """Ask the process to end, if it has not."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)


def default_directory() -> Path:
    """Return the data directory of `neev-emulator start`."""
    home = Path(os.environ.get("XDG_STATE_HOME", ""))
    return (home if home.is_absolute() else Path.home() / ".local" / "state") / "neev-emulator"


class ServerFile:
    """The file is locked while its emulator runs, so a crash or a reused process id is detected."""

    def __init__(self, directory: Path, *, start_timeout: float = _START_TIMEOUT) -> None:
        self._path = directory / _NAME
        self._start_timeout = start_timeout

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the file until the block ends."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            operating_system.lock(descriptor)
            os.ftruncate(descriptor, 0)
            yield
            os.ftruncate(descriptor, 0)
        finally:
            os.close(descriptor)

    def write(self, env: dict[str, str], options: Mapping[str, Any]) -> None:
        """Describe this process, which holds the file."""
        text = json.dumps({"pid": os.getpid(), "env": env, "options": options})
        self._path.write_text(text, encoding="utf-8")

    def read(self) -> RunningServer | None:
        """Return the emulator that runs, when it has started; None if none runs.

        Exit with an error if it has not started before the timeout.
        """
        deadline = time.monotonic() + self._start_timeout
        while self.is_locked():
            if text := self._path.read_text(encoding="utf-8"):
                return RunningServer(**json.loads(text))
            if time.monotonic() > deadline:
                exit_with_error(f"the process that locks {self._path} has not started; end it")
            time.sleep(_POLL_INTERVAL)
        return None

    def is_locked(self) -> bool:
        """Return whether an emulator holds the file."""
        try:
            descriptor = os.open(self._path, os.O_RDONLY)
        except FileNotFoundError:
            return False
        try:
            return operating_system.is_locked(descriptor)
        finally:
            os.close(descriptor)
