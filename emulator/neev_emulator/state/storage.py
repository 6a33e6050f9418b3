"""The directories of sandboxes and snapshots, and the hosts of sandboxes."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from neev_emulator.clock import Clock
from neev_emulator.runtime import MountNamespaces, ProcessDefinition, SandboxHost, file_tree, start_again
from neev_emulator.runtime.isolation import Confinement, Isolation, Limits
from neev_emulator.state.background_tasks import BackgroundTasks
from neev_emulator.state.records import SandboxRecord, SnapshotRecord

_GIBIBYTE = 1 << 30


class Capture(NamedTuple):
    """A copy of a sandbox: the size of its files, and the supervised processes that ran."""

    size_bytes: int
    processes: tuple[ProcessDefinition, ...]


class SandboxStorage:
    """A directory for each sandbox and each snapshot; hosts are created on demand.

    Args:
        directory: The directory of the directories.
        clock: The time.
        background_tasks: What removes directories.
        mounts: Mount namespaces for the commands.
        isolation: What isolates sandboxes; by default nothing does.
        find_sandbox: Returns the present record of a sandbox, for its limits and its egress policy.
    """

    def __init__(  # noqa: PLR0913
        self,
        directory: Path,
        clock: Clock,
        background_tasks: BackgroundTasks,
        *,
        mounts: MountNamespaces,
        isolation: Isolation | None,
        find_sandbox: Callable[[str], SandboxRecord | None],
    ) -> None:
        self._directory = file_tree.create_private_directory(directory / "files")
        self._mounts = mounts
        self._isolation = isolation
        self._find_sandbox = find_sandbox
        self._clock = clock
        self._background_tasks = background_tasks
        self._started_at = clock.now()
        self._hosts: dict[str, SandboxHost] = {}
        self._used_ids: set[str] = set()
        self._locks: dict[str, asyncio.Lock] = {}

    def host(self, sandbox: SandboxRecord) -> SandboxHost:
        """Return the host of the sandbox; create it if needed."""
        host = self._hosts.get(sandbox.id)
        if host is None:
            host = SandboxHost(
                self._path(sandbox.id),
                env=sandbox.env,
                now=self._clock.now,
                mounts=self._mounts,
                confinement=self._create_confinement(sandbox),
            )
            self._hosts[sandbox.id] = host
        return host

    def use(self, sandbox: SandboxRecord) -> SandboxHost:
        """Return the host of the sandbox; its activity counts from now on."""
        self._used_ids.add(sandbox.id)
        return self.host(sandbox)

    def find_host(self, key: str) -> SandboxHost | None:
        """Return the host of the sandbox, if it was created."""
        return self._hosts.get(key)

    def touched_at(self, key: str) -> float:
        """Return the time of the last activity in the sandbox; by default the emulator's start."""
        return self._hosts[key].touched_at if key in self._used_ids else self._started_at

    async def pause(self, sandbox: SandboxRecord) -> None:
        """Stop the sandbox's processes."""
        async with self._hold_lock(sandbox.id):
            if host := self.find_host(sandbox.id):
                await host.pause()

    async def resume(self, sandbox: SandboxRecord) -> None:
        """Continue the sandbox's processes."""
        async with self._hold_lock(sandbox.id):
            if host := self.find_host(sandbox.id):
                await host.resume()

    async def capture(self, sandbox: SandboxRecord, key: str) -> Capture:
        """Copy the sandbox's files, frozen at one moment, to this key."""
        async with self._hold_lock(sandbox.id):
            host = self.host(sandbox)
            file_tree.create_private_directory(self._path(key))
            if sandbox.paused_at is None:
                await host.pause()
            try:
                processes = host.processes.list_running()
                await asyncio.to_thread(host.copy_to, self._path(key) / "workspace")
            finally:
                if sandbox.paused_at is None:
                    await host.resume()
            return Capture(await asyncio.to_thread(file_tree.measure_size, self._path(key)), processes)

    async def clone(self, snapshot: SnapshotRecord, key: str) -> None:
        """Copy the snapshot's files to this key, for a new sandbox."""
        source = SandboxHost(self._path(snapshot.id), env={}, now=self._clock.now)
        directory = file_tree.create_private_directory(self._path(key))
        await asyncio.to_thread(source.copy_to, directory / "workspace")

    async def restore(self, snapshot: SnapshotRecord, sandbox: SandboxRecord) -> None:
        """Replace the sandbox's files and processes by the snapshot's."""
        async with self._hold_lock(sandbox.id):
            host = self.host(sandbox)
            await host.stop()
            await asyncio.to_thread(host.restore_from, self._path(snapshot.id) / "workspace")
            host.processes.clear()
            start_again(host, snapshot.processes)
            if sandbox.paused_at is not None:
                await host.pause()

    def start_processes(self, sandbox: SandboxRecord, processes: tuple[ProcessDefinition, ...]) -> None:
        """Start the processes of a snapshot or fork in its new sandbox."""
        if processes:
            start_again(self.host(sandbox), processes)

    def discard(self, key: str) -> None:
        """Remove the files and processes of this key in the background."""
        if key in self._hosts or self._path(key).exists():
            self._background_tasks.add(self._clear(key))
        else:
            self._locks.pop(key, None)

    async def remove_stale(self, sandboxes: list[SandboxRecord], keys: set[str]) -> None:
        """Remove what a killed emulator left: processes of these sandboxes, directories of other keys."""
        busy_ids = await asyncio.to_thread(_find_busy, self._directory)
        for sandbox in sandboxes:
            if sandbox.id in busy_ids:
                await self.host(sandbox).stop()
        for directory in self._directory.iterdir():
            if directory.name not in keys:
                await asyncio.to_thread(file_tree.remove, directory)

    async def stop(self) -> None:
        """End the processes of all sandboxes."""
        await asyncio.gather(*(host.stop() for host in self._hosts.values()))

    def remove_all(self, directory: Path) -> None:
        """Remove the directory of the emulator, with everything in it."""
        file_tree.remove(directory)

    def _create_confinement(self, sandbox: SandboxRecord) -> Confinement | None:
        if self._isolation is None:
            return None

        def find_current() -> SandboxRecord:
            return self._find_sandbox(sandbox.id) or sandbox

        def get_limits() -> Limits:
            resources = find_current().resources
            return Limits(cores=resources.cpu, memory_bytes=resources.memory_gb * _GIBIBYTE)

        return Confinement(self._isolation, get_limits=get_limits, get_policy=lambda: find_current().egress)

    def _path(self, key: str) -> Path:
        return self._directory / key

    @asynccontextmanager
    async def _hold_lock(self, key: str) -> AsyncIterator[None]:
        async with self._locks.setdefault(key, asyncio.Lock()):
            yield

    async def _clear(self, key: str) -> None:
        async with self._hold_lock(key):
            if host := self._hosts.pop(key, None):
                self._used_ids.discard(key)
                await host.stop()
            await asyncio.to_thread(file_tree.remove, self._path(key))
        self._locks.pop(key, None)


def _find_busy(directory: Path) -> set[str]:
    """Return the keys of directories that are named in the environment of a running process."""
    pattern = re.compile(re.escape(os.fsencode(directory)) + rb"/([0-9a-f-]{36})")
    keys: set[str] = set()
    for environ in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            keys |= {key.decode() for key in pattern.findall(environ.read_bytes())}
    return keys
