"""The README: its complete example passes, and its fragments run."""

import re
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

EXAMPLE, *FRAGMENTS = re.findall(
    r"```python\n(.*?)```", (Path(__file__).parents[2] / "README.md").read_text(), re.DOTALL
)


def test_the_example_passes_unchanged(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEEV_BASE_URL", raising=False)
    pytester.makepyfile(test_workspace=EXAMPLE)
    result = pytester.runpytest_inprocess("-o", "asyncio_default_fixture_loop_scope=function")
    result.assert_outcomes(passed=EXAMPLE.count("def test_"))


def test_the_fragments_run() -> None:
    (fragment,) = FRAGMENTS
    exec(f"from neev_emulator import mock_neev\n{fragment}", {})
