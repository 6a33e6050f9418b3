"""Every call with every fault: an error names the cause or the call succeeds; one more command repairs everything."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.chaos.stacks import find_engines
from tests.engine.adapters import ADAPTERS
from tests.matrix.run_cell import SCENARIOS, Scenario, run_scenario
from tests.matrix.table import read_committed

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize("story", SCENARIOS, ids=lambda story: story.name)
def test_each_call_with_each_fault_is_repaired_by_the_next_command(
    tmp_path: Path, pulumi_bin: Path, story: Scenario, adapter: str
) -> None:
    check_against_page(story, adapter, pulumi_bin, tmp_path)


# every fault, with a create or a delete; `make reliability` runs the other calls
@pytest.mark.parametrize("story", [SCENARIOS[0].limit_to("create"), SCENARIOS[2]], ids=["create", "delete"])
def test_each_fault_with_opentofu_is_repaired_by_the_next_command(
    tmp_path: Path, pulumi_bin: Path, story: Scenario
) -> None:
    check_against_page(story, "terraform", pulumi_bin, tmp_path)


def check_against_page(story: Scenario, adapter: str, pulumi_bin: Path, directory: Path) -> None:
    """Run the scenario and compare its results with the page."""
    observed = run_scenario(story, adapter, find_engines(pulumi_bin), directory)
    words = {cell.name: str(value) for cell, value in observed.items()}
    assert words == read_committed(adapter, words), "the reliability page differs: run `make reliability`"
