"""Whatever a call meets: the user reads the cause or notices nothing, and one more command puts everything right."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.engine.adapters import FACES
from tests.matrix.run_cell import STORIES, Story, played
from tests.matrix.table import committed

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_every_call_survives_every_fault(tmp_path: Path, engine: Path, story: Story, face: str) -> None:
    seen = played(story, face, engine, tmp_path)
    words = {cell.name: str(each) for cell, each in seen.items()}
    assert words == committed(face, words), "docs/reliability.md says otherwise: `make reliability` writes it"
