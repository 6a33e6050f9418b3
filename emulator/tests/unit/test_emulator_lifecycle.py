"""Changes of sandboxes and snapshots over time."""

from datetime import datetime
from typing import Any

import pytest

from helpers.emulator_harness import START, ApiDriver, require_success
from neev_emulator import Backend, ExpirationDefaults

pytestmark = pytest.mark.parametrize("backend", ["0.9", "0.8"], indirect=True)


def parse_time(text: str) -> float:
    return datetime.fromisoformat(text).timestamp() - START


async def read_web(api: ApiDriver) -> dict[str, Any]:
    return await api.read("/sandboxes/web")


async def test_an_idle_sandbox_is_paused_after_its_idle_timeout(api: ApiDriver, backend: Backend) -> None:
    await api.create(name="web", lifecycle={"idle_timeout_seconds": 100})
    assert parse_time((await read_web(api))["idle_expires_at"]) == 110
    backend.advance(109.9)
    assert (await read_web(api))["phase"] == "Ready"
    backend.advance(0.1)
    assert (await read_web(api))["phase"] == "Pausing"
    backend.advance(1000)
    paused = await read_web(api)
    assert (paused["phase"], parse_time(paused["idle_expires_at"]), parse_time(paused["updated_at"])) == (
        "Paused",
        110,
        110,
    )


async def test_a_pause_by_the_user_does_not_change_the_idle_expiration(api: ApiDriver, backend: Backend) -> None:
    await api.create_ready(name="web", lifecycle={"idle_timeout_seconds": 100})
    await api.create("/sandboxes/web/pause")
    backend.advance(1000)
    paused = await read_web(api)
    assert (parse_time(paused["updated_at"]), parse_time(paused["idle_expires_at"])) == (11, 110)


async def test_a_resume_restarts_the_idle_timeout(api: ApiDriver, backend: Backend) -> None:
    await api.create(name="web", lifecycle={"idle_timeout_seconds": 100})
    backend.advance(200)
    await api.create("/sandboxes/web/resume")
    backend.advance(102)
    resumed = await read_web(api)
    assert (resumed["phase"], parse_time(resumed["idle_expires_at"])) == ("Ready", 303)


async def test_a_keepalive_restarts_the_idle_timeout_unless_the_sandbox_is_paused(
    api: ApiDriver, backend: Backend
) -> None:
    await api.create(name="web", lifecycle={"idle_timeout_seconds": 100})
    backend.advance(109)
    assert parse_time((await api.create("/sandboxes/web/keepalive"))["idle_expires_at"]) == 209
    paused = await api.create("/sandboxes/web/pause")
    assert await api.create("/sandboxes/web/keepalive") == paused


async def test_a_runtime_request_restarts_the_idle_timeout(api: ApiDriver, backend: Backend) -> None:
    sandbox = await api.create(name="web", lifecycle={"idle_timeout_seconds": 100})
    backend.advance(109)
    headers = {"x-sandbox-id": sandbox["id"]}
    listed = await api.client.post("/sandboxes-runtime/v1/files/list", json={"path": "."}, headers=headers)
    assert listed.status_code == 200
    assert parse_time((await read_web(api))["idle_expires_at"]) == 209


async def test_a_snapshot_does_not_restart_the_idle_timeout(api: ApiDriver, backend: Backend) -> None:
    await api.create(name="web", lifecycle={"idle_timeout_seconds": 100})
    backend.advance(50)
    await api.create("/sandboxes/web/snapshots")
    assert parse_time((await read_web(api))["idle_expires_at"]) == 110


async def test_an_idle_sandbox_is_deleted_if_on_idle_is_delete(api: ApiDriver, backend: Backend) -> None:
    await api.create(name="web", lifecycle={"idle_timeout_seconds": 100, "on_idle": "delete"})
    backend.advance(110)
    assert (await read_web(api))["phase"] == "Terminating"
    backend.advance(6)
    assert (await api.send_refused("GET", "/sandboxes/web"))[0] == 404


async def test_the_maximum_lifetime_ignores_activity_and_restarts_at_a_resume(api: ApiDriver, backend: Backend) -> None:
    await api.create(name="web", lifecycle={"max_lifetime_seconds": 100})
    backend.advance(99)
    await api.create("/sandboxes/web/keepalive")
    assert parse_time((await read_web(api))["hard_expires_at"]) == 100
    backend.advance(1)
    assert (await read_web(api))["phase"] == "Pausing"
    backend.advance(50)
    assert parse_time((await api.create("/sandboxes/web/resume"))["hard_expires_at"]) == 250
    backend.advance(99)
    assert (await read_web(api))["phase"] == "Ready"


