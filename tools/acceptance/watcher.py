"""The watcher: a process that sweeps when the tool has ended, in whatever way.

It is in a session of its own, and reads a pipe whose other end only the tool has. The pipe ends with the tool.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from neev_provider.adapters.shared.config import parse_settings
from neev_provider.client import connect
from tools.acceptance.engines import kill_processes
from tools.acceptance.ledger import LedgerEntries, read_ledger
from tools.acceptance.report import append_sweep
from tools.acceptance.sweep import SweepResult, sweep

LEDGER_FILE = "ledger.jsonl"
IGNORED_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Watcher:
    """The process, while the block runs; at its end it sweeps."""

    def __init__(self, directory: Path, prefix: str, report: Path) -> None:
        self._arguments = [sys.executable, "-m", "tools.acceptance.watcher", str(directory), prefix, str(report)]
        self.is_clean = False
        """Whether nothing was left. Known after the block."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._arguments, stdin=subprocess.PIPE, start_new_session=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self.is_clean = self._process.wait() == 0


def run_sweep(prefix: str, entries: LedgerEntries | None = None) -> SweepResult:
    """Sweep what a run created in the account of the environment; without its ledger, by names and labels alone."""

    async def run() -> SweepResult:
        async with connect(parse_settings({}, os.environ)) as api:
            return await sweep(api, prefix, entries or LedgerEntries((), frozenset()))

    return asyncio.run(run())


def main() -> None:
    """Wait for the end of the tool, sweep, and append the outcome to the report; exit with 1 if something is left."""
    directory, prefix, report = sys.argv[1:]
    for number in IGNORED_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()
    kill_processes(prefix)
    entries = read_ledger(Path(directory) / LEDGER_FILE)
    # nothing is created without an entry
    result = run_sweep(prefix, entries) if any(entries) else SweepResult()
    append_sweep(Path(report), prefix, result)
    if not result.is_clean:
        sys.exit(1)
    shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
