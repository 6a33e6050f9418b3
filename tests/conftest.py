"""Fixtures for tests of several folders."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def pulumi_bin() -> Path:
    """Return the directory of a `pulumi` and its language hosts."""
    script = ROOT / "tools" / "engine" / "engine.py"
    found = subprocess.run([sys.executable, str(script)], check=True, stdout=subprocess.PIPE, text=True)
    return Path(found.stdout.strip().splitlines()[-1])
