"""`find_created` finds the object of an interrupted create, and no other object."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.resources.conftest import LifecycleDriver

from neev_provider.core import lifecycle
from neev_provider.core.errors import InputError
from neev_provider.core.lifecycle import AnyResource, StoredResource
from neev_provider.resources.agent import AgentResource
from neev_provider.resources.command import CommandResource
from neev_provider.resources.file.file import FileResource
from neev_provider.resources.preview_port import PreviewPortResource
from neev_provider.resources.sandbox.sandbox import SandboxResource
from neev_provider.resources.sandbox.sandbox_fork import SandboxForkResource
from neev_provider.resources.snapshot import SnapshotResource

SANDBOX = SandboxResource()


async def find_created(driver: LifecycleDriver, resource: AnyResource, **inputs: Any) -> StoredResource | None:
    return await lifecycle.find_created(resource.connect(driver.api), inputs)


async def test_a_sandbox_is_found_by_its_name_if_its_inputs_match(driver: LifecycleDriver) -> None:
    created = await driver.create(SANDBOX, name="box", cpu=1, paused=False)
    driver.emulator.clear_log()
    again = await find_created(driver, SANDBOX, name="box", cpu=1, paused=False)
    assert again is not None
    assert (again.id, again.state["phase"]) == (created.id, "Ready")
    assert driver.take_requests() == []
    assert await find_created(driver, SANDBOX, name="box", cpu=2) is None
    assert await find_created(driver, SANDBOX, name="another") is None


async def test_a_fork_is_found_by_its_name(driver: LifecycleDriver) -> None:
    source = await driver.create(SANDBOX, name="source")
    created = await driver.create(SandboxForkResource(), name="twin", sourceSandboxId=source.id)
    again = await find_created(driver, SandboxForkResource(), name="twin", sourceSandboxId=source.id)
    assert again is not None
    assert again.id == created.id
    assert await find_created(driver, SandboxForkResource(), name="other", sourceSandboxId=source.id) is None


async def test_a_snapshot_is_found_by_its_name_if_the_name_is_unique(driver: LifecycleDriver) -> None:
    source = await driver.create(SANDBOX, name="source")
    created = await driver.create(SnapshotResource(), sandboxId=source.id, name="base")
    again = await find_created(driver, SnapshotResource(), sandboxId=source.id, name="base")
    assert again is not None
    assert again.id == created.id
    assert await find_created(driver, SnapshotResource(), sandboxId=source.id, name="other") is None
    assert await find_created(driver, SnapshotResource(), sandboxId="no-such-sandbox", name="base") is None
    await driver.create(SnapshotResource(), sandboxId=source.id, name="base")
    assert await find_created(driver, SnapshotResource(), sandboxId=source.id, name="base") is None


async def test_an_agent_is_found_by_its_name_if_its_inputs_match(driver: LifecycleDriver) -> None:
    created = await driver.create(AgentResource(), name="helper", agentTemplate="claude-code", idleTimeoutSeconds=60)
    again = await find_created(
        driver, AgentResource(), name="helper", agentTemplate="claude-code", idleTimeoutSeconds=60
    )
    assert again is not None
    assert again.id == created.id
    assert (
        await find_created(driver, AgentResource(), name="helper", agentTemplate="claude-code", idleTimeoutSeconds=61)
        is None
    )
    assert await find_created(driver, AgentResource(), name="other", agentTemplate="claude-code") is None


async def test_a_preview_port_is_found_if_its_slug_matches(driver: LifecycleDriver) -> None:
    source = await driver.create(SANDBOX, name="source")
    assert await find_created(driver, PreviewPortResource(), sandboxId=source.id, port=80) is None
    created = await driver.create(PreviewPortResource(), sandboxId=source.id, port=80)
    again = await find_created(driver, PreviewPortResource(), sandboxId=source.id, port=80)
    assert again is not None
    assert again.state == created.state
    assert await find_created(driver, PreviewPortResource(), sandboxId=source.id, port=80, slug="zzzzzzzz") is None


async def test_a_file_is_found_if_its_content_matches(driver: LifecycleDriver) -> None:
    source = await driver.create(SANDBOX, name="source")
    created = await driver.create(FileResource(), sandboxId=source.id, path="notes", content="one")
    again = await find_created(driver, FileResource(), sandboxId=source.id, path="notes", content="one")
    assert again is not None
    assert (again.id, again.state) == (created.id, created.state)
    assert await find_created(driver, FileResource(), sandboxId=source.id, path="notes", content="two") is None
    assert await find_created(driver, FileResource(), sandboxId=source.id, path="nowhere", content="one") is None
    assert await find_created(driver, FileResource(), sandboxId="no-such-sandbox", path="notes", content="one") is None


async def test_a_file_in_a_paused_sandbox_is_not_found(driver: LifecycleDriver) -> None:
    source = await driver.create(SANDBOX, name="source")
    await driver.create(FileResource(), sandboxId=source.id, path="notes", content="one")
    await driver.update(SANDBOX, source, name="source", paused=True)
    assert await find_created(driver, FileResource(), sandboxId=source.id, path="notes", content="one") is None


async def test_a_command_is_never_found(driver: LifecycleDriver) -> None:
    assert await find_created(driver, CommandResource(), sandboxId="any", create=["true"]) is None


@pytest.mark.parametrize("inputs", [{"name": 5}, {"cpu": "many", "name": "box"}])
async def test_invalid_inputs_are_an_error(driver: LifecycleDriver, inputs: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="import the resource anew"):
        await find_created(driver, SANDBOX, **inputs)
