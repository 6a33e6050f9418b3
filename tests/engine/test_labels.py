"""Labels through the engine: the owner of each sandbox is the resource's URN, in both adapters."""

from __future__ import annotations

import pytest
from tests.engine.project import PulumiProject, out_of_band_request

from neev_provider.adapters.pulumi.ownership import owner_of_urn

pytestmark = pytest.mark.engine

DYNAMIC_PROGRAM = """
import pulumi
import pulumi_neev as neev


class Group(pulumi.ComponentResource):
    def __init__(self) -> None:
        super().__init__("my:component:Group", "group")
        neev.Sandbox("nested", labels={"team": "search"}, opts=pulumi.ResourceOptions(parent=self))


Group()
neev.Sandbox("alone", labels={"team": "search"})
"""
PLUGIN_PROGRAM = {
    name: {"type": "neev:index:Sandbox", "properties": {"labels": {"team": "search"}}} for name in ("nested", "alone")
}


def write_program(project: PulumiProject, adapter: str) -> None:
    if adapter == "dynamic":
        project.write_python(DYNAMIC_PROGRAM)
    else:
        project.write_project({"name": "story", "runtime": "yaml", "resources": PLUGIN_PROGRAM})


@pytest.mark.parametrize("adapter", ["plugin", "dynamic"])
def test_a_sandbox_has_owner_labels_and_changed_default_labels_cause_no_diff(
    project: PulumiProject, adapter: str
) -> None:
    write_program(project, adapter)
    project.up()
    for name in ("nested", "alone"):
        state = project.state_of(name)
        assert state is not None
        owner = owner_of_urn(state["urn"])
        assert owner is not None
        sandbox = out_of_band_request(project.emulator, "GET", f"/sandboxes/{state['id']}")
        assert sandbox["labels"] == {"team": "search", **owner.to_labels()}
    changed = {"NEEV_DEFAULT_LABELS": "cost-center=7"}
    plan = project.run_pulumi("preview", "--diff", "--expect-no-changes", env=changed)
    assert plan.returncode == 0, plan.text
    assert plan.text.count("holds for new ones only (cost-center differs)") == 1, plan.text
    project.destroy()
