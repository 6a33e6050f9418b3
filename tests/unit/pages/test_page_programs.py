"""The Python programs of the pages: every name and argument in them exists."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pulumi
import pytest
from tests.fakes.program import ProgramMocks, run_program

DOCS = Path(__file__).parents[3] / "docs"
UNIT_TEST_PAGE = DOCS / "guides" / "test-your-program.md"
CONFIG = {f"project:{name}": "value" for name in ("token", "netrc", "commit", "branch")}


def read_blocks(page: Path) -> list[str]:
    """Return the Python blocks of a page."""
    return re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)


def list_programs() -> list[tuple[str, str]]:
    """Return the complete programs for dynamic resources, each with its page. Fragments have no import."""
    pages = (page for page in sorted(DOCS.rglob("*.md")) if page.parent.name != "resources" and page != UNIT_TEST_PAGE)
    blocks = ((page.relative_to(DOCS).as_posix(), block) for page in pages for block in read_blocks(page))
    return [(page, block) for page, block in blocks if "import pulumi_neev as neev\n" in block]


@pytest.mark.parametrize(("page", "program"), list_programs(), ids=[page for page, _ in list_programs()])
def test_the_program_of_a_page_runs(page: str, program: str) -> None:
    pulumi.runtime.set_all_config(CONFIG)
    outputs = {"members": [], "sha256": "0" * 64, "stdout": "hello", "egress": {}}
    engine = ProgramMocks(outputs, {"neev:index:getSandboxTemplate": {"id": "template"}})
    run_program(lambda: exec(compile(program, page, "exec"), {"__name__": "program"}), engine)
    pulumi.runtime.set_all_config({})
    assert engine.registrations


def test_the_unit_test_of_the_guide_passes(tmp_path: Path) -> None:
    program, test, *_ = read_blocks(UNIT_TEST_PAGE)
    (tmp_path / "infra.py").write_text(program)
    (tmp_path / "test_infra.py").write_text(test)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_infra.py"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout
    assert "1 passed" in result.stdout
