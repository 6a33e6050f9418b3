"""A case's operations on an empty platform of its own, one after another, by the real engine."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cases import SCRIPT, Case
from measure import Taken, measured

from neev_emulator import Emulator, serve

HERE = Path(__file__).parent
OPERATIONS: Mapping[str, tuple[str, ...]] = {
    "up": ("up", "--skip-preview", "-p", "512"),
    "up again": ("up", "--skip-preview", "-p", "512"),
    "refresh": ("refresh", "--skip-preview", "-p", "512"),
    "destroy": ("destroy", "--skip-preview", "-p", "512"),
}


@dataclass(frozen=True)
class Figure:
    """One operation, and the requests that it cost."""

    taken: Taken
    requests: int


def run(case: Case, number: int, seconds: float) -> dict[str, Figure]:
    """What each operation took; of the script there is only `up`."""
    with tempfile.TemporaryDirectory() as folder, serve(provision=seconds) as emulator:
        work = Path(folder)
        env = environment(work, emulator) | case.variables | {"BENCH_N": str(number), "BENCH_SECONDS": str(seconds)}
        if case.program == SCRIPT:
            command = (sys.executable, str(HERE / "asyncio_script.py"), str(number))
            return {"up": _figure(emulator, command, work, env)}
        _project(work, case, env)
        return {
            operation: _figure(emulator, _pulumi(*arguments, "--yes"), work, env)
            for operation, arguments in OPERATIONS.items()
        }


def _figure(emulator: Emulator, command: tuple[str, ...], work: Path, env: Mapping[str, str]) -> Figure:
    emulator.clear_log()
    taken = measured(command, cwd=work, env=env)
    return Figure(taken, sum(emulator.counts().values()))


def _project(work: Path, case: Case, env: Mapping[str, str]) -> None:
    (work / "state").mkdir()
    (work / "Pulumi.yaml").write_text("name: bench\nruntime: python\n", encoding="utf-8")
    program = (HERE / "programs" / case.program / "__main__.py").read_text(encoding="utf-8")
    (work / "__main__.py").write_text(program, encoding="utf-8")
    measured(_pulumi("stack", "init", "dev"), cwd=work, env=env)


def _pulumi(*arguments: str) -> tuple[str, ...]:
    return ("pulumi", *arguments, "--non-interactive", "--color=never")


def environment(work: Path, emulator: Emulator) -> dict[str, str]:
    """The variables of an engine that keeps everything in the folder and whose plugins use the emulator."""
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
