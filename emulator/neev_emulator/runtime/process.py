"""A process of a sandbox: the leader of its own group, with its output read as it arrives."""

import asyncio
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from neev_emulator.runtime.errors import RuntimeApiError, runtime_error, translate_os_errors

_CHUNK_BYTES = 1 << 16


@dataclass(frozen=True)
class Command:
    """What to run, where, with which environment and standard input."""

    program: str
    args: Sequence[str]
    cwd: Path
    env: Mapping[str, str] = field(repr=False)
    stdin: bytes | None = field(default=None, repr=False)
    prefix: Sequence[str] = ()
    """Arguments before the program, which enter its namespace."""


class ManagedProcess:
    """A started process. The event loop notices its exit even if nothing reads its output."""

    def __init__(
        self, process: "subprocess.Popen[bytes]", *, pipes: Mapping[str, int], on_exit: Callable[[int], None]
    ) -> None:
        self.pid = process.pid
        self.timed_out = False
        self.exited = asyncio.Event()
        self._process = process
        self._pipes = dict(pipes)
        self._on_exit = on_exit
        self._activity = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        _call_on_exit(process, self._loop, self._reap)

    @property
    def exit_code(self) -> int | None:
        """Return the exit code, or 128 plus the number of the signal that ended it; None while it runs."""
        return self._exit_code() if self.exited.is_set() else None

    async def wait(self) -> int:
        """Wait until the process has exited; return its exit code."""
        await self.exited.wait()
        return self._exit_code()

    def signal(self, number: int) -> bool:
        """Send the signal to the group; return whether the process was running."""
        if self.exited.is_set():
            return False
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)
        return True

    def kill_after(self, seconds: float) -> None:
        """Kill the group and set `timed_out` unless the process exits before."""
        self._timer = self._loop.call_later(seconds, self._expire)

    def close(self) -> None:
        """Kill the group if its leader still runs; stop reading its output."""
        self.signal(signal.SIGKILL)
        self._cancel_timer()
        self._close_pipes(list(self._pipes))

    async def read_output(self) -> AsyncGenerator[tuple[str, bytes], None]:
        """Yield (stream, bytes) until the process exits; later output of its children is not read."""
        while True:
            # Checked before the read: the pipes then contain everything written before the exit.
            ended = self.exited.is_set()
            for stream, descriptor in list(self._pipes.items()):
                chunk = _read_available(descriptor)
                if chunk:
                    yield stream, chunk
                elif chunk is not None:
                    self._close_pipes([stream])
            if ended:
                self._close_pipes(list(self._pipes))
                return
            await self._wait_for_activity()

    async def _wait_for_activity(self) -> None:
        self._activity.clear()
        if self.exited.is_set():
            return
        descriptors = list(self._pipes.values())
        for descriptor in descriptors:
            self._loop.add_reader(descriptor, self._activity.set)
        try:
            await self._activity.wait()
        finally:
            for descriptor in descriptors:
                self._loop.remove_reader(descriptor)

    def _reap(self) -> None:
        self._on_exit(self.pid)
        self._process.wait()
        self._cancel_timer()
        self.exited.set()
        self._activity.set()

    def _exit_code(self) -> int:
        status: int = self._process.returncode
        return status if status >= 0 else 128 - status

    def _expire(self) -> None:
        self.timed_out = self.signal(signal.SIGKILL)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _close_pipes(self, streams: Sequence[str]) -> None:
        for stream in streams:
            os.close(self._pipes.pop(stream))


def spawn(command: Command, *, on_exit: Callable[[int], None]) -> ManagedProcess:
    """Start the command. `on_exit` is called with its pid before the exited process is reaped."""
    readers: dict[str, int] = {}
    writers: dict[str, int] = {}
    with translate_os_errors(command.program), ExitStack() as writing, ExitStack() as reading:
        for stream in ("stdout", "stderr"):
            readers[stream], writers[stream] = os.pipe()
            reading.callback(os.close, readers[stream])
            writing.callback(os.close, writers[stream])
            os.set_blocking(readers[stream], False)
        process = _start(command, **writers)
        reading.pop_all()
    return ManagedProcess(process, pipes=readers, on_exit=on_exit)


def _start(command: Command, *, stdout: int, stderr: int) -> "subprocess.Popen[bytes]":
    with _open_stdin(command.stdin) as stdin:
        try:
            return subprocess.Popen(  # noqa: S603 - to run what it is given is what a sandbox is for
                [*command.prefix, command.program, *command.args],
                cwd=command.cwd,
                env=command.env,
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            )
        except FileNotFoundError as error:
            raise program_not_found(command.program) from error


def program_not_found(program: str) -> RuntimeApiError:
    """Return the error for a program that does not exist."""
    return runtime_error(
        "not_found", f"{program}: program not found. No shell is involved: send the program and its arguments"
    )


def _open_stdin(content: bytes | None) -> IO[bytes]:
    """Return a file, not a pipe: it is complete at once and nothing has to feed it."""
    if content is None:
        return open(os.devnull, "rb")  # noqa: PTH123 - not a path of anyone's
    file = tempfile.TemporaryFile()  # noqa: SIM115 - its user closes it
    file.write(content)
    file.seek(0)
    return file


def _read_available(descriptor: int) -> bytes | None:
    """Return what can be read at once: None if there is nothing yet, no bytes at the end."""
    try:
        return os.read(descriptor, _CHUNK_BYTES)
    except BlockingIOError:
        return None


def _call_on_exit(
    process: "subprocess.Popen[bytes]", loop: asyncio.AbstractEventLoop, reap: Callable[[], None]
) -> None:
    """Call `reap` in the loop when the process has exited; on Linux before the kernel forgets it."""
    try:
        descriptor = os.pidfd_open(process.pid)
    except (AttributeError, OSError):  # not Linux, an old kernel, or out of descriptors
        wait_in_thread(process, loop, reap)
    else:
        watch_descriptor(descriptor, loop, reap)


def watch_descriptor(descriptor: int, loop: asyncio.AbstractEventLoop, reap: Callable[[], None]) -> None:
    """Call `reap` when the process of the descriptor has exited."""

    def ready() -> None:
        loop.remove_reader(descriptor)
        os.close(descriptor)
        reap()

    loop.add_reader(descriptor, ready)


def wait_in_thread(
    process: "subprocess.Popen[bytes]", loop: asyncio.AbstractEventLoop, reap: Callable[[], None]
) -> None:
    """Call `reap` when the process has exited, on systems without process descriptors."""

    def wait() -> None:
        process.wait()
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(reap)

    threading.Thread(target=wait, daemon=True).start()
