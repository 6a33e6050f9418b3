"""Snapshots on a platform."""

import pytest
from tests.unit.resources.conftest import LifecycleDriver

from neev_provider.core import lifecycle
from neev_provider.core.lifecycle import ResourceInitFailed
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
