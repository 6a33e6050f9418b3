"""The recorded states of earlier versions hold nothing of the machine that recorded them."""

import re
from pathlib import Path

RECORDED_STATES = sorted((Path(__file__).parents[1] / "engine" / "data").glob("*.json"))


def test_no_recorded_state_names_a_directory() -> None:
    assert RECORDED_STATES
    assert [path.name for path in RECORDED_STATES if re.search("sourcePosition|stackTrace", path.read_text())] == []
