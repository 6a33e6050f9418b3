"""The quick start: a reader who copies its blocks sees the output that it shows, with either engine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.engine.quick_start import read_steps
from tests.engine.terraform.project import FOREIGN_PREFIXES

pytestmark = pytest.mark.engine

PAGE = Path(__file__).parents[3] / "docs" / "terraform" / "guides" / "quick-start.md"


def test_every_block_of_the_quick_start_prints_the_documented_output(tmp_path: Path, executable: Path) -> None:
    (install, _), *steps = read_steps(PAGE)
    packages, provider = install.split("pip install 'pulumi-neev[emulator]'\n")
    assert packages
    steps.insert(0, (provider, []))
    # the environment of the tests replaces the one that the first block installs
    (tmp_path / "venv").symlink_to(sys.prefix)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "terraform").symlink_to(executable)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN_PREFIXES)}
    home = {"HOME": str(tmp_path), "CHECKPOINT_DISABLE": "1"}
    env = {**inherited, **home, "PATH": f"{tmp_path / 'bin'}{os.pathsep}{inherited['PATH']}"}
    script = "".join(f"echo '=== {number}'\n{commands}" for number, (commands, _) in enumerate(steps))
    result = subprocess.run(
        ["/bin/bash", "-e", "-c", script], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    printed = re.sub(r"\x1b\[\d*m", "", result.stdout)
    outputs = re.split(r"^=== \d+\n", printed, flags=re.MULTILINE)[1:]
    shown = [(output, text) for output, (_, texts) in zip(outputs, steps, strict=True) for text in texts]
    assert len(shown) == 4
    for output, text in shown:
        assert text.rstrip("\n") in output
