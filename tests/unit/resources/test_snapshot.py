"""The Snapshot resource against the emulator."""

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


async def test_a_create_waits_until_the_snapshot_is_ready(driver: LifecycleDriver) -> None:
    """The state has its size and its expiration."""
    source = await driver.create(SANDBOX, name="source")
    stored = await driver.create(SNAPSHOT, sandboxId=source.id, name="base", retainFor="720h")
    assert (stored.state["status"], stored.state["name"]) == ("Ready", "base")
    assert stored.state["expiresAt"] > stored.state["createdAt"]
    assert stored.state["sizeBytes"] >= 0


@pytest.mark.parametrize(("retain_for", "warns"), [("720h", True), ("0", False), (None, False)])
async def test_a_retention_that_the_api_ignores_is_logged_as_one_warning(
    retain_for: str | None, *, warns: bool
) -> None:
    """The newer API no longer has it."""
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


async def test_a_failed_snapshot_is_an_error_and_the_next_plan_replaces_it(driver: LifecycleDriver) -> None:
    """The error has the reason of the API; the state keeps the id until the replacement."""
    source = await driver.create(SANDBOX, name="source")
    driver.emulator.inject("failed_phase", method="POST", path="/sandboxes/{id}/snapshots", reason="disk full")
    with pytest.raises(ResourceInitFailed, match="disk full") as caught:
        await driver.create(SNAPSHOT, sandboxId=source.id, name="base")
    stored = caught.value.stored
    observed = await driver.read(SNAPSHOT, stored)
    assert observed is not None
    assert observed.problem == "disk full"
    assert SNAPSHOT.diff(observed.inputs, observed.state, observed.inputs).requires_replacement


async def test_a_snapshot_is_missing_if_its_sandbox_is_deleted(driver: LifecycleDriver) -> None:
    """A delete succeeds."""
    source = await driver.create(SANDBOX, name="source")
    stored = await driver.create(SNAPSHOT, sandboxId=source.id)
    await driver.delete(SANDBOX, source)
    assert await driver.read(SNAPSHOT, stored) is None
    await driver.delete(SNAPSHOT, stored)


async def test_a_plan_after_an_import_has_no_changes(driver: LifecycleDriver) -> None:
    """By id, compared with the original inputs."""
    source = await driver.create(SANDBOX, name="source")
    created = await driver.create(SNAPSHOT, sandboxId=source.id, name="base")
    stored = await lifecycle.read(SNAPSHOT.connect(driver.api), created.id, None)
    assert stored is not None
    assert stored.inputs == {"sandboxId": source.id, "name": "base"}
    assert not SNAPSHOT.diff(stored.inputs, stored.state, created.inputs).changes


@pytest.mark.parametrize("duration", ["0", "720h", "1h30m", "1.5h", "90s"])
def test_valid_durations_are_accepted(duration: str) -> None:
    inputs = {"sandboxId": "x", "retainFor": duration}
    assert SNAPSHOT.check({}, inputs, lambda: "made-1")[1] == []


@pytest.mark.parametrize("duration", ["", "30", "1d", "h", "-1h"])
def test_invalid_durations_are_rejected(duration: str) -> None:
    inputs = {"sandboxId": "x", "retainFor": duration}
    assert [failure.path for failure in SNAPSHOT.check({}, inputs, lambda: "made-1")[1]] == ["retainFor"]
