"""The directories of sandboxes and snapshots, and the computers that run in them."""

import asyncio
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from neev_emulator.clock import Clock
from neev_emulator.runtime import Computer, Mounts, file_tree
from neev_emulator.state.background_tasks import Chores
from neev_emulator.state.records import Sandbox, Snapshot


class Files:
    """A directory for each sandbox and each snapshot; computers are made when they are needed."""

    def __init__(self, directory: Path, clock: Clock, chores: Chores, mounts: Mounts) -> None:
        self._directory = file_tree.private_directory(directory / "files")
        self._mounts = mounts
        self._clock = clock
        self._chores = chores
        self._since = clock.now()
        self._computers: dict[str, Computer] = {}
        self._used: set[str] = set()
        self._locks: dict[str, asyncio.Lock] = {}

    def computer(self, sandbox: Sandbox) -> Computer:
        """What runs the sandbox's processes and holds its files."""
        computer = self._computers.get(sandbox.id)
        if computer is None:
            computer = Computer(self._place(sandbox.id), env=sandbox.env, now=self._clock.now, mounts=self._mounts)
            self._computers[sandbox.id] = computer
        return computer

    def use(self, sandbox: Sandbox) -> Computer:
        """The sandbox's computer, whose activity counts from now on."""
        self._used.add(sandbox.id)
        return self.computer(sandbox)

    def running(self, key: str) -> Computer | None:
        """The sandbox's computer, if there was ever a need for it."""
        return self._computers.get(key)

    def touched_at(self, key: str) -> float:
        """When something was last done inside the sandbox; if never, when the emulator began."""
        return self._computers[key].touched_at if key in self._used else self._since

    async def pause(self, sandbox: Sandbox) -> None:
        """The sandbox's processes stand still."""
        async with self._turn(sandbox.id):
            if computer := self.running(sandbox.id):
                await computer.pause()

    async def resume(self, sandbox: Sandbox) -> None:
        """The sandbox's processes go on."""
        async with self._turn(sandbox.id):
            if computer := self.running(sandbox.id):
                await computer.resume()

    async def capture(self, sandbox: Sandbox, key: str) -> int:
        """The sandbox's files, as they are at one moment, are also under this key; answers their size."""
        async with self._turn(sandbox.id):
            computer = self.computer(sandbox)
            file_tree.private_directory(self._place(key))
            if sandbox.paused_at is None:
                await computer.pause()
            try:
                await asyncio.to_thread(computer.copy_to, self._place(key) / "workspace")
            finally:
                if sandbox.paused_at is None:
                    await computer.resume()
            return await asyncio.to_thread(file_tree.size, self._place(key))

    async def seed(self, snapshot: Snapshot, key: str) -> None:
        """The snapshot's files are also under this key, for a sandbox that is yet to be."""
        source = Computer(self._place(snapshot.id), env={}, now=self._clock.now)
        place = file_tree.private_directory(self._place(key))
        await asyncio.to_thread(source.copy_to, place / "workspace")

    async def put_back(self, snapshot: Snapshot, sandbox: Sandbox) -> None:
        """The sandbox's files are those of the snapshot, and no process of before runs."""
        async with self._turn(sandbox.id):
            computer = self.computer(sandbox)
            await computer.stop()
            await asyncio.to_thread(computer.restore_from, self._place(snapshot.id) / "workspace")

    def discard(self, key: str) -> None:
        """What was under this key is gone; processes end and the disk is cleared in the background."""
        if key in self._computers or self._place(key).exists():
            self._chores.add(self._clear(key))
        else:
            self._locks.pop(key, None)

    async def tidy(self, known: list[Sandbox], keys: set[str]) -> None:
        """What a killed emulator left is gone: processes of the known sandboxes, directories of no key."""
        busy = await asyncio.to_thread(_busy, self._directory)
        for sandbox in known:
            if sandbox.id in busy:
                await self.computer(sandbox).stop()
        for place in self._directory.iterdir():
            if place.name not in keys:
                await asyncio.to_thread(file_tree.remove, place)

    async def stop(self) -> None:
        """No process of any sandbox runs."""
        await asyncio.gather(*(computer.stop() for computer in self._computers.values()))

    def _place(self, key: str) -> Path:
        return self._directory / key

    @asynccontextmanager
    async def _turn(self, key: str) -> AsyncIterator[None]:
        async with self._locks.setdefault(key, asyncio.Lock()):
            yield

    async def _clear(self, key: str) -> None:
        async with self._turn(key):
            if computer := self._computers.pop(key, None):
                self._used.discard(key)
                await computer.stop()
            await asyncio.to_thread(file_tree.remove, self._place(key))
        self._locks.pop(key, None)


def _busy(directory: Path) -> set[str]:
    """The directories below this one that some process was started for: its environment names them."""
    named = re.compile(re.escape(os.fsencode(directory)) + rb"/([0-9a-f-]{36})")
    found: set[str] = set()
    for environ in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            found |= {key.decode() for key in named.findall(environ.read_bytes())}
    return found
