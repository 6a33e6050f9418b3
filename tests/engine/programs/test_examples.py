"""The same scenario in every language: up, again without changes, refresh, update, replace, import, destroy."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from tests.engine.example_sdks import (
    use_dynamic_resources,
    use_go_sdk,
    use_node_sdk,
    use_python_sdk,
    use_unchanged,
)
from tests.engine.project import PulumiProject, out_of_band_request
from tests.engine.sdks import ROOT

pytestmark = pytest.mark.engine


@pytest.mark.parametrize(
    ("example", "prepare"),
    [
        ("python-dynamic", use_dynamic_resources),
        ("python", use_python_sdk),
        ("typescript", use_node_sdk),
        ("go", use_go_sdk),
        ("yaml", use_unchanged),
    ],
)
def test_an_example_is_created_updated_replaced_imported_and_destroyed(
    project: PulumiProject, example: str, prepare: Callable[[PulumiProject], dict[str, Any]]
) -> None:
    source = ROOT / "examples" / example
    ignored = shutil.ignore_patterns("Pulumi.yaml", "Pulumi.*.yaml", "node_modules", "venv", "bin")
    shutil.copytree(source, project.directory, ignore=ignored, dirs_exist_ok=True)
    project.write_project({**yaml.safe_load((source / "Pulumi.yaml").read_text()), **prepare(project)})
    emulator = project.emulator

    created = project.up()
    assert created.changes == {"agent": "create", "baseline": "create", "experiment": "create"}
    assert created.warnings == []
    outputs = project.outputs()
    assert (outputs["phase"], outputs["snapshot"]) == ("Ready", "Ready")
    assert outputs["name"].startswith("agent-")
    assert outputs["fork"].startswith("experiment-")

    emulator.clear_log()
    again = project.up()
    assert (again.changes, again.warnings) == ({}, [])
    assert project.refresh().changes == {}
    assert emulator.mutating_requests == []

    project.set_config("paused", "true")
    assert project.up().changes == {"agent": "update"}
    assert project.outputs() == {**outputs, "phase": "Paused"}
    assert [entry["path"].rpartition("/")[2] for entry in emulator.mutating_requests] == ["pause"]

    project.set_config("paused", "false")
    project.set_config("template", "python-3-13")
    assert project.up().changes == {"agent": "replace", "baseline": "replace", "experiment": "replace"}
    assert project.outputs()["name"] != outputs["name"]
    assert emulator.state()["sandboxes"] == 2

    if example != "python-dynamic":  # a dynamic resource cannot be imported
        found = out_of_band_request(emulator, "POST", "/sandboxes", {"name": "found"})
        project.import_("neev:index:Sandbox", "found", found["id"], "--generate-code=false")
        imported = project.state_of("found")
        assert imported is not None
        assert imported["inputs"]["name"] == "found"

    project.destroy()
    assert (emulator.state()["sandboxes"], emulator.state()["snapshots"]) == (0, 0)
