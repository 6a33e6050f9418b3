"""Resource usage of a sandbox, read from /proc; without /proc only the disk usage."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True)
class Usage:
    """Cores used since the last measurement, bytes of memory and files, and the number of processes."""

    cpu_cores: float
    memory_bytes: int
    disk_bytes: int
    process_count: int


@dataclass(frozen=True)
class ProcessUsage:
    """CPU seconds of a process and of its reaped children, and its resident memory."""

    cpu_seconds: float
    memory_bytes: int


def find_processes(variable: bytes) -> Iterator[int]:
    """Return the processes that were started with this `KEY=value` in their environment, or by one that was.

    This includes daemons that left their group, session and parent.
    """
    for name in os.listdir(_PROC) if _PROC.exists() else ():  # noqa: PTH208 - names by the hundred, not paths
        if name.isdecimal() and b"\0%b\0" % variable in b"\0" + _read_environment(name):
            yield int(name)


def _read_environment(pid: str) -> bytes:
    try:
        with open(f"{_PROC}/{pid}/environ", "rb", buffering=0) as file:  # noqa: PTH123 - read by the hundred
            return file.readall()
    except OSError:
        return b""


def read_process_usage(pid: int) -> ProcessUsage | None:
    """Return the usage of a process; None if it has exited or there is no /proc."""
    try:
        # The name, in parentheses, may contain anything; the fields after it are numbers.
        fields = (_PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    ticks = sum(int(field) for field in fields[11:15])
    return ProcessUsage(
        cpu_seconds=ticks / os.sysconf("SC_CLK_TCK"), memory_bytes=int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
    )
