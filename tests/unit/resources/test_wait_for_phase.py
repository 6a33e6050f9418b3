"""Waits that fail: the object is deleted, or its phase is a failure."""

from __future__ import annotations

from typing import Any

import pytest
from tests.fakes.scripted_transport import ScriptedTransport, json_response
from tests.unit.resources.conftest import LifecycleDriver

from neev_provider.client import Settings, connect
from neev_provider.core import lifecycle
from neev_provider.core.errors import OperationFailed
from neev_provider.core.lifecycle import AnyResource, ResourceInitFailed
from neev_provider.resources.agent import AgentResource
from neev_provider.resources.sandbox.sandbox import SandboxResource
from neev_provider.resources.snapshot import SnapshotResource

AGENT, SANDBOX, SNAPSHOT = AgentResource(), SandboxResource(), SnapshotResource()


@pytest.mark.parametrize(
    ("resource", "inputs"),
    [
        (SANDBOX, {"name": "box"}),
        (AGENT, {"name": "coder", "agentTemplate": "claude-code"}),
        (SNAPSHOT, {"name": "photo"}),
    ],
    ids=["sandbox", "agent", "snapshot"],
)
async def test_a_wait_fails_if_the_object_is_deleted(
    driver: LifecycleDriver, resource: AnyResource, inputs: dict[str, Any]
) -> None:
    """The state keeps its id for the next refresh."""
    source = await driver.create(SANDBOX, name="source")
    driver.emulator.change_settings(durations={"create": 3600, "snapshot": 3600})
    arguments = {**inputs, "sandboxId": source.id} if resource is SNAPSHOT else inputs
    begun = await lifecycle.start_create(resource.connect(driver.api), arguments, driver.new_context())
    await resource.connect(driver.api).delete(begun.id, driver.new_context())
    with pytest.raises(ResourceInitFailed, match="it no longer exists: it") as caught:
        await lifecycle.finish_create(resource.connect(driver.api), begun, driver.new_context())
    assert isinstance(caught.value.__cause__, OperationFailed)
    assert caught.value.stored.id == begun.id


async def test_a_sandbox_that_cannot_be_restored_is_an_error(driver: LifecycleDriver) -> None:
    """The phase is final."""
    driver.emulator.inject("failed_phase", method="POST", path="/sandboxes")
    with pytest.raises(ResourceInitFailed, match=r"could not restore the snapshot \(phase RestoreFailed\)"):
        await driver.create(SANDBOX, name="box")


async def test_the_problem_of_a_failed_agent_has_the_reason_of_the_api() -> None:
    """It is the reason of the last crash, if there is one."""
    output = ("sandbox_id", "agent_template_id", "drive_mode", "metrics_url", "org_id", "project_id", "created_at")
    observed = {**dict.fromkeys(output, "x"), "id": "a-1", "name": "coder", "status": "Failed"}
    crashed = json_response(json={**observed, "last_crash": {"reason": "out of memory"}})
    inputs = {"name": "coder", "agentTemplate": "claude-code"}
    async with connect(
        Settings("http://127.0.0.1:1", "key", "org", "project"), transport=ScriptedTransport(crashed)
    ) as api:
        stored = await lifecycle.read(AGENT.connect(api), "a-1", inputs, inputs)
    assert stored is not None
    assert stored.problem == "the agent failed: out of memory"
