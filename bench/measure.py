"""Seconds, CPU and memory of a command and of every process below it."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import psutil

# A shell starts what runs in its background with this signal ignored. Every process below would inherit that, and the
# engine would wait five seconds at the end of each program.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

SAMPLE_INTERVAL = 0.25
"""Seconds between two memory samples. Each sample takes a few milliseconds of the same processors."""


@dataclass(frozen=True)
class ResourceUsage:
    """The resources that one command used."""

    seconds: float
    cpu_seconds: float
    """Seconds of CPU of the command and of every process below it that has ended."""
    memory_mb: float
    """MB: the sum of the highest sample of each process."""


def measure_command(command: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> ResourceUsage:
    """Run the command and return its resource usage; if it fails, end the program with its output."""
    with tempfile.TemporaryFile("w+") as output:
        started = perf_counter()
        process = subprocess.Popen(
            command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        memory = _MemorySampler(process.pid)
        memory.start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        memory.stop()
        if process.returncode:
            output.seek(0)
            raise SystemExit(f"{' '.join(command)}\n{output.read()}")
    return ResourceUsage(seconds, usage.ru_utime + usage.ru_stime, memory.max_mb)


class _MemorySampler(threading.Thread):
    """A thread that samples the memory of the processes at an interval."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._root_process = psutil.Process(pid)
        self._stop_requested = threading.Event()
        self._max_bytes_by_pid: dict[int, int] = {}

    @property
    def max_mb(self) -> float:
        """Return the memory of all processes together, in MB."""
        return sum(self._max_bytes_by_pid.values()) / 1e6

    def run(self) -> None:
        """Take samples until `stop` is called."""
        while not self._stop_requested.is_set():
            with suppress(psutil.NoSuchProcess):
                for item in (self._root_process, *self._root_process.children(recursive=True)):
                    with suppress(psutil.NoSuchProcess):
                        self._max_bytes_by_pid[item.pid] = max(
                            self._max_bytes_by_pid.get(item.pid, 0), item.memory_info().rss
                        )
            self._stop_requested.wait(SAMPLE_INTERVAL)

    def stop(self) -> None:
        """End the sampling."""
        self._stop_requested.set()
        self.join()
