"""The costs of N sandboxes as one stack, as many stacks, and as one pool: engine time, API requests, size of the state.

Run by ``make scale``. Provisioning takes no time here, so that only the work around it is measured.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stack import build_environment

from neev_emulator import serve

PARALLEL_OPERATIONS = "64"
STEPS = {
    "up": ("up", "--yes", "--skip-preview"),
    "up, no change": ("up", "--yes", "--skip-preview"),
    "up --refresh, no change": ("up", "--yes", "--skip-preview", "--refresh"),
    "destroy": ("destroy", "--yes", "--skip-preview"),
}


@dataclass(frozen=True)
class StackLayout:
    """A distribution of the sandboxes over stacks."""

    title: str
    stacks: int
    resources: Mapping[str, Any]


@dataclass(frozen=True)
class ScaleFigure:
    """The cost of one command that ran on every stack, one after another."""

    wall: float
    cpu: float
    requests: int
    state_bytes: int


def main() -> None:
    """Print the table in the form of docs/internals/scale.md."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("-n", type=int, default=1000, help="sandboxes in each layout")
    options.add_argument("--stacks", type=int, default=10, help="stacks where there are many")
    arguments = options.parse_args()
    print(f"\n{arguments.n} sandboxes, -p {PARALLEL_OPERATIONS}, stacks one after another\n")
    print("| layout | command | seconds | CPU seconds | API requests | state, KB |")
    print("| --- | --- | ---: | ---: | ---: | ---: |")
    for layout in make_layouts(arguments.n, arguments.stacks):
        for step, figure in measure_layout(layout):
            cells = f"{figure.wall:.1f} | {figure.cpu:.1f} | {figure.requests} | {figure.state_bytes / 1000:.0f}"
            print(f"| {layout.title} | {step} | {cells} |", flush=True)


def make_layouts(n: int, stacks: int) -> tuple[StackLayout, ...]:
    """Return the three layouts: one stack, many stacks, and a pool."""
    pool = {"pool": {"type": "neev:index:SandboxPool", "properties": {"replicas": n}}}
    return (
        StackLayout(f"one stack of {n}", 1, _sandbox_resources(n)),
        StackLayout(f"{stacks} stacks of {n // stacks}", stacks, _sandbox_resources(n // stacks)),
        StackLayout(f"one pool of {n}", 1, pool),
    )


def _sandbox_resources(n: int) -> dict[str, Any]:
    return {f"box-{number:04d}": {"type": "neev:index:Sandbox", "properties": {"cpu": 1}} for number in range(n)}


def measure_layout(layout: StackLayout) -> Iterator[tuple[str, ScaleFigure]]:
    """Run and measure each command of a stack's life, on every stack."""
    with tempfile.TemporaryDirectory() as folder, serve(create_seconds=0) as emulator:
        work = Path(folder)
        (work / "state").mkdir()
        (work / "Pulumi.yaml").write_text(
            json.dumps({"name": "scale", "runtime": "yaml", "resources": layout.resources}), encoding="utf-8"
        )
        env = build_environment(work, emulator)
        stacks = [f"team-{number}" for number in range(layout.stacks)]
        for stack in stacks:
            _run_pulumi(work, env, "stack", "init", stack)
        for title, command in STEPS.items():
            emulator.clear_log()
            before, began = _cpu_seconds(), time.perf_counter()
            for stack in stacks:
                _run_pulumi(work, env, *command, "--stack", stack, "-p", PARALLEL_OPERATIONS)
            wall, cpu = time.perf_counter() - began, _cpu_seconds() - before
            state = sum(file.stat().st_size for file in (work / "state").glob(".pulumi/stacks/scale/*.json"))
            yield title, ScaleFigure(wall, cpu, sum(emulator.counts().values()), state)


def _cpu_seconds() -> float:
    """Return the CPU seconds of every engine, program and plugin so far, without those of the emulator."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _run_pulumi(work: Path, env: Mapping[str, str], *arguments: str) -> None:
    command = ["pulumi", *arguments, "--non-interactive", "--color=never"]
    done = subprocess.run(command, cwd=work, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    main()
