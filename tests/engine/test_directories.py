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


def declare_stack(**directory: Any) -> dict[str, Any]:
    """Return a sandbox with a directory, a file, and a command that reads both."""
    session = {"sandboxId": "${box.id}"}
    return {
        "box": {"type": "neev:index:Sandbox"},
        "app": {"type": "neev:index:Directory", "properties": {**session, "path": "app", **directory}},
        "note": {
            "type": "neev:index:File",
            "properties": {**session, "path": "note", "source": {"fn::fileAsset": "./app/a"}},
        },
        "reader": {
            "type": "neev:index:Command",
            "properties": {
                **session,
                "create": ["sh", "-c", "cat app/* note"],
                "triggers": ["${app.sha256}", "${note.sha256}"],
            },
        },
    }


OUTPUTS = {"output": "${reader.stdout}"}
OUTSIDE_CHANGE = {"sandboxId": "${box.id}", "create": ["sh", "-c", "echo theirs > app/b; touch app/other"]}


def test_a_directory_uploads_only_changed_files_and_deletes_only_its_own_files(project: PulumiProject) -> None:
    emulator, folder = project.emulator, project.directory / "app"
    write_files(folder, a="1", b="2", c="3")
    program = declare_stack(source={"fn::fileArchive": "./app"})
    project.write_yaml(program, outputs=OUTPUTS)
    project.up()
    assert project.outputs() == {"output": "1231"}
    assert count_writes(emulator) == 4
    assert project.up().changes == {}
    assert project.refresh().changes == {}
    write_files(folder, a="1")
    assert project.up("--refresh").changes == {}
    assert count_writes(emulator) == 0

    write_files(folder, b="two")
    (folder / "c").unlink()
    shown = project.preview()
    assert shown.changes == {"app": "update", "reader": "replace"}
    assert shown.diff("app") == {
        "source": "update",
        "sha256": "update",
        "files.b": "update",
        "files.c": "delete",
    }
    assert project.up().changes == {"app": "update", "reader": "replace"}
    assert project.outputs() == {"output": "1two1"}
    assert count_writes(emulator) == 1

    drifted = {**program, "drift": {"type": "neev:index:Command", "properties": OUTSIDE_CHANGE}}
    project.write_yaml(drifted, outputs=OUTPUTS)
    project.up()
    assert project.up("--refresh").changes == {"app": "update"}
    assert count_writes(emulator) == 1
    state = project.state_of("app")
    assert state is not None
    assert sorted(state["outputs"]["files"]) == ["a", "b"]
    assert "source" not in state["outputs"]

    without = {name: value for name, value in drifted.items() if name not in ("app", "reader")}
    left = {"sandboxId": "${box.id}", "create": ["sh", "-c", "ls app"], "triggers": [1]}
    project.write_yaml(without)
    assert project.up().changes == {"app": "delete", "reader": "delete"}
    project.write_yaml(
        {**without, "left": {"type": "neev:index:Command", "properties": left}}, outputs={"output": "${left.stdout}"}
    )
    project.up()
    assert project.outputs() == {"output": "other\n"}
    write_files(folder, a="again")
    assert project.up().changes == {"note": "update"}
    project.destroy()
    assert emulator.state()["sandboxes"] == 0


def test_a_symbolic_link_out_of_the_source_is_an_error_unless_it_is_excluded(project: PulumiProject) -> None:
    folder = project.directory / "app"
    write_files(folder, a="1")
    (folder / "link").symlink_to("/etc/hostname")
    project.write_yaml(declare_stack(sourcePath="./app"))
    failed = project.run_pulumi("preview")
    assert failed.returncode != 0
    assert "link is a symbolic link that leads out of the folder" in failed.text
    project.write_yaml(declare_stack(sourcePath="./app", exclude=["link"]), outputs=OUTPUTS)
    assert project.up().changes == dict.fromkeys(("box", "note", "app", "reader"), "create")
    assert project.outputs() == {"output": "11"}
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
reader = neev.Command("reader", sandbox_id=box.id, create=["sh", "-c", "cat app/a app/more/* app/text note"],
    triggers=[app.sha256, note.sha256])
pulumi.export("output", reader.stdout)
"""


def test_a_dynamic_directory_uploads_only_changed_assets(project: PulumiProject) -> None:
    emulator, folder = project.emulator, project.directory / "app"
    project.write_python(PROGRAM)
    write_files(folder, a="1", b="2")
    project.up()
    assert project.outputs() == {"output": "112texta note"}
    assert count_writes(emulator) == 5
    assert project.up().changes == {}
    project.refresh()
    assert project.up().changes == {}
    write_files(folder, b="two")
    shown = project.run_pulumi("preview", "--diff").text
    assert re.search(r'~ sha256 *: "\w+" => "\w+"', shown), shown
    assert project.up().changes == {"app": "update", "reader": "replace"}
    assert project.outputs() == {"output": "11twotexta note"}
    assert count_writes(emulator) == 1
    project.destroy()
    assert emulator.state()["sandboxes"] == 0
