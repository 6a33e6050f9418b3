"""Every call with every fault: the user reads the cause or notices nothing, and one more command repairs everything."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.engine.adapters import ADAPTERS
from tests.matrix.run_cell import SCENARIOS, Scenario, run_scenario
from tests.matrix.table import read_committed

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize("story", SCENARIOS, ids=lambda story: story.name)
def test_every_call_survives_every_fault(tmp_path: Path, pulumi_bin: Path, story: Scenario, adapter: str) -> None:
    observed = run_scenario(story, adapter, pulumi_bin, tmp_path)
    words = {cell.name: str(value) for cell, value in observed.items()}
    assert words == read_committed(adapter, words), "the reliability page differs: run `make reliability`"
