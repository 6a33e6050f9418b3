"""A hundred sandboxes under a rate limit, with faults; `make load` does the same with a thousand."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.load.run import MAX_MEMORY_BYTES
from tests.load.scenario import run_load

NUMBER = 100
MAX_REQUESTS = 3 * NUMBER
"""The maximum: a create and a delete for each sandbox, and half as many again.

One fault has more effect than among 1,000 sandboxes.
"""


@pytest.mark.engine
def test_a_hundred_sandboxes_are_created_and_deleted_despite_throttling_and_faults(
    tmp_path: Path, pulumi_bin: Path
) -> None:
    figures = run_load(NUMBER, pulumi_bin, tmp_path)
    assert figures.injected_faults
    assert figures.total <= MAX_REQUESTS
    assert figures.memory < MAX_MEMORY_BYTES
