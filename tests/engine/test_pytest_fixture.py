"""The pytest fixture of the emulator, as the guide uses it: `pulumi` finds the emulator by its environment."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.engine.project import PulumiProject

pytestmark = pytest.mark.engine

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "test-your-program.md"


def test_the_stack_test_of_the_guide_passes(project: PulumiProject) -> None:
    program, _, test = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    project.write_python(program)
    (project.directory / "test_stack.py").write_text(test)
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "test_stack.py"],
        cwd=project.directory,
        env={name: value for name, value in project.env.items() if not name.startswith("NEEV_")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 passed" in result.stdout, result.stdout + result.stderr
    assert project.emulator.requests == []
