"""Fixtures for tests of several folders."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# a shell starts what runs in its background with this signal ignored, and every process below would inherit that
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).parents[1]

# how long examples take depends on what else the machine does
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


@pytest.fixture(autouse=True)
def no_managed_sandboxes() -> None:
    """Clear what plans of other tests in this process have noted of sandboxes with the same ids."""
    from neev_provider.resources.egress import MANAGED_SANDBOXES  # noqa: PLC0415  once coverage measures

    MANAGED_SANDBOXES.clear()


@pytest.fixture(scope="session")
def pulumi_bin() -> Path:
    """Return the directory of a `pulumi` and its language hosts."""
    script = ROOT / "tools" / "engine" / "engine.py"
    found = subprocess.run([sys.executable, str(script)], check=True, stdout=subprocess.PIPE, text=True)
    return Path(found.stdout.strip().splitlines()[-1])
