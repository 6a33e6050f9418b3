"""The quick start: a reader who copies its blocks sees the output that it shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.engine.quick_start import read_steps
from tests.engine.sdks import ROOT, run_command

PAGE = ROOT / "docs" / "quick-start.md"
PAGE_VARIABLES = ("PULUMI_", "NEEV", "VIRTUAL_ENV")
"""Prefixes of variables that a reader with a new machine does not have."""
PUBLISHED_TEMPLATES = "https://github.com/neevcloud/pulumi-neev/tree/main/templates/"


@pytest.mark.timeout(900)
def test_every_block_of_the_quick_start_prints_the_documented_output(tmp_path: Path, pulumi_bin: Path) -> None:
    steps = read_steps(PAGE)
    # until the first release no index has the packages
    wheels = tmp_path / "wheels"
    uv_build = (sys.executable, "-m", "uv", "build", "--quiet", "--all-packages", "--wheel")
    run_command(ROOT, *uv_build, "--out-dir", str(wheels))
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(PAGE_VARIABLES)}
    env = {
        **inherited,
        "PATH": f"{pulumi_bin}{os.pathsep}{inherited['PATH']}",
        "PULUMI_HOME": str(tmp_path / "home"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PIP_FIND_LINKS": f"{wheels} {inherited.get('PIP_FIND_LINKS', '')}",
    }
    script = "".join(f"echo '=== {number}'\n{commands}" for number, (commands, _) in enumerate(steps))
    assert PUBLISHED_TEMPLATES in script
    script = script.replace(PUBLISHED_TEMPLATES, f"{ROOT / 'templates'}/")
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
