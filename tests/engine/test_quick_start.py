"""The quick start: a reader who copies its blocks sees the output that it shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.engine.quick_start import read_steps

PAGE = Path(__file__).parents[2] / "docs" / "quick-start.md"
PAGE_VARIABLES = ("PULUMI_", "NEEV", "VIRTUAL_ENV")
"""Prefixes of variables that a reader with a new machine does not have."""


def test_every_block_of_the_quick_start_prints_what_the_page_shows(tmp_path: Path, pulumi_bin: Path) -> None:
    install, *steps = read_steps(PAGE)
    assert "pip install 'pulumi-neev[emulator]'" in install[0]
    # the environment of the tests replaces the one that the first block installs
    (tmp_path / "venv").symlink_to(sys.prefix)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(PAGE_VARIABLES)}
    env = {
        **inherited,
        "PATH": f"{pulumi_bin}{os.pathsep}{inherited['PATH']}",
        "PULUMI_HOME": str(tmp_path / "home"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    script = "".join(f"echo '=== {number}'\n{commands}" for number, (commands, _) in enumerate(steps))
    result = subprocess.run(
        ["/bin/bash", "-e", "-c", script], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    outputs = re.split(r"^=== \d+\n", result.stdout, flags=re.MULTILINE)[1:]
    shown = [(output, text) for output, (_, texts) in zip(outputs, steps, strict=True) for text in texts]
    assert len(shown) == 4
    for output, text in shown:
        lines = [line.rstrip() for line in output.splitlines()]
        assert text.rstrip("\n") in "\n".join(lines)
