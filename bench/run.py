"""How long N sandboxes take through each face, beside resources that only sleep; and how many requests they cost.

Run by ``make bench``. Each pair is run in turn, so that a machine that slows down slows both; the medians count.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pulumi_neev.emulator import Emulator, serve

HERE = Path(__file__).parent
PARALLEL = "512"


@dataclass(frozen=True)
class Case:
    """A program of this folder, and what is particular about its run."""

    title: str
    program: str
    variables: Mapping[str, str]


@dataclass(frozen=True)
class Figure:
    """One run."""

    seconds: float
    requests: int


PAIRS = (
    (Case("dynamic", "dynamic", {}), Case("dynamic, only sleeping", "dynamic_sleep", {})),
    (
        Case("plugin", "plugin", {"BENCH_TYPE": "neev:index:Sandbox"}),
        Case("plugin, only sleeping", "plugin", {"BENCH_TYPE": "sleep:index:Sleep"}),
    ),
)


def main() -> None:
    """The table is printed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("-n", type=int, default=200, help="resources in a stack")
    options.add_argument("--seconds", type=float, default=5.0, help="what each takes to provision")
    options.add_argument("--runs", type=int, default=3, help="runs of each, in turn")
    asked = options.parse_args()
    print(
        f"\n{asked.n} resources of {asked.seconds:g} s, up --skip-preview -p {PARALLEL}, medians of {asked.runs} runs\n"
    )
    print(f"{'':24}{'wall':>8}{'ratio':>8}{'requests each':>16}")
    for ours, floor in PAIRS:
        figures: dict[str, list[Figure]] = {ours.title: [], floor.title: []}
        for _ in range(asked.runs):
            for case in (floor, ours):
                figures[case.title].append(_run(case, asked.n, asked.seconds))
        _print(ours.title, figures[ours.title], figures[floor.title], asked.n)
        _print(floor.title, figures[floor.title], figures[floor.title], asked.n)
    sys.stdout.flush()
    subprocess.run([sys.executable, str(HERE / "plugin_latency.py")], check=True)


def _print(title: str, figures: list[Figure], floor: list[Figure], n: int) -> None:
    ratio = statistics.median(mine.seconds / its.seconds for mine, its in zip(figures, floor, strict=True))
    seconds = statistics.median(each.seconds for each in figures)
    requests = statistics.median(each.requests for each in figures) / n
    print(f"{title:24}{seconds:7.1f}s{ratio:8.2f}{requests:16.3f}", flush=True)


def _run(case: Case, n: int, seconds: float) -> Figure:
    """One `up` of the program on an empty platform."""
    with tempfile.TemporaryDirectory() as folder, serve(provision=seconds) as emulator:
        work = Path(folder)
        (work / "state").mkdir()
        (work / "Pulumi.yaml").write_text("name: bench\nruntime: python\n", encoding="utf-8")
        program = (HERE / "programs" / case.program / "__main__.py").read_text(encoding="utf-8")
        (work / "__main__.py").write_text(program, encoding="utf-8")
        env = _environment(work, emulator) | case.variables | {"BENCH_N": str(n), "BENCH_SECONDS": str(seconds)}
        _pulumi(work, env, "stack", "init", "dev")
        started = time.perf_counter()
        _pulumi(work, env, "up", "--yes", "--skip-preview", "-p", PARALLEL)
        return Figure(time.perf_counter() - started, sum(emulator.counts().values()))


def _environment(work: Path, emulator: Emulator) -> dict[str, str]:
    engine = Path(os.environ["PULUMI_NEEV_ENGINE"]) / "bin"
    path = [str(engine), str(HERE / "sleeping"), str(Path(sys.prefix) / "bin"), os.environ["PATH"]]
    return {
        **os.environ,
        **emulator.env,
        "PATH": os.pathsep.join(path),
        "PULUMI_HOME": str(work / "home"),
        "PULUMI_BACKEND_URL": f"file://{work / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "bench",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_DISABLE_REGISTRY_RESOLVE": "true",
    }


def _pulumi(work: Path, env: Mapping[str, str], *arguments: str) -> None:
    command = ["pulumi", *arguments, "--non-interactive", "--color=never"]
    done = subprocess.run(command, cwd=work, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    main()
