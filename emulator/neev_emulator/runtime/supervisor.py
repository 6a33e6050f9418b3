"""Processes that outlive the request that started them."""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from neev_emulator.runtime.errors import failure
from neev_emulator.runtime.output_log import Log
from neev_emulator.runtime.process import Child

_KEPT_EXITED = 256


@dataclass(frozen=True)
class Process:
    """A supervised process: what was started, and what it wrote. ``started_at`` is in milliseconds."""

    process_id: str
    name: str
    args: Sequence[str]
    cwd: str | None
    started_at: int
    child: Child
    log: Log = field(default_factory=Log)

    @property
    def running(self) -> bool:
        """Whether it still runs; its log is complete when it does not."""
        return not self.log.ended

    def status(self) -> dict[str, object]:
        """Its state as the API has it."""
        exit_code = None if self.running else self.child.exit_code
        return {
            "process_id": self.process_id,
            "state": "running" if self.running else "exited",
            "exit_code": exit_code,
            "started_at": self.started_at,
        }

    def info(self) -> dict[str, object]:
        """Its state and the command that was started."""
        return {**self.status(), "name": self.name, "args": list(self.args), "cwd": self.cwd}

    async def follow_output(self) -> None:
        """All that it writes is in the log, and it has exited."""
        async with aclosing(self.child.output()) as output:
            async for stream, data in output:
                self.log.append(stream, data)
        self.log.end()


class Supervised:
    """The processes of one sandbox by id: all that run and the latest that have exited."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._processes: dict[str, Process] = {}
        self._following: set[asyncio.Task[None]] = set()

    def add(self, child: Child, *, name: str, args: Sequence[str], cwd: str | None) -> Process:
        """The child is supervised from now on."""
        self._drop_oldest_exited()
        process = Process(f"proc-{secrets.token_hex(6)}", name, args, cwd, round(self._now() * 1000), child)
        self._processes[process.process_id] = process
        task = asyncio.create_task(process.follow_output())
        self._following.add(task)
        task.add_done_callback(self._following.discard)
        return process

    def get(self, process_id: str) -> Process:
        """The process with this id."""
        process = self._processes.get(process_id)
        if process is None:
            raise failure("not_found", "no such process")
        return process

    def all(self) -> list[Process]:
        """The processes, oldest first."""
        return list(self._processes.values())

    async def settled(self) -> None:
        """Every process has exited."""
        await asyncio.gather(*self._following)

    def _drop_oldest_exited(self) -> None:
        exited = [process for process in self.all() if not process.running]
        for process in exited[:-_KEPT_EXITED]:
            del self._processes[process.process_id]
