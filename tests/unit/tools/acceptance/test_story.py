"""The story has every resource and function of the provider."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
from tools.acceptance.story import LEFT_OUT_FUNCTIONS, SOURCE_TREES, Command, Story, write_source_trees
from tools.programs import to_configuration, to_yaml

from neev_provider.functions import FUNCTIONS
from neev_provider.resources import RESOURCES

PREFIX = "acc-1a2b3c-plugin"


@pytest.fixture
def story() -> Story:
    """Return the story with a prefix."""
    return Story(PREFIX)


def test_the_story_has_every_resource_type(story: Story) -> None:
    types = {declared["type"].rpartition(":")[2] for declared in story.first_program().values()}
    assert types == {resource.name for resource in RESOURCES}


def test_the_story_has_every_function_or_a_reason_for_its_absence(story: Story) -> None:
    program = story.last_program(lambda name: name)
    called = {declared["function"] for declared in program.values() if "function" in declared}
    assert called | LEFT_OUT_FUNCTIONS.keys() == {function.name for function in FUNCTIONS}
    assert not called & LEFT_OUT_FUNCTIONS.keys()


def test_the_story_begins_with_a_preview_and_ends_with_a_destroy(story: Story) -> None:
    commands = [step.command for step in story.steps]
    assert commands[0] is Command.PREVIEW
    assert commands[-1] is Command.DESTROY
    # nothing changes if the same program is played again
    assert (Command.UPDATE, Command.CHECK) in pairwise(commands)


def test_all_names_have_the_prefix_and_at_most_40_characters(story: Story) -> None:
    program = story.first_program().values()
    names = [declared["properties"]["name"] for declared in program if "name" in declared["properties"]]
    assert len(names) == 6
    assert all(name.startswith(PREFIX) and len(name) <= 40 for name in names)


def test_the_fork_is_rolled_back_to_the_id_of_its_snapshot(story: Story) -> None:
    program = story.last_program({f"{PREFIX}-snap": "the id"}.__getitem__)
    assert program["fork"]["properties"]["rollbackToSnapshotId"] == "the id"


def test_every_adapter_has_a_form_of_every_program(story: Story) -> None:
    for step in story.steps:
        program = step.program(lambda name: name)
        yaml, configuration = to_yaml(program), to_configuration(program)
        assert len(yaml["resources"]) + len(yaml.get("variables", {})) == len(program)
        kinds = ("resource", "data", "ephemeral")
        assert sum(len(items) for kind in kinds for items in configuration.get(kind, {}).values()) == len(program)
    assert configuration["ephemeral"]["neev_connect_token"]["call-getConnectToken"] == {
        "sandbox_id": "${neev_sandbox.box.id}"
    }
    assert yaml["variables"]["call-getSandbox"] == {
        "fn::invoke": {"function": "neev:index:getSandbox", "arguments": {"id": "${box.id}"}}
    }


def test_every_secret_of_the_programs_is_listed(story: Story) -> None:
    text = json.dumps(story.changed_program())
    assert len(story.secrets) == 2
    assert all(secret in text for secret in story.secrets)


def test_the_source_trees_are_written(tmp_path: Path) -> None:
    write_source_trees(tmp_path)
    assert {item.name for item in tmp_path.iterdir()} == SOURCE_TREES.keys()
    assert (tmp_path / "tree" / "below" / "b.txt").read_text() == "b\n"
