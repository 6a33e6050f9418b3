"""What happens outside of a stack of dynamic resources shows after a refresh, and is put right by the next update."""

from __future__ import annotations

from contextlib import closing

import pytest
from neevai.runtime import SandboxConnection
from tests.engine.project import Pulumi, outside

from neev_emulator import Emulator

pytestmark = pytest.mark.engine


def program(*lines: str) -> str:
    return "\n".join(("import pulumi", "import pulumi_neev as neev", *lines))


def inside(emulator: Emulator, name: str) -> SandboxConnection:
    """The files of the sandbox with this name."""
    seen = outside(emulator, "GET", f"/sandboxes/{name}")
    return SandboxConnection(seen["connect_url"], emulator.api_key, sandbox_id=seen["id"])


def test_what_changes_outside_shows_after_a_refresh_and_is_put_right(project: Pulumi) -> None:
    emulator = project.emulator
    box = 'neev.Sandbox("box", name="box", cpu=1, paused=False)'
    project.python(program(box, 'neev.Sandbox("other", name="other")', 'neev.Sandbox("third", name="third")'))
    project.up()

    outside(emulator, "PATCH", "/sandboxes/box", {"resources": {"cpu": 4}})
    outside(emulator, "POST", "/sandboxes/box/pause", {})
    outside(emulator, "POST", "/sandboxes/third/pause", {})
    outside(emulator, "DELETE", "/sandboxes/other")
    emulator.advance(5)
    # of third the program says nothing, so its pause is its users' business
    assert project.refresh().changes == {"box": "update", "other": "delete"}
    assert project.state_of("other") is None
    assert project.up().changes == {"box": "update", "other": "create"}
    box_seen, third_seen = (outside(emulator, "GET", f"/sandboxes/{name}") for name in ("box", "third"))
    assert (box_seen["resources"]["cpu"], box_seen["phase"], third_seen["phase"]) == (1, "Ready", "Paused")
    assert project.refresh().changes == {}


def test_rolling_back_puts_the_files_back_in_place(project: Pulumi) -> None:
    emulator = project.emulator
    project.python(program('box = neev.Sandbox("box", name="box")', 'pulumi.export("phase", box.phase)'))
    project.up()
    with closing(inside(emulator, "box")) as files:
        files.files.write("note.txt", "before")

    kept = 'kept = neev.Snapshot("kept", sandbox_id=box.id)'
    fork = 'neev.SandboxFork("copy", name="copy", source_sandbox_id=box.id)'
    project.python(program('box = neev.Sandbox("box", name="box")', kept, fork))
    project.up()
    snapshot, first = project.state_of("kept"), project.state_of("box")
    assert snapshot is not None
    assert first is not None
    with closing(inside(emulator, "copy")) as files:
        assert files.files.read_text("note.txt") == "before"
    with closing(inside(emulator, "box")) as files:
        files.files.write("note.txt", "after")

    project.python(program(f'box = neev.Sandbox("box", name="box", rollback_to="{snapshot["id"]}")', kept, fork))
    assert project.up().changes == {"box": "update"}
    rolled = project.state_of("box")
    assert rolled is not None
    assert rolled["id"] == first["id"]
    with closing(inside(emulator, "box")) as files:
        assert files.files.read_text("note.txt") == "before"
    project.destroy()
    assert (emulator.state()["sandboxes"], emulator.state()["snapshots"]) == (0, 0)
