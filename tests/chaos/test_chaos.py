"""Kills of any process at any moment: after a repair, the program, the state and the API agree."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
from tests.chaos.rigs import FIRST, FIXED, Rig
from tests.chaos.run_story import StoryResult, run_story
from tests.chaos.stacks import Engines, find_engines, is_playable
from tests.chaos.stories import (
    ALL,
    COMMANDS,
    GROUPS,
    PULUMI,
    TERRAFORM,
    VICTIMS,
    AtRequest,
    Kill,
    Step,
    Story,
    Victim,
    generate_stories,
    kill_at_first_delete,
)

SEEDS = {PULUMI: (5, 7, 8, 27, 28, 32, 34, 60, 116, 117), TERRAFORM: (92, 309, 389, 1035, 1570)}
"""The fewest stories that kill each process in each command through each adapter of Pulumi, and with an engine of
Terraform's. `make chaos` runs any number more."""
STORIES = [story for group, seeds in SEEDS.items() for seed in seeds for story in generate_stories(seed, group)]


def name_story(story: Story) -> str:
    """Return the name of the story's test."""
    return f"{story.seed}-{story.adapter}"


@pytest.fixture(scope="session")
def engines(pulumi_bin: Path) -> Engines:
    """Return all engines of this machine."""
    return find_engines(pulumi_bin)


@pytest.mark.engine
@pytest.mark.parametrize("story", STORIES, ids=name_story)
def test_no_object_is_lost_or_duplicated_after_kills(story: Story, tmp_path: Path, engines: Engines) -> None:
    if not is_playable(story.adapter, engines):
        pytest.skip("Terraform from version 1.11 is not on PATH")
    result = StoryResult()
    run_story(story, tmp_path, engines, result)
    assert result.kills


def make_rig(**properties: str) -> Rig:
    """Return two sandboxes, one of which has a name that the program chooses."""
    return {
        FIRST: {"type": "neev:index:Sandbox", "properties": {}},
        "rig-named": {"type": "neev:index:Sandbox", "properties": {"name": FIXED, **properties}},
    }


AGENT: Rig = {"rig-agent": {"type": "neev:index:Agent", "properties": {"agentTemplate": "batch-runner"}}}
REGRESSIONS = {
    "an engine killed between two operations leaves its lock": Step(
        "refresh", make_rig(), Kill(Victim.ENGINE, AtRequest(1, "GET", executes_first=False))
    ),
    "a plugin killed in a replacement that had deleted the old resource": Step(
        "up",
        make_rig(image="docker.io/library/node:22"),
        Kill(Victim.PLUGIN, AtRequest(1, "POST", executes_first=True)),
    ),
    "an agent that a killed plugin created is in no state": Step(
        "up", {**make_rig(), **AGENT}, Kill(Victim.PLUGIN, AtRequest(1, "POST", executes_first=True))
    ),
}
"""The kills of stories that failed once, by the defect that they revealed."""


@pytest.mark.engine
def test_an_agent_that_a_killed_provider_created_is_swept(tmp_path: Path, engines: Engines) -> None:
    result, step = StoryResult(), REGRESSIONS["an agent that a killed plugin created is in no state"]
    story = Story(0, "tofu", [step, Step("destroy", step.rig, None)], kill_at_first_delete(Victim.PLUGIN))
    run_story(story, tmp_path, engines, result)
    assert [command for _, command in result.kills] == [step.command]


@pytest.mark.engine
@pytest.mark.parametrize("step", REGRESSIONS.values(), ids=REGRESSIONS.keys())
def test_kills_that_revealed_defects_are_repaired(step: Step, tmp_path: Path, engines: Engines) -> None:
    result = StoryResult()
    steps = [Step("up", make_rig(), None), step, Step("destroy", step.rig, None)]
    run_story(Story(0, "plugin", steps, kill_at_first_delete(Victim.PLUGIN)), tmp_path, engines, result)
    assert [command for _, command in result.kills] == [step.command]


def test_the_stories_kill_each_process_in_each_command_through_each_adapter() -> None:
    kills = {(story.adapter, step.kill.victim, step.command) for story in STORIES for step in story.steps if step.kill}
    by_adapter = {kill for kill in kills if kill[0] in GROUPS[PULUMI]}
    assert by_adapter == set(product(GROUPS[PULUMI], VICTIMS["plugin"], COMMANDS))
    assert {(victim, command) for _, victim, command in kills - by_adapter} == set(product(Victim, COMMANDS))


@pytest.mark.parametrize("story", STORIES, ids=name_story)
def test_a_seed_generates_the_same_story_again(story: Story) -> None:
    assert story in generate_stories(story.seed, ALL)
    assert any(step.kill for step in story.steps)
