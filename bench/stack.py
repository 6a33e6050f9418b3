"""The operations of a case, one after another, with the real engine on an empty emulator."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cases import SCRIPT, BenchCase
from measure import ResourceUsage, measure_command

from neev_emulator import Emulator, Settings, serve

HERE = Path(__file__).parent
OPERATIONS: Mapping[str, tuple[str, ...]] = {
    "up": ("up", "--skip-preview", "-p", "512"),
    "up again": ("up", "--skip-preview", "-p", "512"),
    "refresh": ("refresh", "--skip-preview", "-p", "512"),
    "destroy": ("destroy", "--skip-preview", "-p", "512"),
}

SETTINGS = Settings(api="0.8")
"""The version of the API that the script's client, neevai 0.8, needs."""


@dataclass(frozen=True)
class OperationFigure:
    """The usage of one operation, and the number of its requests."""

    usage: ResourceUsage
    requests: int


def run_case(case: BenchCase, number: int, seconds: float) -> dict[str, OperationFigure]:
    """Run the operations of a case and return their figures; the script has only `up`."""
    with tempfile.TemporaryDirectory() as folder, serve(SETTINGS, create_seconds=seconds) as emulator:
        work = Path(folder)
        env = (
            build_environment(work, emulator) | case.variables | {"BENCH_N": str(number), "BENCH_SECONDS": str(seconds)}
        )
        if case.program == SCRIPT:
            command = (sys.executable, str(HERE / "asyncio_script.py"), str(number))
            return {"up": measure_operation(emulator, command, work, env)}
        _write_project(work, case, env)
        return {
            operation: measure_operation(emulator, _pulumi_command(*arguments, "--yes"), work, env)
            for operation, arguments in OPERATIONS.items()
        }


def measure_operation(
    emulator: Emulator, command: tuple[str, ...], work: Path, env: Mapping[str, str]
) -> OperationFigure:
    """Run the command and return its usage and the requests of the provider."""
    emulator.clear_log()
    taken = measure_command(command, cwd=work, env=env)
    return OperationFigure(taken, sum(emulator.counts().values()))


def _write_project(work: Path, case: BenchCase, env: Mapping[str, str]) -> None:
    (work / "state").mkdir()
    (work / "Pulumi.yaml").write_text("name: bench\nruntime: python\n", encoding="utf-8")
    program = (HERE / "programs" / case.program / "__main__.py").read_text(encoding="utf-8")
    (work / "__main__.py").write_text(program, encoding="utf-8")
    measure_command(_pulumi_command("stack", "init", "dev"), cwd=work, env=env)


def _pulumi_command(*arguments: str) -> tuple[str, ...]:
    return ("pulumi", *arguments, "--non-interactive", "--color=never")


def build_environment(work: Path, emulator: Emulator) -> dict[str, str]:
    """Return the variables of an engine that keeps everything in the folder and whose plugins use the emulator."""
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
        # as where the package is installed: else each start of a plugin compiles every module that it imports
        "PYTHONDONTWRITEBYTECODE": "",
    }