async def test_a_paused_sandbox_is_deleted_after_its_retention(api: ApiDriver, backend: Backend) -> None:
    await api.create_ready(name="web", lifecycle={"paused_retention_seconds": 50})
    await api.create("/sandboxes/web/pause")
    backend.advance(51)
    assert (await read_web(api))["phase"] == "Paused"
    backend.advance(1)
    assert (await read_web(api))["phase"] == "Terminating"


async def test_one_advance_applies_idle_timeout_and_retention_in_sequence(api: ApiDriver, backend: Backend) -> None:
    await api.create(name="web", lifecycle={"idle_timeout_seconds": 100, "paused_retention_seconds": 50})
    backend.advance(110 + 2 + 50 + 6 - 0.1)
    assert (await read_web(api))["phase"] == "Terminating"
    backend.advance(0.1)
    assert (await api.send_refused("GET", "/sandboxes/web"))[0] == 404


async def test_a_missing_idle_timeout_uses_the_default_of_the_account(api: ApiDriver, backend: Backend) -> None:
    await api.create(name="web")
    assert ((await read_web(api))["idle_timeout_seconds"], (await read_web(api))["idle_expires_at"]) == (None, None)
    backend.change_settings(
        backend.settings.model_copy(update={"account": ExpirationDefaults(idle_timeout_seconds=100)})
    )
    await api.create(name="always", lifecycle={"idle_timeout_seconds": 0})
    assert parse_time((await read_web(api))["idle_expires_at"]) == 110
    backend.advance(111)
    assert ((await read_web(api))["phase"], (await api.read("/sandboxes/always"))["phase"]) == ("Pausing", "Ready")


async def test_a_shortened_idle_timeout_takes_effect(api: ApiDriver, backend: Backend) -> None:
    await api.create_ready(name="web", lifecycle={"idle_timeout_seconds": 1000})
    require_success(await api.send("PUT", "/sandboxes/web/timeout", {"idle_timeout_seconds": 20}))
    backend.advance(19)
    assert (await read_web(api))["phase"] == "Pausing"


async def test_a_snapshot_is_pending_then_running_then_ready_with_a_size(api: ApiDriver, backend: Backend) -> None:
    await api.create_ready(name="web")
    path = f"/snapshots/{(await api.create('/sandboxes/web/snapshots'))['id']}"
    states = []
    for seconds in (0, 1, 3.9, 0.1):
        backend.advance(seconds)
        snapshot = await api.read(path)
        states.append((snapshot["status"], snapshot["size_bytes"]))
    assert states == [("Pending", None), ("Running", None), ("Running", None), ("Ready", 0)]


async def test_a_snapshot_is_deleted_after_retain_for(api: ApiDriver, backend: Backend) -> None:
    await api.create_ready(name="web")
    kept = await api.create("/sandboxes/web/snapshots", retain_for="0")
    short = await api.create("/sandboxes/web/snapshots", retain_for="1m30s")
    assert (kept["expires_at"], parse_time(short["expires_at"])) == (None, 101)
    backend.advance(90)
    assert (await api.send_refused("GET", f"/snapshots/{short['id']}"))[0] == 404
    assert (await api.read("/sandboxes/web/snapshots"))["total"] == 1


async def test_deleting_a_sandbox_deletes_only_its_own_snapshots(api: ApiDriver, backend: Backend) -> None:
    await api.create_ready(name="web")
    await api.create_ready(name="other")
    mine, other = await api.create("/sandboxes/web/snapshots"), await api.create("/sandboxes/other/snapshots")
    await api.send("DELETE", "/sandboxes/web")
    backend.advance(6)
    assert (await api.send_refused("GET", f"/snapshots/{mine['id']}"))[0] == 404
    await api.read(f"/snapshots/{other['id']}")


async def test_the_status_of_an_agent_follows_its_sandbox(api: ApiDriver, backend: Backend) -> None:
    await api.create("/agents", name="coder", agent_template="claude-code", idle_timeout_seconds=100)
    statuses = []
    for seconds in (0, 10, 100, 2):
        backend.advance(seconds)
        statuses.append((await api.read("/agents/coder"))["status"])
    assert statuses == ["Provisioning", "Ready", "Pausing", "Paused"]
