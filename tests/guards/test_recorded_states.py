"""States of every released version are recorded, without directories of the machine that recorded them.

At a release, record the states as these tests of old states describe: `tests/engine/test_plugin_old_state.py`,
`tests/engine/test_dynamic_old_state.py` and `tests/engine/terraform/test_old_state.py`. The tests of the next
release read them.
"""

import re
from pathlib import Path

import pytest
from tools.version import ROOT, read_version

RELEASED = re.findall(r"^## (\d+\.\d+\.\d+) - ", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
BASELINE = "0.1.0"
"""The first version, whose states are recorded before its release."""
RECORDED_STATES = sorted((Path(__file__).parents[1] / "engine" / "data").glob("*.json"))


def test_recorded_states_contain_no_directories() -> None:
    assert RECORDED_STATES
    assert [path.name for path in RECORDED_STATES if re.search("sourcePosition|stackTrace", path.read_text())] == []


@pytest.mark.parametrize("version", sorted({BASELINE, *RELEASED} - ({read_version()} - {BASELINE})))
@pytest.mark.parametrize("adapter", ["plugin", "dynamic", "terraform"])
def test_every_earlier_version_has_recorded_states(adapter: str, version: str) -> None:
    assert f"{adapter}-{version}.json" in {path.name for path in RECORDED_STATES}
