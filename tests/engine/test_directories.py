"""Directories and assets on the real engine: through the plugin and through dynamic resources."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from tests.engine.project import PulumiProject

from neev_emulator.testing import Emulator

pytestmark = pytest.mark.engine


def count_writes(emulator: Emulator) -> int:
    """Return how many files were written since the last call."""
    number = emulator.counts().get("POST /v1/files/uploads", 0)
    emulator.clear_log()
    return number


def write_files(folder: Path, **files: str) -> None:
    """Write these files into the folder, besides the existing ones."""
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)


def stack_program(**directory: Any) -> dict[str, Any]:
    """Return a sandbox with a directory, a file, and a command that reads both."""
    session = {"sandboxId": "${box.id}"}
    return {
        "box": {"type": "neev:index:Sandbox"},
        "app": {"type": "neev:index:Directory", "properties": {**session, "path": "app", **directory}},
        "note": {
            "type": "neev:index:File",
            "properties": {**session, "path": "note", "source": {"fn::fileAsset": "./app/a"}},
        },
        "look": {
            "type": "neev:index:Command",
            "properties": {
                **session,
                "create": ["sh", "-c", "cat app/* note"],
                "triggers": ["${app.sha256}", "${note.sha256}"],
            },
        },
    }


OUTPUTS = {"said": "${look.stdout}"}
OUTSIDE_CHANGE = {"sandboxId": "${box.id}", "create": ["sh", "-c", "echo theirs > app/b; touch app/other"]}


def test_a_directory_follows_its_folder_file_by_file_and_goes(project: PulumiProject) -> None:
    emulator, folder = project.emulator, project.directory / "app"
    write_files(folder, a="1", b="2", c="3")
    program = stack_program(source={"fn::fileArchive": "./app"})
    project.write_yaml(program, outputs=OUTPUTS)
    project.up()
    assert project.outputs() == {"said": "1231"}
    assert count_writes(emulator) == 4
    assert project.up().changes == {}
    assert project.refresh().changes == {}
    write_files(folder, a="1")
    assert project.up("--refresh").changes == {}
    assert count_writes(emulator) == 0

    write_files(folder, b="two")
    (folder / "c").unlink()
    shown = project.preview()
    assert shown.changes == {"app": "update", "look": "replace"}
    assert shown.diff("app") == {
        "source": "update",
        "sha256": "update",
        "files.b": "update",
        "files.c": "delete",
    }
    assert project.up().changes == {"app": "update", "look": "replace"}
    assert project.outputs() == {"said": "1two1"}
    assert count_writes(emulator) == 1

    meddled = {**program, "meddle": {"type": "neev:index:Command", "properties": OUTSIDE_CHANGE}}
    project.write_yaml(meddled, outputs=OUTPUTS)
    project.up()
    assert project.up("--refresh").changes == {"app": "update"}
    assert count_writes(emulator) == 1
    state = project.state_of("app")
    assert state is not None
    assert sorted(state["outputs"]["files"]) == ["a", "b"]
    assert "source" not in state["outputs"]

    without = {name: value for name, value in meddled.items() if name not in ("app", "look")}
    left = {"sandboxId": "${box.id}", "create": ["sh", "-c", "ls app"], "triggers": [1]}
    project.write_yaml(without)
    assert project.up().changes == {"app": "delete", "look": "delete"}
    project.write_yaml(
        {**without, "left": {"type": "neev:index:Command", "properties": left}}, outputs={"said": "${left.stdout}"}
    )
    project.up()
    assert project.outputs() == {"said": "other\n"}
    write_files(folder, a="again")
    assert project.up().changes == {"note": "update"}
    project.destroy()
    assert emulator.state()["sandboxes"] == 0


def test_what_a_source_may_not_hold_is_said_and_can_be_left_out(project: PulumiProject) -> None:
    folder = project.directory / "app"
    write_files(folder, a="1")
    (folder / "link").symlink_to("/etc/hostname")
    project.write_yaml(stack_program(sourcePath="./app"))
    failed = project.run_pulumi("preview")
    assert failed.returncode != 0
    assert "link is a symbolic link that leads out of the folder" in failed.text
    project.write_yaml(stack_program(sourcePath="./app", exclude=["link"]), outputs=OUTPUTS)
    assert project.up().changes == dict.fromkeys(("box", "note", "app", "look"), "create")
    assert project.outputs() == {"said": "11"}
    project.destroy()


PROGRAM = """
import pulumi
import pulumi_neev as neev

box = neev.Sandbox("box")
app = neev.Directory("app", sandbox_id=box.id, path="app", source=pulumi.AssetArchive({
    "a": pulumi.FileAsset("./app/a"),
    "more": pulumi.FileArchive("./app"),
    "text": pulumi.StringAsset("text"),
}))
note = neev.File("note", sandbox_id=box.id, path="note", source=pulumi.StringAsset("a note"))
look = neev.Command("look", sandbox_id=box.id, create=["sh", "-c", "cat app/a app/more/* app/text note"],
    triggers=[app.sha256, note.sha256])
pulumi.export("said", look.stdout)
"""


def test_a_dynamic_directory_follows_its_assets(project: PulumiProject) -> None:
    emulator, folder = project.emulator, project.directory / "app"
    project.write_python(PROGRAM)
    write_files(folder, a="1", b="2")
    project.up()
    assert project.outputs() == {"said": "112texta note"}
    assert count_writes(emulator) == 5
    assert project.up().changes == {}
    project.refresh()
    assert project.up().changes == {}
    write_files(folder, b="two")
    shown = project.run_pulumi("preview", "--diff").text
    assert re.search(r'~ sha256 *: "\w+" => "\w+"', shown), shown
    assert project.up().changes == {"app": "update", "look": "replace"}
    assert project.outputs() == {"said": "11twotexta note"}
    assert count_writes(emulator) == 1
    project.destroy()
    assert emulator.state()["sandboxes"] == 0
