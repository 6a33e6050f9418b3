"""Every folder of `tests/cases`: a program and the commands of its user."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.engine.project import PulumiProject

pytestmark = pytest.mark.engine

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "tests" / "cases"
CASES = sorted(script.parent for script in FOLDER.glob("*/run.sh"))
SECONDS = 580
"""The timeout of one case in seconds. The longest case runs some twenty commands of the engine."""


@pytest.mark.timeout(SECONDS + 20)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_script_of_a_case_succeeds(case: Path, project: PulumiProject, tmp_path: Path) -> None:
    shutil.copytree(case, project.directory, dirs_exist_ok=True)
    env = {
        **project.env,
        "PATH": f"{sys.prefix}/bin{os.pathsep}{project.env['PATH']}",
        "CASES": str(FOLDER),
        "EXAMPLES": str(ROOT / "examples"),
    }
    log = tmp_path / "log"
    with log.open("w") as writing:
        process = subprocess.Popen(
            ["bash", "-euo", "pipefail", "run.sh"],
            cwd=project.directory,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=writing,
            stderr=subprocess.STDOUT,
        )
        try:
            code = process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
    message = log.read_text(errors="replace")
    words = [line for line in message.splitlines() if line.startswith("CASE: ")]
    assert code == 0, "\n".join([f"{case.name} ended with {code}", *words, "", message])
