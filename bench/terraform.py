"""The operations of a configuration, one after another, with OpenTofu on an empty emulator."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from cases import BenchCase
from stack import HERE, SETTINGS, OperationFigure, measure_operation

from neev_emulator import Emulator, serve

ALL_AT_ONCE = "-parallelism=256"
REFRESH = ("apply", "-refresh-only", "-auto-approve")
OPERATIONS: Mapping[str, tuple[str, ...]] = {
    "apply": ("apply", "-auto-approve", ALL_AT_ONCE),
    "plan": ("plan", ALL_AT_ONCE),
    "refresh": (*REFRESH, ALL_AT_ONCE),
    "refresh, 10 at a time": REFRESH,
    "destroy": ("destroy", "-auto-approve", ALL_AT_ONCE),
}
CLI_CONFIG = """\
provider_installation {{
  dev_overrides {{
    "neevcloud/neev" = "{installed}"
    "bench/sleep" = "{sleeping}"
  }}
  direct {{}}
}}
"""
CONFIGURATION = """\
terraform {{
  required_providers {{
    neev = {{ source = "{source}" }}
  }}
}}

resource "neev_sandbox" "box" {{
  count = {number}
}}
"""


def run_configuration(case: BenchCase, number: int, seconds: float) -> dict[str, OperationFigure]:
    """Run the operations of a case and return their figures. The case's program is the source of its provider."""
    with tempfile.TemporaryDirectory() as folder, serve(SETTINGS, create_seconds=seconds) as emulator:
        work = Path(folder)
        (work / "cli.tfrc").write_text(
            CLI_CONFIG.format(installed=Path(sys.prefix) / "bin", sleeping=HERE / "sleeping"), encoding="utf-8"
        )
        (work / "main.tf").write_text(CONFIGURATION.format(source=case.program, number=number), encoding="utf-8")
        env = _build_environment(work, emulator) | {"BENCH_SECONDS": str(seconds)}
        tofu = os.environ["PULUMI_NEEV_TOFU"]
        return {
            operation: measure_operation(emulator, (tofu, *arguments, "-no-color", "-input=false"), work, env)
            for operation, arguments in OPERATIONS.items()
        }


def _build_environment(work: Path, emulator: Emulator) -> dict[str, str]:
    """Return the variables of an engine that needs no `init` and whose provider uses the emulator."""
    return {
        **os.environ,
        **emulator.env,
        "PATH": os.pathsep.join([str(Path(sys.prefix) / "bin"), os.environ["PATH"]]),
        "TF_CLI_CONFIG_FILE": str(work / "cli.tfrc"),
        "TF_IN_AUTOMATION": "1",
        "CHECKPOINT_DISABLE": "1",
        # as where the package is installed: else each start of a provider compiles every module that it imports
        "PYTHONDONTWRITEBYTECODE": "",
    }
