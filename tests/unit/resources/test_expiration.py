"""Idle timeout, maximum lifetime and their renewal."""

from datetime import datetime
from typing import Any

from tests.unit.resources.conftest import LifecycleDriver

from neev_provider.core.lifecycle import StoredResource
from neev_provider.resources.sandbox.sandbox import SandboxResource
from neev_provider.resources.sandbox.sandbox_fork import SandboxForkResource

SANDBOX, FORK = SandboxResource(), SandboxForkResource()
HOUR, DAY = 3600, 86_400
EXPIRING_INPUTS: dict[str, Any] = {"name": "dev", "maxLifetimeSeconds": HOUR, "idleTimeoutSeconds": 600}
NO_IDLE_TIMEOUT_INPUTS = {**EXPIRING_INPUTS, "idleTimeoutSeconds": 0}
TOLERANCE_SECONDS = 3
"""The time that a test may take, and the error of the server's clock."""


async def measure_remaining(driver: LifecycleDriver, stored: StoredResource, field: str = "hardExpiresAt") -> float:
    """Return the seconds between the last update of the sandbox and the time in the field."""
    changed = (await driver.api.sandboxes.get(stored.id)).updated_at
    assert changed is not None
    return (datetime.fromisoformat(stored.state[field]) - datetime.fromisoformat(changed)).total_seconds()


async def refresh(driver: LifecycleDriver, stored: StoredResource) -> StoredResource:
    observed = await driver.read(SANDBOX, stored)
    assert observed is not None
    return observed


async def test_a_renewal_restarts_the_maximum_lifetime_and_the_idle_timeout(driver: LifecycleDriver) -> None:
    stored = await driver.create(SANDBOX, **EXPIRING_INPUTS, renewTrigger="commit 1")
    driver.emulator.advance(500)
    stored = await driver.update(SANDBOX, stored, **EXPIRING_INPUTS, renewTrigger="commit 2")
    assert HOUR - TOLERANCE_SECONDS < await measure_remaining(driver, stored) < HOUR + TOLERANCE_SECONDS
    assert 600 - TOLERANCE_SECONDS < await measure_remaining(driver, stored, "idleExpiresAt") <= 600
    assert stored.state["maxLifetimeSeconds"] == HOUR
    assert HOUR + 500 <= stored.state["effectiveLifetimeSeconds"] <= HOUR + 500 + TOLERANCE_SECONDS


async def test_a_renewed_lifetime_is_not_drift_and_a_changed_lifetime_is(driver: LifecycleDriver) -> None:
    stored = await driver.create(SANDBOX, **EXPIRING_INPUTS, renewTrigger="1")
    driver.emulator.advance(500)
    stored = await driver.update(SANDBOX, stored, **EXPIRING_INPUTS, renewTrigger="2")
    observed = await refresh(driver, stored)
    assert (observed.inputs, observed.state) == (stored.inputs, stored.state)
    await driver.api.sandboxes.set_timeout(stored.id, {"max_lifetime_seconds": DAY})
    observed = await refresh(driver, stored)
    assert observed.inputs["maxLifetimeSeconds"] == DAY
    stored = await driver.update(SANDBOX, observed, **EXPIRING_INPUTS, renewTrigger="2")
    assert HOUR - TOLERANCE_SECONDS < await measure_remaining(driver, stored) < HOUR + TOLERANCE_SECONDS


async def test_an_update_of_another_input_keeps_a_renewed_lifetime(driver: LifecycleDriver) -> None:
    stored = await driver.create(SANDBOX, **EXPIRING_INPUTS, renewTrigger="1")
    driver.emulator.advance(500)
    stored = await driver.update(SANDBOX, stored, **EXPIRING_INPUTS, renewTrigger="2")
    renewed = stored.state["effectiveLifetimeSeconds"]
    stored = await driver.update(SANDBOX, stored, **{**EXPIRING_INPUTS, "idleTimeoutSeconds": 900}, renewTrigger="2")
    assert (await driver.api.sandboxes.get(stored.id)).max_lifetime_seconds == renewed
    assert stored.state["effectiveLifetimeSeconds"] == renewed


async def test_a_changed_lifetime_of_a_renewed_sandbox_counts_from_the_update(driver: LifecycleDriver) -> None:
    """Counted from the creation, it would expire at once."""
    stored = await driver.create(SANDBOX, **{**NO_IDLE_TIMEOUT_INPUTS, "maxLifetimeSeconds": DAY}, renewTrigger="1")
    driver.emulator.advance(2 * HOUR)
    stored = await driver.update(SANDBOX, stored, **NO_IDLE_TIMEOUT_INPUTS, renewTrigger="1")
    assert stored.state["phase"] == "Ready"
    assert HOUR - TOLERANCE_SECONDS < await measure_remaining(driver, stored) < HOUR + TOLERANCE_SECONDS


async def test_a_fork_that_is_finished_later_does_not_expire_at_once(driver: LifecycleDriver) -> None:
    source = await driver.create(SANDBOX, name="source")
    fork = await driver.create(FORK, sourceSandboxId=source.id, name="fork")
    driver.emulator.advance(2 * HOUR)
    expected = {**fork.inputs, "maxLifetimeSeconds": HOUR, "renewTrigger": "1"}
    fork = await driver.finish(FORK, StoredResource(fork.id, expected, expected))
    assert fork.state["phase"] == "Ready"
    assert HOUR - TOLERANCE_SECONDS < await measure_remaining(driver, fork) < HOUR + TOLERANCE_SECONDS


async def test_the_lifetime_of_an_expired_sandbox_counts_from_its_resume(driver: LifecycleDriver) -> None:
    stored = await driver.create(SANDBOX, **NO_IDLE_TIMEOUT_INPUTS)
    driver.emulator.advance(3 * HOUR)
    stored = await driver.update(SANDBOX, stored, **NO_IDLE_TIMEOUT_INPUTS, paused=False)
    driver.emulator.advance(600)
    stored = await driver.update(SANDBOX, stored, **NO_IDLE_TIMEOUT_INPUTS, paused=False, renewTrigger="1")
    assert HOUR - TOLERANCE_SECONDS < await measure_remaining(driver, stored) < HOUR + TOLERANCE_SECONDS
    assert stored.state["effectiveLifetimeSeconds"] <= HOUR + 600 + TOLERANCE_SECONDS


async def test_a_renewal_without_lifetime_and_idle_timeout_sends_no_request(driver: LifecycleDriver) -> None:
    stored = await driver.create(SANDBOX, name="dev", maxLifetimeSeconds=0)
    driver.take_requests()
    await driver.update(SANDBOX, stored, name="dev", maxLifetimeSeconds=0, renewTrigger="1")
    assert driver.take_requests() == []


async def test_a_paused_sandbox_is_renewed_without_a_resume(driver: LifecycleDriver) -> None:
    stored = await driver.create(SANDBOX, **EXPIRING_INPUTS, paused=True)
    driver.take_requests()
    stored = await driver.update(SANDBOX, stored, **EXPIRING_INPUTS, paused=True, renewTrigger="1")
    assert stored.state["phase"] == "Paused"
    assert driver.take_requests() == ["PUT /sandboxes/{id}/timeout"]
