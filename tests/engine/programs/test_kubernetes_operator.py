"""The program that the Pulumi Kubernetes Operator runs for each team: up, again, scaled, repaired."""

from __future__ import annotations

import shutil
import sys

import pytest
import yaml
from tests.engine.project import PulumiProject, out_of_band_request
from tests.engine.sdks import ROOT

pytestmark = pytest.mark.engine

EXAMPLE = ROOT / "examples" / "kubernetes-operator"


def test_the_pool_of_a_team_is_created_scaled_and_repaired(project: PulumiProject) -> None:
    emulator = project.emulator
    shutil.copy(EXAMPLE / "__main__.py", project.directory)
    runtime = {"name": "python", "options": {"toolchain": "pip", "virtualenv": sys.prefix}}
    project.write_project({**yaml.safe_load((EXAMPLE / "Pulumi.yaml").read_text()), "runtime": runtime})

    created = project.up("--refresh")
    assert (created.changes, created.warnings) == ({"workers": "create"}, [])
    outputs = project.outputs()
    assert outputs["ready"] == 3
    assert project.up("--refresh").changes == {}
    project.set_config("replicas", "4")
    assert project.up("--refresh").changes == {"workers": "update"}
    assert set(outputs["names"]) < set(project.outputs()["names"])

    out_of_band_request(emulator, "DELETE", f"/sandboxes/{outputs['names'][0]}")
    emulator.advance(60)
    assert project.up("--refresh").changes == {"workers": "update"}
    assert project.outputs()["ready"] == emulator.state()["sandboxes"] == 4
    project.destroy()
    assert emulator.state()["sandboxes"] == 0
