"""The emulator as a process that can be killed and restarted with its data."""

from __future__ import annotations

import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from neev_emulator.testing import Emulator


@dataclass
class EmulatorProcess:
    """An emulator with its data in a directory. After a kill it restarts at the same address."""

    data: Path
    port: int = 0
    _process: subprocess.Popen[str] = field(init=False)
    emulator: Emulator = field(init=False)

    def __enter__(self) -> Self:
        self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.communicate(timeout=20)

    def kill(self) -> None:
        """Kill the process with no chance to clean up."""
        self._process.kill()
        self._process.communicate(timeout=20)

    def restart(self) -> None:
        """Restart the emulator with everything that it had confirmed."""
        self._start()

    def _start(self) -> None:
        self._process = subprocess.Popen(
            [f"{sys.prefix}/bin/pulumi-neev", "emulator", "--data", str(self.data), "--port", str(self.port)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        if self._process.stdout is None:
            raise AssertionError("it was started with a pipe")
        env = dict(part.split("=", 1) for part in shlex.split(self._process.stdout.readline())[1:])
        self.port = urlsplit(env["NEEV_BASE_URL"]).port or 0
        self.emulator = Emulator.from_env(env)
