"""A pool beside a plain script over the official client that makes the same sandboxes; run by ``make bench``.

The ratio is what the pool takes beyond an update that has nothing to do, over what the script takes.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time

from stack import HERE, Case, Figure, run

from pulumi_neev.emulator import serve

MOST = {200: 1.15, 1000: 1.25}
"""The ratio that is allowed, for so many members."""
POOL, EMPTY = Case("pool", "pool", {}), Case("empty update", "empty", {})


def table(seconds: float = 5.0, runs: int = 3) -> None:
    """The table is printed."""
    print(f"\nA pool of sandboxes of {seconds:g} s, medians of {runs} runs\n")
    print(f"{'members':>8}{'script':>9}{'empty up':>10}{'pool':>8}{'ratio':>8}{'at most':>9}{'requests each':>15}")
    for number, most in MOST.items():
        taken = [(_script(number, seconds), run(EMPTY, 0, seconds), run(POOL, number, seconds)) for _ in range(runs)]
        script, empty, pool = (
            statistics.median(each.seconds for each in figures) for figures in zip(*taken, strict=True)
        )
        ratio = statistics.median((pool.seconds - empty.seconds) / script.seconds for script, empty, pool in taken)
        requests = statistics.median(pool.requests for _, _, pool in taken) / number
        print(f"{number:8}{script:8.1f}s{empty:9.1f}s{pool:7.1f}s{ratio:8.2f}{most:9.2f}{requests:15.3f}", flush=True)


def _script(number: int, seconds: float) -> Figure:
    """One run of the script on an empty platform."""
    with serve(provision=seconds) as emulator:
        command = [sys.executable, str(HERE / "asyncio_script.py"), str(number)]
        started = time.perf_counter()
        subprocess.run(command, env={**os.environ, **emulator.env}, check=True)
        return Figure(time.perf_counter() - started, sum(emulator.counts().values()))


if __name__ == "__main__":
    table()
