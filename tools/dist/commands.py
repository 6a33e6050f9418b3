"""Commands that the steps run."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tools.dist.layout import ROOT

UV = (sys.executable, "-m", "uv")


def run_command(*command: str | Path, folder: Path = ROOT, env: Mapping[str, str] | None = None) -> str:
    """Run the command with these variables in addition and return its output; end the process if it fails."""
    added = {"SOURCE_DATE_EPOCH": source_date_epoch(), "PYTHONHASHSEED": "0", **(env or {})}
    done = subprocess.run(
        [*map(str, command)], cwd=folder, env={**os.environ, **added}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def source_date_epoch() -> str:
    """Return the time of every file that is built, in seconds: that of the commit, unless the variable has another."""
    if given := os.environ.get("SOURCE_DATE_EPOCH"):
        return given
    command = ["git", "log", "-1", "--format=%ct"]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
