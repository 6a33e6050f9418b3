"""Golden images on the real engine: through the plugin and through dynamic resources."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.engine.project import PulumiProject

from neev_emulator.testing import Emulator

pytestmark = pytest.mark.engine

SECRET = "hunter2-of-the-registry"


def count_creates(emulator: Emulator) -> int:
    """Return how many sandboxes were created since the last call."""
    number = emulator.counts().get("POST /sandboxes", 0)
    emulator.clear_log()
    return number


def count_remaining(emulator: Emulator) -> list[int]:
    return [emulator.state()[kind] for kind in ("sandboxes", "snapshots")]


def declare_sandbox() -> dict[str, Any]:
    return {"type": "neev:index:Sandbox", "properties": {"snapshotId": "${image.snapshotId}"}}


def declare_stack(*more: dict[str, Any], **image: Any) -> dict[str, Any]:
    """Return an image of two files, a sandbox that follows it, and one that does not."""
    steps = [
        {"path": "a", "source": {"fn::fileAsset": "./a"}},
        {"path": "app", "source": {"fn::fileArchive": "./app"}},
        {"run": ["sh", "-c", "echo building with $TOKEN; cat a app/* > out"]},
        *more,
    ]
    reader = {"sandboxId": "${follows.id}", "create": ["cat", "out"]}
    return {
        "image": {
            "type": "neev:index:GoldenImage",
            "properties": {"steps": steps, "env": {"TOKEN": SECRET}, "historyLimit": 1, **image},
        },
        "follows": declare_sandbox(),
        "pinned": {**declare_sandbox(), "options": {"ignoreChanges": ["snapshotId"]}},
        "reader": {"type": "neev:index:Command", "properties": reader},
    }


OUTPUTS = {"output": "${reader.stdout}", "snapshotId": "${image.snapshotId}"}


FOLLOW_CHANGES = {"image": "update", "follows": "replace", "reader": "replace"}


def write_source_files(project: PulumiProject) -> None:
    """Write the files that the image's steps use."""
    (project.directory / "app").mkdir()
    (project.directory / "app" / "b").write_text("B")
    (project.directory / "a").write_text("1")


def test_a_changed_file_builds_the_image_once(project: PulumiProject) -> None:
    emulator = project.emulator
    write_source_files(project)
    project.write_yaml(declare_stack(), outputs=OUTPUTS)
    first = project.run_pulumi("up", "--yes", "--skip-preview")
    assert first.returncode == 0, first.text
    assert "building with [secret]" in first.text
    assert project.outputs()["output"] == "1B"
    assert count_creates(emulator) == 3
    assert project.up().changes == {}
    assert project.refresh().changes == {}
    (project.directory / "a").touch()
    assert project.up("--refresh").changes == {}
    assert count_creates(emulator) == 0

    (project.directory / "a").write_text("2")
    shown = project.preview()
    assert shown.changes == FOLLOW_CHANGES
    assert shown.diff("image") == {"steps[0]": "update", "recipeDigest": "update"}
    assert count_creates(emulator) == 0
    assert project.up().changes == FOLLOW_CHANGES
    assert project.outputs()["output"] == "2B"
    assert count_creates(emulator) == 2
    assert count_remaining(emulator) == [4, 2]
    assert project.up().changes == {}
    assert count_creates(emulator) == 0

    (project.directory / "a").write_text("3")
    assert project.up().changes == FOLLOW_CHANGES
    assert count_remaining(emulator) == [4, 2]
    state = project.state_of("image")
    assert state is not None
    assert len(state["outputs"]["images"]) == 2
    assert "steps" not in state["outputs"]
    assert SECRET not in json.dumps(project.export())
    project.destroy()
    emulator.advance(5)
    assert count_remaining(emulator) == [0, 0]


def test_a_failed_step_is_reported_and_keeps_the_previous_image(project: PulumiProject) -> None:
    emulator = project.emulator
    write_source_files(project)
    project.write_yaml(declare_stack(), outputs=OUTPUTS)
    project.up()
    count_creates(emulator)
    good = project.outputs()["snapshotId"]
    project.write_yaml(declare_stack({"run": ["sh", "-c", "echo the reason >&2; exit 7"]}), outputs=OUTPUTS)
    failed = project.run_pulumi("up", "--yes", "--skip-preview")
    assert failed.returncode != 0
    assert "step 4 of 4 (sh -c echo the reason >&2; exit 7): it ended with exit code 7." in failed.text
    assert "the reason" in failed.text
    state = project.state_of("image")
    assert state is not None
    assert state["outputs"]["snapshotId"] == good
    assert count_creates(emulator) == 1
    project.write_yaml(declare_stack(), outputs=OUTPUTS)
    project.up()
    assert count_creates(emulator) == 0

    project.destroy()
    emulator.advance(5)
    assert count_remaining(emulator) == [0, 0]


PROGRAM = """
import pulumi
import pulumi_neev as neev

image = neev.GoldenImage("image", steps=[
    {"path": "a", "source": pulumi.FileAsset("./a")},
    neev.BuildStep(path="app", source_path="./app"),
    {"run": ["sh", "-c", "cat a app/* > out"], "timeout_seconds": 60},
])
follows = neev.Sandbox("follows", snapshot_id=image.snapshot_id)
options = pulumi.ResourceOptions(ignore_changes=["snapshotId"])
pinned = neev.Sandbox("pinned", snapshot_id=image.snapshot_id, opts=options)
reader = neev.Command("reader", sandbox_id=follows.id, create=["cat", "out"])
pulumi.export("output", reader.stdout)
pulumi.export("newest", image.images.apply(lambda images: images[0].snapshot_id))
pulumi.export("snapshotId", image.snapshot_id)
"""


def test_a_changed_file_builds_the_dynamic_image_once(project: PulumiProject) -> None:
    emulator = project.emulator
    project.write_python(PROGRAM)
    write_source_files(project)
    project.up()
    outputs = project.outputs()
    assert outputs["output"] == "1B"
    assert outputs["newest"] == outputs["snapshotId"]
    assert count_creates(emulator) == 3
    assert project.up().changes == {}
    project.refresh()
    assert project.up().changes == {}
    (project.directory / "app" / "b").write_text("C")
    assert project.up().changes == {"image": "update", "follows": "replace", "reader": "replace"}
    assert project.outputs()["output"] == "1C"
    assert count_creates(emulator) == 2
    project.destroy()
    emulator.advance(5)
    assert count_remaining(emulator) == [0, 0]
