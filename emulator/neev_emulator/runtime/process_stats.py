"""What a sandbox uses, read from /proc; where there is no /proc, only what needs none."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True)
class Usage:
    """Processor cores in use since the last look, memory of the processes, bytes of the files, processes alive."""

    cpu_cores: float
    memory_bytes: int
    disk_bytes: int
    process_count: int


@dataclass(frozen=True)
class ProcessUsage:
    """Processor seconds of a process and of the children it has waited for, and its resident memory."""

    cpu_seconds: float
    memory_bytes: int


def find_processes(variable: bytes) -> Iterator[int]:
    """The processes that were started with this ``KEY=value`` in their environment, or by one that was.

    Found also where they left their group, their session and their parents, as daemons do.
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
    """What a process uses, or None where it is gone or there is no /proc."""
    try:
        # The name, in parentheses, may hold anything; the fields after it are numbers.
        fields = (_PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    ticks = sum(int(field) for field in fields[11:15])
    return ProcessUsage(
        cpu_seconds=ticks / os.sysconf("SC_CLK_TCK"), memory_bytes=int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
    )
