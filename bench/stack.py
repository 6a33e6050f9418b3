"""One `up` of a program of this folder, by the real engine on an empty platform of its own."""

from __future__ import annotations

import os
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


def run(case: Case, n: int, seconds: float) -> Figure:
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
