"""Snapshots on a platform."""

import asyncio

import pytest
from tests.fakes.lifecycle import create_and_finish
from tests.fakes.scripted_transport import ScriptedTransport, json_response
from tests.unit.resources.conftest import LifecycleDriver

from neev_provider.client import Settings, connect
from neev_provider.core import lifecycle
from neev_provider.core.clock import SYSTEM_CLOCK
from neev_provider.core.lifecycle import ResourceInitFailed
from neev_provider.core.resource import OperationContext
from neev_provider.core.wait import Deadline
from neev_provider.resources.sandbox.sandbox import SandboxResource
from neev_provider.resources.snapshot import SnapshotResource

SANDBOX, SNAPSHOT = SandboxResource(), SnapshotResource()


async def test_a_snapshot_is_ready_when_it_is_made(driver: LifecycleDriver) -> None:
    """With its size and the time it is kept."""
    source = await driver.create(SANDBOX, name="source")
    stored = await driver.create(SNAPSHOT, sandboxId=source.id, name="base", retainFor="720h")
    assert (stored.state["status"], stored.state["name"]) == ("Ready", "base")
    assert stored.state["expiresAt"] > stored.state["createdAt"]
    assert stored.state["sizeBytes"] >= 0


@pytest.mark.parametrize(("retain_for", "warns"), [("720h", True), ("0", False), (None, False)])
async def test_a_retention_that_the_api_ignores_is_a_warning_once(retain_for: str | None, *, warns: bool) -> None:
    """The newer contract no longer has it."""
    warnings: list[str] = []
    body = {
        "id": "the-id",
        "sandbox_id": "box",
        "name": "base",
        "status": "Ready",
        "snapshot_type": "full",
        "source_region": "as-south-1",
        "restorability": "restorable",
        "org_id": "org",
        "project_id": "project",
        "created_at": "2026-11-30T00:00:00Z",
        "build_descriptor": {"image": "docker.io/library/python:3.12"},
    }
    script = ScriptedTransport(json_response(202, body), json_response(json=body))
    inputs = {"sandboxId": "box", "name": "base", **({"retainFor": retain_for} if retain_for else {})}
    deadline = Deadline(20, SYSTEM_CLOCK, asyncio.Event())
    context = OperationContext("Snapshot base", deadline, warn=warnings.append)
    async with connect(Settings("http://127.0.0.1:1", "key", "org", "project"), transport=script) as api:
        stored = await create_and_finish(SNAPSHOT.connect(api), inputs, context)
    assert len(warnings) == warns
    assert all("snapshot the-id does not expire" in text for text in warnings)
    assert stored.state["buildDescriptor"] == body["build_descriptor"]


async def test_a_failed_capture_says_why_and_is_replaced_by_the_next_plan(driver: LifecycleDriver) -> None:
    """The platform's reason reaches the user; the id is kept until the replacement."""
    source = await driver.create(SANDBOX, name="source")
    driver.emulator.inject("failed_phase", method="POST", path="/sandboxes/{id}/snapshots", reason="disk full")
    with pytest.raises(ResourceInitFailed, match="disk full") as caught:
        await driver.create(SNAPSHOT, sandboxId=source.id, name="base")
    stored = caught.value.stored
    observed = await driver.read(SNAPSHOT, stored)
    assert observed is not None
    assert observed.problem == "disk full"
    assert SNAPSHOT.diff(observed.inputs, observed.state, observed.inputs).requires_replacement


async def test_a_snapshot_goes_with_its_sandbox(driver: LifecycleDriver) -> None:
    """Deleting what is gone is no error."""
    source = await driver.create(SANDBOX, name="source")
    stored = await driver.create(SNAPSHOT, sandboxId=source.id)
    await driver.delete(SANDBOX, source)
    assert await driver.read(SNAPSHOT, stored) is None
    await driver.delete(SNAPSHOT, stored)


async def test_an_import_is_clean(driver: LifecycleDriver) -> None:
    """By id, against what was written."""
    source = await driver.create(SANDBOX, name="source")
    created = await driver.create(SNAPSHOT, sandboxId=source.id, name="base")
    stored = await lifecycle.read(SNAPSHOT.connect(driver.api), created.id, None)
    assert stored is not None
    assert stored.inputs == {"sandboxId": source.id, "name": "base"}
    assert not SNAPSHOT.diff(stored.inputs, stored.state, created.inputs).changes


@pytest.mark.parametrize("duration", ["0", "720h", "1h30m", "1.5h", "90s"])
def test_durations_that_are_taken(duration: str) -> None:
    """Hours, minutes, seconds."""
    inputs = {"sandboxId": "x", "retainFor": duration}
    assert SNAPSHOT.check({}, inputs, lambda: "made-1")[1] == []


@pytest.mark.parametrize("duration", ["", "30", "1d", "h", "-1h"])
def test_durations_that_are_refused(duration: str) -> None:
    """Anything else."""
    inputs = {"sandboxId": "x", "retainFor": duration}
    assert [failure.path for failure in SNAPSHOT.check({}, inputs, lambda: "made-1")[1]] == ["retainFor"]
