"""The pytest fixture of the package."""

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import os
from urllib.request import urlopen

import pytest

ADDRESSES = []

@pytest.mark.parametrize("run", [1, 2])
def test_each_test_has_an_empty_emulator(neev_emulator, run):
    assert os.environ["NEEV_BASE_URL"] == neev_emulator.base_url
    assert neev_emulator.state()["sandboxes"] == 0
    ADDRESSES.append(neev_emulator.base_url)

def test_it_ends_with_its_test():
    assert "NEEV_BASE_URL" not in os.environ
    for address in ADDRESSES:
        with pytest.raises(OSError):
            urlopen(address)
"""


def test_a_test_needs_no_more_than_the_fixtures_name(tmp_path: Path) -> None:
    (tmp_path / "test_program.py").write_text(PROGRAM)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(tmp_path),
        str(tmp_path),
    ]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert "3 passed" in ended.stdout, ended.stdout + ended.stderr
