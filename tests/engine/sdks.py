"""The SDKs, built from the current schema into the ignored folder that `make sdks` uses."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SDKS = ROOT / "sdks"


def build_sdk(language: str) -> Path:
    """Return the folder of the SDK of this language. Unchanged schemas are not built again."""
    run_command(ROOT, sys.executable, "-m", "tools.sdks", language)
    return SDKS / language


def run_command(folder: Path, *command: str) -> str:
    """Run the command and return its output. The command has to succeed."""
    env = {"UV_SYSTEM_CERTS": "true", "UV_NATIVE_TLS": "true", **os.environ}  # as in the Makefile
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
