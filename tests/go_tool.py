"""Tools of other projects that are built with Go, from the modules that a folder of `tools` pins."""

import shutil
import subprocess

import pytest
from tools.dist.layout import ROOT
from tools.engine.engine import UNREACHABLE_PATTERN


def run_go_tool(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the tool of `tools/NAME`, whatever it finds; skip the test without Go or without the tool's modules."""
    go = shutil.which("go")
    if go is None:
        pytest.skip(f"{name} is built with Go, which is not installed")
    done = subprocess.run(
        [go, "tool", name, *arguments], cwd=ROOT / "tools" / name, capture_output=True, text=True, check=False
    )
    if done.returncode and UNREACHABLE_PATTERN.search(done.stderr):
        pytest.skip(f"the modules of {name} cannot be fetched: {done.stderr}")
    return done
