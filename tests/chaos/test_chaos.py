"""Kills of any process at any moment: after a repair, the program, the state and the API agree."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
from tests.chaos.rigs import FIRST, FIXED, Rig
from tests.chaos.run_story import StoryResult, run_story
from tests.chaos.stories import COMMANDS, AtRequest, Kill, Step, Story, Victim, generate_story, kill_at_first_delete
from tests.engine.adapters import ADAPTERS

SEEDS = (5, 7, 8, 27, 28, 32, 34, 60, 116, 117)
"""The fewest stories that kill each process in each command through each adapter. `make chaos` runs any number more."""


@pytest.mark.engine
@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_lost_and_nothing_is_doubled(seed: int, tmp_path: Path, pulumi_bin: Path) -> None:
    result = StoryResult()
    run_story(generate_story(seed), tmp_path, pulumi_bin, result)
    assert result.kills


def make_rig(**properties: str) -> Rig:
    """Return two sandboxes, one of which has a name that the program chooses."""
    return {
        FIRST: {"type": "neev:index:Sandbox", "properties": {}},
        "rig-named": {"type": "neev:index:Sandbox", "properties": {"name": FIXED, **properties}},
    }


AGENT: Rig = {"rig-agent": {"type": "neev:index:Agent", "properties": {"agentTemplate": "batch-runner"}}}
REGRESSIONS = {
    "the lock of an engine that was killed between two operations": Step(
        "refresh", make_rig(), Kill(Victim.ENGINE, AtRequest(1, "GET", executes_first=False))
    ),
    "a plugin killed in a replacement that had deleted the old one": Step(
        "up",
        make_rig(image="docker.io/library/node:22"),
        Kill(Victim.PLUGIN, AtRequest(1, "POST", executes_first=True)),
    ),
    "an agent that a killed plugin has made and no state holds": Step(
        "up", {**make_rig(), **AGENT}, Kill(Victim.PLUGIN, AtRequest(1, "POST", executes_first=True))
    ),
}
"""The kills of stories that failed once, by the defect that they revealed."""


@pytest.mark.engine
@pytest.mark.parametrize("step", REGRESSIONS.values(), ids=REGRESSIONS.keys())
def test_what_failed_once_holds(step: Step, tmp_path: Path, pulumi_bin: Path) -> None:
    result = StoryResult()
    steps = [Step("up", make_rig(), None), step, Step("destroy", step.rig, None)]
    run_story(Story("plugin", steps, kill_at_first_delete(Victim.PLUGIN)), tmp_path, pulumi_bin, result)
    assert [command for _, command in result.kills] == [step.command]


def test_the_stories_kill_each_process_in_each_command_through_each_adapter() -> None:
    stories = [generate_story(seed) for seed in SEEDS]
    kills = {(story.adapter, step.kill.victim, step.command) for story in stories for step in story.steps if step.kill}
    assert kills == set(product(ADAPTERS, Victim, COMMANDS))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_seed_tells_the_same_story_again(seed: int) -> None:
    assert generate_story(seed) == generate_story(seed)
    assert any(step.kill for step in generate_story(seed).steps)
