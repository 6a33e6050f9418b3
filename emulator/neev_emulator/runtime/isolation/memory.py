"""The memory limit of all processes of a sandbox together."""

import os
import re
import signal
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from neev_emulator.runtime import process_stats

_PROPORTIONAL_SIZE = re.compile(r"^Pss:\s+(\d+) kB$", re.MULTILINE)


def end_largest_beyond(limit_bytes: int, pids: Collection[int]) -> None:
    """Kill the largest of the processes if they use more memory together, as the kernel does in a control group."""
    resident = [usage.memory_bytes for pid in pids if (usage := process_stats.read_process_usage(pid))]
    if sum(resident) <= limit_bytes:
        return
    # Processes share memory, which the sum of their resident sizes counts several times.
    sizes = {pid: _read_proportional_size(pid) for pid in pids}
    if sum(sizes.values()) > limit_bytes:
        with suppress(ProcessLookupError):
            os.kill(max(sizes, key=lambda pid: sizes[pid]), signal.SIGKILL)


def _read_proportional_size(pid: int) -> int:
    """Return the bytes that the process uses: its own, and its share of what others use, too; 0 if it has exited."""
    with suppress(OSError):
        if match := _PROPORTIONAL_SIZE.search(Path(f"/proc/{pid}/smaps_rollup").read_text()):
            return int(match[1]) * 1024
    return 0
