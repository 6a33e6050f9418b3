"""The windows of sandboxes on a platform, and their renewal."""

from datetime import datetime
from typing import Any

from tests.unit.resources.conftest import Engine

from neev_provider.core.lifecycle import StoredResource
from neev_provider.resources.sandbox.fork import SandboxForkResource
from neev_provider.resources.sandbox.sandbox import SandboxResource

SANDBOX, FORK = SandboxResource(), SandboxForkResource()
HOUR, DAY = 3600, 86_400
LIVES: dict[str, Any] = {"name": "dev", "maxLifetimeSeconds": HOUR, "idleTimeoutSeconds": 600}
ENDLESS_IDLE = {**LIVES, "idleTimeoutSeconds": 0}
SLACK = 3
"""Seconds that may pass in a test, and that the server's clock may be told wrong by."""


async def left(engine: Engine, stored: StoredResource, window: str = "hardExpiresAt") -> float:
    """How many seconds after the platform's last change of the sandbox its window ends."""
    changed = (await engine.api.sandboxes.get(stored.id)).updated_at
    assert changed is not None
    return (datetime.fromisoformat(stored.state[window]) - datetime.fromisoformat(changed)).total_seconds()


async def refreshed(engine: Engine, stored: StoredResource) -> StoredResource:
    seen = await engine.read(SANDBOX, stored)
    assert seen is not None
    return seen


async def test_a_renewal_counts_lifetime_and_idle_window_from_now(engine: Engine) -> None:
    stored = await engine.create(SANDBOX, **LIVES, renew="commit 1")
    engine.emulator.advance(500)
    stored = await engine.update(SANDBOX, stored, **LIVES, renew="commit 2")
    assert HOUR - SLACK < await left(engine, stored) < HOUR + SLACK
    assert 600 - SLACK < await left(engine, stored, "idleExpiresAt") <= 600
    assert stored.state["maxLifetimeSeconds"] == HOUR
    assert HOUR + 500 <= stored.state["renewedLifetimeSeconds"] <= HOUR + 500 + SLACK


async def test_a_renewed_lifetime_is_no_drift_and_another_one_is(engine: Engine) -> None:
    stored = await engine.create(SANDBOX, **LIVES, renew="1")
    engine.emulator.advance(500)
    stored = await engine.update(SANDBOX, stored, **LIVES, renew="2")
    seen = await refreshed(engine, stored)
    assert (seen.inputs, seen.state) == (stored.inputs, stored.state)
    await engine.api.sandboxes.set_timeout(stored.id, {"max_lifetime_seconds": DAY})
    seen = await refreshed(engine, stored)
    assert seen.inputs["maxLifetimeSeconds"] == DAY
    stored = await engine.update(SANDBOX, seen, **LIVES, renew="2")
    assert HOUR - SLACK < await left(engine, stored) < HOUR + SLACK


async def test_a_change_of_something_else_leaves_a_renewed_lifetime(engine: Engine) -> None:
    stored = await engine.create(SANDBOX, **LIVES, renew="1")
    engine.emulator.advance(500)
    stored = await engine.update(SANDBOX, stored, **LIVES, renew="2")
    renewed = stored.state["renewedLifetimeSeconds"]
    stored = await engine.update(SANDBOX, stored, **{**LIVES, "idleTimeoutSeconds": 900}, renew="2")
    assert (await engine.api.sandboxes.get(stored.id)).max_lifetime_seconds == renewed
    assert stored.state["renewedLifetimeSeconds"] == renewed


async def test_another_lifetime_of_a_renewed_sandbox_counts_from_now_too(engine: Engine) -> None:
    """Counted from the creation it would end at once."""
    stored = await engine.create(SANDBOX, **{**ENDLESS_IDLE, "maxLifetimeSeconds": DAY}, renew="1")
    engine.emulator.advance(2 * HOUR)
    stored = await engine.update(SANDBOX, stored, **ENDLESS_IDLE, renew="1")
    assert stored.state["phase"] == "Ready"
    assert HOUR - SLACK < await left(engine, stored) < HOUR + SLACK


async def test_a_half_made_fork_that_is_finished_later_is_not_at_its_end_at_once(engine: Engine) -> None:
    source = await engine.create(SANDBOX, name="source")
    fork = await engine.create(FORK, sourceSandboxId=source.id, name="fork")
    engine.emulator.advance(2 * HOUR)
    wanted = {**fork.inputs, "maxLifetimeSeconds": HOUR, "renew": "1"}
    fork = await engine.finish(FORK, StoredResource(fork.id, wanted, wanted))
    assert fork.state["phase"] == "Ready"
    assert HOUR - SLACK < await left(engine, fork) < HOUR + SLACK


async def test_a_sandbox_that_was_stopped_at_its_end_and_woken_counts_from_then(engine: Engine) -> None:
    stored = await engine.create(SANDBOX, **ENDLESS_IDLE)
    engine.emulator.advance(3 * HOUR)
    stored = await engine.update(SANDBOX, stored, **ENDLESS_IDLE, paused=False)
    engine.emulator.advance(600)
    stored = await engine.update(SANDBOX, stored, **ENDLESS_IDLE, paused=False, renew="1")
    assert HOUR - SLACK < await left(engine, stored) < HOUR + SLACK
    assert stored.state["renewedLifetimeSeconds"] <= HOUR + 600 + SLACK


async def test_a_sandbox_without_an_end_or_an_idle_window_has_nothing_to_renew(engine: Engine) -> None:
    stored = await engine.create(SANDBOX, name="dev", maxLifetimeSeconds=0)
    engine.sent()
    await engine.update(SANDBOX, stored, name="dev", maxLifetimeSeconds=0, renew="1")
    assert engine.sent() == []


async def test_a_sandbox_that_sleeps_is_renewed_without_being_woken(engine: Engine) -> None:
    stored = await engine.create(SANDBOX, **LIVES, paused=True)
    engine.sent()
    stored = await engine.update(SANDBOX, stored, **LIVES, paused=True, renew="1")
    assert stored.state["phase"] == "Paused"
    assert engine.sent() == ["PUT /sandboxes/{id}/timeout"]
