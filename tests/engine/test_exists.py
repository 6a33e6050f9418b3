"""A program checks whether a resource exists: engines from 3.273 on read it, and create nothing."""

from __future__ import annotations

import pytest
from tests.engine.project import PulumiProject, out_of_band_request
from tools.engine.engine import parse_version

pytestmark = pytest.mark.engine

PROGRAM = """
import pulumi

config = pulumi.Config()
for name in ("existing", "deleted"):
    options = pulumi.ResourceOptions()
    exists = pulumi.runtime.exists_resource(None, "neev:index:Sandbox", config.require(name), {}, options)
    pulumi.export(name, exists)
"""


def test_a_sandbox_exists_until_it_is_deleted(project: PulumiProject) -> None:
    if parse_version(project.run_pulumi("version").stdout) < (3, 273, 0):
        pytest.skip("this engine does not support the check")
    emulator = project.emulator
    project.write_python(PROGRAM)
    for name in ("existing", "deleted"):
        box = out_of_band_request(emulator, "POST", "/sandboxes", {"name": name})
        project.set_config(name, box["id"])
    out_of_band_request(emulator, "DELETE", f"/sandboxes/{box['id']}")
    emulator.clear_log()

    assert project.up().changes == {}
    assert project.outputs() == {"existing": True, "deleted": False}
    counts = emulator.counts()
    assert counts.pop("GET /sandboxes/{id}") == 2
    # one more request verifies that the project exists, unless the read of the existing sandbox was first
    assert counts in ({}, {"GET /sandboxes": 1})
