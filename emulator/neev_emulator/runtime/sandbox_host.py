"""The files and processes of a sandbox."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from starlette.concurrency import run_in_threadpool

from neev_emulator.runtime import file_tree, process_stats
from neev_emulator.runtime.audit import AuditedOperation, AuditLog, AuditRecord
from neev_emulator.runtime.filesystem import WorkspaceFiles
from neev_emulator.runtime.isolation import Confinement, IsolatedView
from neev_emulator.runtime.mount_namespaces import MountNamespaces
from neev_emulator.runtime.path_confinement import Workspace
from neev_emulator.runtime.process import ManagedProcess, spawn
from neev_emulator.runtime.process_stats import Usage
from neev_emulator.runtime.supervisor import Supervisor
from neev_emulator.runtime.uploads import Uploads
from neev_emulator.runtime.workspace_view import WorkspaceView

_STOP_TIMEOUT = 10.0


class SandboxHost:
    """A directory with a workspace, and the processes that run in it with this environment.

    Without a confinement, the processes are not isolated from the machine. The sandbox determines only their
    environment, working directory, lifetime and, with mount namespaces, /workspace. Methods that are not async may
    block, and may be called from any thread.
    """

    def __init__(
        self,
        directory: Path,
        *,
        env: Mapping[str, str],
        now: Callable[[], float],
        mounts: MountNamespaces | None = None,
        confinement: Confinement | None = None,
    ) -> None:
        self._directory = file_tree.create_private_directory(directory)
        self._env = dict(env)
        self._replaced_path = self._directory / "replaced"
        self.workspace = self._directory / "workspace"
        if self._replaced_path.exists() and not self.workspace.exists():
            self._replaced_path.rename(self.workspace)  # restore_from was interrupted
        # Only a directory that was used before can have processes of another emulator.
        self._spawn_count, self._idle_spawn_count = 0, -1 if self.workspace.exists() else 0
        self.workspace.mkdir(mode=0o700, exist_ok=True)
        for stale_path in set(self._directory.iterdir()) - {self.workspace}:  # left by a killed emulator
            if stale_path.is_dir():
                file_tree.remove(stale_path)
            else:
                stale_path.unlink()
        confined = Workspace(self.workspace)
        self._view = IsolatedView(confined, confinement) if confinement else WorkspaceView(confined, mounts)
        self.files = WorkspaceFiles(confined, trash=self._directory)
        self.uploads = Uploads(self._directory / "uploads")
        self.processes = Supervisor(now)
        self._audit = AuditLog(now)
        self._managed_processes: dict[int, ManagedProcess] = {}
        self._exited_cpu_seconds = 0.0
        self._last_measurement = (time.monotonic(), 0.0)

    @property
    def audit(self) -> tuple[AuditRecord, ...]:
        """Return the latest operations, the oldest first."""
        return self._audit.records

    @property
    def touched_at(self) -> float:
        """Return the time of the last activity."""
        return self._audit.touched_at

    def touch(self) -> None:
        """Count this moment as activity."""
        self._audit.touch()

    def record_operation(
        self, tool: str, *, command: str | None = None, target: str | None = None
    ) -> AbstractContextManager[AuditedOperation]:
        """Record an operation in the audit log; it counts as activity until the block ends."""
        return self._audit.record_operation(tool, command=command, target=target)

    def spawn(
        self,
        program: str,
        args: Sequence[str],
        *,
        cwd: str | None = None,
        env: Mapping[str, str],
        stdin: bytes | None = None,
    ) -> ManagedProcess:
        """Start the program in the workspace or in `cwd`; `env` overrides the sandbox's environment."""
        variables = self._view.build_environment({**self._env, **env})
        command = self._view.build_command(program, args, cwd=cwd, env=variables, stdin=stdin)
        self._spawn_count += 1
        process = spawn(command, on_exit=self._on_exit)
        self._managed_processes[process.pid] = process
        self._view.limit_memory(self._managed_processes)
        return process

    async def connect(self, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Return a connection to a port on which a process listens. Raises an `OSError` if none does."""
        return await self._view.connect(port)

    async def pause(self) -> None:
        """Stop every process with SIGSTOP."""
        await self._signal(signal.SIGSTOP)

    async def resume(self) -> None:
        """Continue every process."""
        await self._signal(signal.SIGCONT)

    async def stop(self) -> None:
        """Kill every process and discard all uploads."""
        deadline = time.monotonic() + _STOP_TIMEOUT
        while await self._signal(signal.SIGKILL) or self._managed_processes:
            if time.monotonic() > deadline:
                raise TimeoutError(f"processes of {self._directory} survive being killed")
            await asyncio.sleep(0.005)
        await self.processes.wait_all()
        self._view.close()
        self.uploads.clear()

    def copy_to(self, target: Path) -> None:
        """Copy the workspace to a target that does not exist."""
        file_tree.copy(self.workspace, target)

    def restore_from(self, source: Path) -> None:
        """Replace the workspace by a copy of the source; keep it if copying fails."""
        incoming = self._directory / "incoming"
        for stale_path in (incoming, self._replaced_path):
            if stale_path.exists():
                self._discard(stale_path)
        file_tree.copy(source, incoming)
        self.workspace.rename(self._replaced_path)
        incoming.rename(self.workspace)
        self._discard(self._replaced_path)

    def measure_usage(self) -> Usage:
        """Return the current usage; cores are the mean since the last call."""
        pids = self._find_pids()
        processes = [usage for pid in pids if (usage := process_stats.read_process_usage(pid))]
        return Usage(
            cpu_cores=self._compute_cores(self._exited_cpu_seconds + sum(process.cpu_seconds for process in processes)),
            memory_bytes=sum(process.memory_bytes for process in processes),
            disk_bytes=file_tree.measure_size(self.workspace),
            process_count=len(pids),
        )

    def _compute_cores(self, cpu_seconds: float) -> float:
        (then, before), at = self._last_measurement, time.monotonic()
        self._last_measurement = (at, cpu_seconds)
        return max(0.0, cpu_seconds - before) / max(at - then, 0.001)

    def _on_exit(self, pid: int) -> None:
        usage = process_stats.read_process_usage(pid)
        self._exited_cpu_seconds += usage.cpu_seconds if usage else 0.0
        del self._managed_processes[pid]
        if not self._managed_processes:
            self._view.release_if_crowded()

    async def _signal(self, number: int) -> set[int]:
        """Send the signal to every process, including those started meanwhile; return their ids."""
        for process in list(self._managed_processes.values()):
            process.signal(number)
        signalled: set[int] = set()
        while new := await run_in_threadpool(self._find_pids) - signalled:
            for pid in new:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, number)
            signalled |= new
        return signalled

    def _find_pids(self) -> set[int]:
        spawn_count = self._spawn_count
        if not self._managed_processes and self._idle_spawn_count == spawn_count:
            return set()
        pids = self._view.find_processes(list(self._managed_processes))
        if not pids:
            self._idle_spawn_count = spawn_count
        return pids

    def _discard(self, path: Path) -> None:
        with file_tree.open_top(path.parent) as parent:
            file_tree.discard(path.name, parent, self._directory)
