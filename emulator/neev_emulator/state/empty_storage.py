"""The storage of a system that runs no sandboxes: the control plane without files, processes and usage."""

import errno
import shutil
from pathlib import Path
from typing import NoReturn

from neev_emulator.clock import Clock
from neev_emulator.runtime import ProcessDefinition, SandboxHost
from neev_emulator.state.records import SandboxRecord, SnapshotRecord
from neev_emulator.state.storage import Capture


class EmptyStorage:
    """Sandboxes and snapshots without contents, with the methods of `SandboxStorage`."""

    def __init__(self, clock: Clock, reason: str) -> None:
        self._started_at = clock.now()
        self._reason = reason

    def host(self, sandbox: SandboxRecord) -> NoReturn:  # noqa: ARG002
        """Raise an `OSError`: there is no host."""
        raise OSError(errno.ENOSYS, self._reason)

    def use(self, sandbox: SandboxRecord) -> NoReturn:
        """Raise an `OSError`: there is no host."""
        self.host(sandbox)

    def find_host(self, key: str) -> SandboxHost | None:  # noqa: ARG002
        """Return None: no sandbox has a host."""
        return None

    def touched_at(self, key: str) -> float:  # noqa: ARG002
        """Return the emulator's start: nothing is done in a sandbox."""
        return self._started_at

    async def pause(self, sandbox: SandboxRecord) -> None:
        """Do nothing."""

    async def resume(self, sandbox: SandboxRecord) -> None:
        """Do nothing."""

    async def capture(self, sandbox: SandboxRecord, key: str) -> Capture:  # noqa: ARG002
        """Return an empty copy."""
        return Capture(0, ())

    async def clone(self, snapshot: SnapshotRecord, key: str) -> None:
        """Do nothing."""

    async def restore(self, snapshot: SnapshotRecord, sandbox: SandboxRecord) -> None:
        """Do nothing."""

    def start_processes(self, sandbox: SandboxRecord, processes: tuple[ProcessDefinition, ...]) -> None:
        """Do nothing: no snapshot has processes."""

    def discard(self, key: str) -> None:
        """Do nothing."""

    async def remove_stale(self, sandboxes: list[SandboxRecord], keys: set[str]) -> None:
        """Do nothing."""

    async def stop(self) -> None:
        """Do nothing."""

    def remove_all(self, directory: Path) -> None:
        """Remove the directory of the emulator."""
        shutil.rmtree(directory)
