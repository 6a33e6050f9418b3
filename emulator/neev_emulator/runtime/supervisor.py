"""Processes that outlive the request that started them."""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field

from neev_emulator.runtime.errors import runtime_error
from neev_emulator.runtime.output_log import OutputLog
from neev_emulator.runtime.process import ManagedProcess

_MAX_EXITED = 256


@dataclass(frozen=True)
class ProcessDefinition:
    """What a supervised process runs, with its id and the time of its start, in milliseconds.

    Snapshots and forks keep it: the process that is started again in a copy of the sandbox is the same one to callers.
    """

    process_id: str
    started_at: int
    program: str
    args: tuple[str, ...] = ()
    cwd: str | None = None
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    stdin: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class SupervisedProcess:
    """A supervised process and its output."""

    definition: ProcessDefinition
    managed_process: ManagedProcess
    log: OutputLog = field(default_factory=OutputLog)

    @property
    def is_running(self) -> bool:
        """Return whether the process runs; if not, its log is complete."""
        return not self.log.ended

    def status(self) -> dict[str, object]:
        """Return its state for a response."""
        exit_code = None if self.is_running else self.managed_process.exit_code
        return {
            "process_id": self.definition.process_id,
            "state": "running" if self.is_running else "exited",
            "exit_code": exit_code,
            "started_at": self.definition.started_at,
        }

    def info(self) -> dict[str, object]:
        """Return its state and command for a response."""
        definition = self.definition
        return {
            **self.status(),
            "name": definition.program,
            "args": list(definition.args),
            "cwd": definition.cwd,
        }

    async def follow_output(self) -> None:
        """Log the output until the process has exited."""
        async with aclosing(self.managed_process.read_output()) as output:
            async for stream, data in output:
                self.log.append(stream, data)
        self.log.end()


class Supervisor:
    """The processes of one sandbox by id: all that run and the latest that have exited."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._processes: dict[str, SupervisedProcess] = {}
        self._output_tasks: set[asyncio.Task[None]] = set()

    def define(
        self, program: str, args: tuple[str, ...], *, cwd: str | None, env: Mapping[str, str], stdin: bytes | None
    ) -> ProcessDefinition:
        """Return the definition of a new process."""
        return ProcessDefinition(
            f"proc-{secrets.token_hex(6)}", round(self._now() * 1000), program, args, cwd, env, stdin
        )

    def add(self, definition: ProcessDefinition, managed_process: ManagedProcess) -> SupervisedProcess:
        """Supervise the process."""
        self._drop_oldest_exited()
        process = SupervisedProcess(definition, managed_process)
        self._processes[definition.process_id] = process
        task = asyncio.create_task(process.follow_output())
        self._output_tasks.add(task)
        task.add_done_callback(self._output_tasks.discard)
        return process

    def get(self, process_id: str) -> SupervisedProcess:
        """Return the process with this id."""
        process = self._processes.get(process_id)
        if process is None:
            raise runtime_error("not_found", "no such process")
        return process

    def all(self) -> list[SupervisedProcess]:
        """Return the processes, the oldest first."""
        return list(self._processes.values())

    def list_running(self) -> tuple[ProcessDefinition, ...]:
        """Return the definitions of the processes that run."""
        return tuple(process.definition for process in self.all() if process.is_running)

    def clear(self) -> None:
        """Remove the processes, which have exited."""
        self._processes.clear()

    async def wait_all(self) -> None:
        """Wait until every process has exited."""
        await asyncio.gather(*self._output_tasks)

    def _drop_oldest_exited(self) -> None:
        exited = [process for process in self.all() if not process.is_running]
        for process in exited[:-_MAX_EXITED]:
            del self._processes[process.definition.process_id]
