"""What a sandbox uses, read from /proc; where there is no /proc, only what needs none."""

import os
from collections.abc import Iterator
from contextlib import suppress
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


def carrying(mark: bytes) -> Iterator[int]:
    """The processes that were started with this ``KEY=value`` in their environment, or by one that was.

    Found also where they left their group, their session and their parents, as daemons do.
    """
    for folder in _PROC.glob("[0-9]*"):
        with suppress(OSError):
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                yield int(folder.name)


def of_process(pid: int) -> ProcessUsage | None:
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
