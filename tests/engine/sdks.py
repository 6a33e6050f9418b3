"""The SDKs, built from today's schema into the ignored folder where `make sdks` has them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SDKS = ROOT / "sdks"


def build_sdk(language: str) -> Path:
    """The folder of the SDK of this language; quick where the schema has not changed."""
    run_command(ROOT, sys.executable, "tools/sdks.py", language)
    return SDKS / language


def run_command(folder: Path, *command: str) -> str:
    """What the command printed; it has to succeed."""
    env = {"UV_SYSTEM_CERTS": "true", "UV_NATIVE_TLS": "true", **os.environ}  # as in the Makefile
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
