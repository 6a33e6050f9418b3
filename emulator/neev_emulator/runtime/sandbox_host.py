"""A sandbox's inside: its files and its processes."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from starlette.concurrency import run_in_threadpool

from neev_emulator.runtime import file_tree, process_stats
from neev_emulator.runtime.audit import Audit, AuditRecord, Operation
from neev_emulator.runtime.filesystem import Files
from neev_emulator.runtime.mount_namespaces import Mounts
from neev_emulator.runtime.path_confinement import Workspace
from neev_emulator.runtime.process import Child, spawn
from neev_emulator.runtime.process_stats import Usage
from neev_emulator.runtime.supervisor import Supervised
from neev_emulator.runtime.uploads import Uploads
from neev_emulator.runtime.workspace_view import View

_MARK = "NEEV_SANDBOX_DIRECTORY"
_STOP_SECONDS = 10.0


class Computer:
    """A directory with a workspace in it, and the processes that run there with this environment.

    Processes are the host's own and see the host: only their environment, working directory, lifetime and, where
    there are mounts, /workspace are the sandbox's. Methods that are not async may block, and may be called from any
    thread.
    """

    def __init__(
        self, directory: Path, *, env: Mapping[str, str], now: Callable[[], float], mounts: Mounts | None = None
    ) -> None:
        self._directory = file_tree.private_directory(directory)
        self._env = dict(env)
        self._replaced = self._directory / "replaced"
        self.workspace = self._directory / "workspace"
        if self._replaced.exists() and not self.workspace.exists():
            self._replaced.rename(self.workspace)  # it ended half-way through restore_from
        # Only a directory that was used before can have processes that nobody here started.
        self._spawned, self._known_quiet_at = 0, -1 if self.workspace.exists() else 0
        self.workspace.mkdir(mode=0o700, exist_ok=True)
        for leftover in set(self._directory.iterdir()) - {self.workspace}:  # of an emulator that was killed
            if leftover.is_dir():
                file_tree.remove(leftover)
            else:
                leftover.unlink()
        confined = Workspace(self.workspace)
        self._view = View(confined, mounts)
        self.files = Files(confined, trash=self._directory)
        self.uploads = Uploads(self._directory / "uploads")
        self.processes = Supervised(now)
        self._audit = Audit(now)
        self._children: dict[int, Child] = {}
        self._exited_cpu_seconds = 0.0
        self._measured = (time.monotonic(), 0.0)

    @property
    def audit(self) -> tuple[AuditRecord, ...]:
        """The latest operations, oldest first."""
        return self._audit.records

    @property
    def touched_at(self) -> float:
        """When an operation last began, went on or ended."""
        return self._audit.touched_at

    def touch(self) -> None:
        """Something is going on that is no operation of its own."""
        self._audit.touch()

    def operation(
        self, tool: str, *, command: str | None = None, target: str | None = None
    ) -> AbstractContextManager[Operation]:
        """What happens inside is recorded, and is activity while it lasts."""
        return self._audit.operation(tool, command=command, target=target)

    def spawn(
        self,
        program: str,
        args: Sequence[str],
        *,
        cwd: str | None = None,
        env: Mapping[str, str],
        stdin: bytes | None = None,
    ) -> Child:
        """The program runs in the workspace, or in cwd, with the sandbox's environment and this one over it."""
        given = self._view.variables({**self._env, **env})
        variables = {**self._base_environment(), **given, _MARK: str(self._directory)}
        command = self._view.command(program, args, cwd=cwd, env=variables, stdin=stdin)
        self._spawned += 1
        child = spawn(command, on_exit=self._exiting)
        self._children[child.pid] = child
        return child

    async def pause(self) -> None:
        """Every process stands still."""
        await self._signal(signal.SIGSTOP)

    async def resume(self) -> None:
        """Every process goes on."""
        await self._signal(signal.SIGCONT)

    async def stop(self) -> None:
        """No process is left, and no upload is under way."""
        deadline = time.monotonic() + _STOP_SECONDS
        while await self._signal(signal.SIGKILL) or self._children:
            if time.monotonic() > deadline:
                raise TimeoutError(f"processes of {self._directory} survive being killed")
            await asyncio.sleep(0.005)
        await self.processes.settled()
        self._view.close()
        self.uploads.clear()

    def copy_to(self, target: Path) -> None:
        """The target, which must not exist, is a copy of the workspace."""
        file_tree.copy(self.workspace, target)

    def restore_from(self, source: Path) -> None:
        """The workspace is a copy of the source and nothing else; if it fails, it is what it was."""
        incoming = self._directory / "incoming"
        for leftover in (incoming, self._replaced):
            if leftover.exists():
                self._discard(leftover)
        file_tree.copy(source, incoming)
        self.workspace.rename(self._replaced)
        incoming.rename(self.workspace)
        self._discard(self._replaced)

    def usage(self) -> Usage:
        """What the sandbox uses now; processor cores as the mean since the last call."""
        pids = self._pids()
        processes = [found for pid in pids if (found := process_stats.of_process(pid))]
        return Usage(
            cpu_cores=self._cores(self._exited_cpu_seconds + sum(process.cpu_seconds for process in processes)),
            memory_bytes=sum(process.memory_bytes for process in processes),
            disk_bytes=file_tree.size(self.workspace),
            process_count=len(pids),
        )

    def _cores(self, cpu_seconds: float) -> float:
        (then, before), at = self._measured, time.monotonic()
        self._measured = (at, cpu_seconds)
        return max(0.0, cpu_seconds - before) / max(at - then, 0.001)

    def _base_environment(self) -> dict[str, str]:
        """What any process needs, and nothing else of the emulator's own environment, which may hold secrets."""
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": self._view.home,
            "LANG": "C.UTF-8",
        }

    def _exiting(self, pid: int) -> None:
        spent = process_stats.of_process(pid)
        self._exited_cpu_seconds += spent.cpu_seconds if spent else 0.0
        del self._children[pid]
        if not self._children:
            self._view.rest()

    async def _signal(self, number: int) -> set[int]:
        """Every process was sent the signal, those started meanwhile too. Returns their ids."""
        for child in list(self._children.values()):
            child.signal(number)
        signalled: set[int] = set()
        while new := await run_in_threadpool(self._pids) - signalled:
            for pid in new:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, number)
            signalled |= new
        return signalled

    def _pids(self) -> set[int]:
        spawned = self._spawned
        if not self._children and self._known_quiet_at == spawned:
            return set()
        pids = {*process_stats.carrying(f"{_MARK}={self._directory}".encode()), *list(self._children)}
        if not pids:
            self._known_quiet_at = spawned
        return pids

    def _discard(self, path: Path) -> None:
        with file_tree.top(path.parent) as parent:
            file_tree.discard(path.name, parent, self._directory)
