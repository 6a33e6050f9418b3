"""Whatever is killed at whatever moment: after a repair, the program, the state and the platform agree."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.chaos.playing import Tale, play
from tests.chaos.stories import story

SEEDS = range(1, 21)
FOUND = {
    "the lock of an engine that was killed between two operations": 45,
    "a plugin killed in a replacement that had deleted the old one": 53,
}
"""Stories that failed once, by what they found."""


@pytest.mark.engine
@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_lost_and_nothing_is_doubled(seed: int, tmp_path: Path, engine: Path) -> None:
    play(story(seed), tmp_path, engine, Tale())


@pytest.mark.engine
@pytest.mark.parametrize("seed", FOUND.values(), ids=FOUND.keys())
def test_what_failed_once_holds(seed: int, tmp_path: Path, engine: Path) -> None:
    play(story(seed), tmp_path, engine, Tale())


@pytest.mark.parametrize("seed", SEEDS)
def test_a_seed_tells_the_same_story_again(seed: int) -> None:
    assert story(seed) == story(seed)
    assert any(step.kill for step in story(seed))
