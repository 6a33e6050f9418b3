"""Drift of a stack of dynamic resources: a refresh shows it, and the next update corrects it."""

from __future__ import annotations

from contextlib import closing

import pytest
from neevai.runtime import SandboxConnection
from tests.engine.project import PulumiProject, out_of_band_request

from neev_emulator import Emulator

pytestmark = pytest.mark.engine


def make_program(*lines: str) -> str:
    return "\n".join(("import pulumi", "import pulumi_neev as neev", *lines))


def connect_to_sandbox(emulator: Emulator, name: str) -> SandboxConnection:
    """Return a connection to the sandbox with this name."""
    observed = out_of_band_request(emulator, "GET", f"/sandboxes/{name}")
    return SandboxConnection(observed["connect_url"], emulator.api_key, sandbox_id=observed["id"])


def test_drift_is_shown_by_a_refresh_and_corrected_by_the_next_update(project: PulumiProject) -> None:
    emulator = project.emulator
    box = 'neev.Sandbox("box", name="box", cpu=1, paused=False)'
    project.write_python(
        make_program(box, 'neev.Sandbox("other", name="other")', 'neev.Sandbox("third", name="third")')
    )
    project.up()

    out_of_band_request(emulator, "PATCH", "/sandboxes/box", {"resources": {"cpu": 4}})
    out_of_band_request(emulator, "POST", "/sandboxes/box/pause", {})
    out_of_band_request(emulator, "POST", "/sandboxes/third/pause", {})
    out_of_band_request(emulator, "DELETE", "/sandboxes/other")
    emulator.advance(5)
    # without the input `paused`, the pause of third is no drift
    assert project.refresh().changes == {"box": "update", "other": "delete"}
    assert project.state_of("other") is None
    assert project.up().changes == {"box": "update", "other": "create"}
    box_observed, third_observed = (
        out_of_band_request(emulator, "GET", f"/sandboxes/{name}") for name in ("box", "third")
    )
    assert (box_observed["resources"]["cpu"], box_observed["phase"], third_observed["phase"]) == (1, "Ready", "Paused")
    assert project.refresh().changes == {}


def test_a_rollback_restores_the_files_of_the_same_sandbox(project: PulumiProject) -> None:
    emulator = project.emulator
    project.write_python(make_program('box = neev.Sandbox("box", name="box")', 'pulumi.export("phase", box.phase)'))
    project.up()
    with closing(connect_to_sandbox(emulator, "box")) as files:
        files.files.write("note.txt", "before")

    kept = 'kept = neev.Snapshot("kept", sandbox_id=box.id)'
    fork = 'neev.SandboxFork("copy", name="copy", source_sandbox_id=box.id)'
    project.write_python(make_program('box = neev.Sandbox("box", name="box")', kept, fork))
    project.up()
    snapshot, first = project.state_of("kept"), project.state_of("box")
    assert snapshot is not None
    assert first is not None
    with closing(connect_to_sandbox(emulator, "copy")) as files:
        assert files.files.read_text("note.txt") == "before"
    with closing(connect_to_sandbox(emulator, "box")) as files:
        files.files.write("note.txt", "after")

    project.write_python(
        make_program(f'box = neev.Sandbox("box", name="box", rollback_to_snapshot_id="{snapshot["id"]}")', kept, fork)
    )
    assert project.up().changes == {"box": "update"}
    rolled = project.state_of("box")
    assert rolled is not None
    assert rolled["id"] == first["id"]
    with closing(connect_to_sandbox(emulator, "box")) as files:
        assert files.files.read_text("note.txt") == "before"
    project.destroy()
    assert (emulator.state()["sandboxes"], emulator.state()["snapshots"]) == (0, 0)
