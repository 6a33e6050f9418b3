"""Changes of sandboxes and snapshots over time."""

from datetime import datetime
from typing import Any

import pytest

from helpers.emulator_harness import START, ApiDriver, require_success
from neev_emulator import Backend, ExpirationDefaults

pytestmark = pytest.mark.parametrize("backend", ["0.9", "0.8"], indirect=True)


def parse_time(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp() - START


async def create_web(api: ApiDriver) -> dict[str, Any]:
    return await api.read("/sandboxes/web")


async def test_an_idle_sandbox_is_paused_by_the_platform_at_the_end_of_its_window(
    api: ApiDriver, backend: Backend
) -> None:
    await api.create(name="web", lifecycle={"idle_timeout_seconds": 100})
    assert parse_time((await create_web(api))["idle_expires_at"]) == 110
    backend.advance(109.9)
    assert (await create_web(api))["phase"] == "Ready"
    backend.advance(0.1)
    assert (await create_web(api))["phase"] == "Pausing"
    backend.advance(1000)
    paused = await create_web(api)
    assert (paused["phase"], parse_time(paused["idle_expires_at"]), parse_time(paused["updated_at"])) == (
        "Paused",
        110,
        110,
    )


async def test_a_pause_by_a_user_keeps_an_idle_deadline_that_lies_after_it(api: ApiDriver, backend: Backend) -> None:
    await api.create_ready(name="web", lifecycle={"idle_timeout_seconds": 100})
    await api.create("/sandboxes/web/pause")
    backend.advance(1000)
    paused = await create_web(api)
    assert (parse_time(paused["updated_at"]), parse_time(paused["idle_expires_at"])) == (11, 110)


async def test_a_resume_starts_the_idle_window_again(api: ApiDriver, backend: Backend) -> None:
    await api.create(name="web", lifecycle={"idle_timeout_seconds": 100})
    backend.advance(200)
    await api.create("/sandboxes/web/resume")
    backend.advance(102)
    resumed = await create_web(api)
    assert (resumed["phase"], parse_time(resumed["idle_expires_at"])) == ("Ready", 303)


async def test_a_keepalive_starts_the_idle_window_again_and_leaves_a_paused_sandbox_alone(
    api: ApiDriver, backend: Backend
) -> None:
    await api.create(name="web", lifecycle={"idle_timeout_seconds": 100})
    backend.advance(109)
    assert parse_time((await api.create("/sandboxes/web/keepalive"))["idle_expires_at"]) == 209
    paused = await api.create("/sandboxes/web/pause")
    assert await api.create("/sandboxes/web/keepalive") == paused


async def test_work_inside_a_sandbox_keeps_it_from_being_idle(api: ApiDriver, backend: Backend) -> None:
    sandbox = await api.create(name="web", lifecycle={"idle_timeout_seconds": 100})
    backend.advance(109)
    headers = {"x-sandbox-id": sandbox["id"]}
    listed = await api.client.post("/sandboxes-runtime/v1/files/list", json={"path": "."}, headers=headers)
    assert listed.status_code == 200
    assert parse_time((await create_web(api))["idle_expires_at"]) == 209


async def test_a_snapshot_is_no_activity(api: ApiDriver, backend: Backend) -> None:
    await api.create(name="web", lifecycle={"idle_timeout_seconds": 100})
    backend.advance(50)
    await api.create("/sandboxes/web/snapshots")
    assert parse_time((await create_web(api))["idle_expires_at"]) == 110


async def test_an_idle_sandbox_that_is_to_be_deleted_is_gone(api: ApiDriver, backend: Backend) -> None:
    await api.create(name="web", lifecycle={"idle_timeout_seconds": 100, "on_idle": "delete"})
    backend.advance(110)
    assert (await create_web(api))["phase"] == "Terminating"
    backend.advance(6)
    assert (await api.send_refused("GET", "/sandboxes/web"))[0] == 404


async def test_a_lifetime_ends_in_spite_of_activity_and_begins_anew_with_a_resume(
    api: ApiDriver, backend: Backend
) -> None:
    await api.create(name="web", lifecycle={"max_lifetime_seconds": 100})
    backend.advance(99)
    await api.create("/sandboxes/web/keepalive")
    assert parse_time((await create_web(api))["hard_expires_at"]) == 100
    backend.advance(1)
    assert (await create_web(api))["phase"] == "Pausing"
    backend.advance(50)
    assert parse_time((await api.create("/sandboxes/web/resume"))["hard_expires_at"]) == 250
    backend.advance(99)
    assert (await create_web(api))["phase"] == "Ready"


async def test_a_paused_sandbox_is_deleted_after_its_retention(api: ApiDriver, backend: Backend) -> None:
    await api.create_ready(name="web", lifecycle={"paused_retention_seconds": 50})
    await api.create("/sandboxes/web/pause")
    backend.advance(51)
    assert (await create_web(api))["phase"] == "Paused"
    backend.advance(1)
    assert (await create_web(api))["phase"] == "Terminating"


async def test_windows_follow_one_another_in_one_long_step_of_time(api: ApiDriver, backend: Backend) -> None:
    await api.create(name="web", lifecycle={"idle_timeout_seconds": 100, "paused_retention_seconds": 50})
    backend.advance(110 + 2 + 50 + 6 - 0.1)
    assert (await create_web(api))["phase"] == "Terminating"
    backend.advance(0.1)
    assert (await api.send_refused("GET", "/sandboxes/web"))[0] == 404


async def test_a_window_that_is_not_given_is_the_one_of_the_account(api: ApiDriver, backend: Backend) -> None:
    await api.create(name="web")
    assert ((await create_web(api))["idle_timeout_seconds"], (await create_web(api))["idle_expires_at"]) == (None, None)
    backend.change_settings(
        backend.settings.model_copy(update={"account": ExpirationDefaults(idle_timeout_seconds=100)})
    )
    await api.create(name="always", lifecycle={"idle_timeout_seconds": 0})
    assert parse_time((await create_web(api))["idle_expires_at"]) == 110
    backend.advance(111)
    assert ((await create_web(api))["phase"], (await api.read("/sandboxes/always"))["phase"]) == ("Pausing", "Ready")


async def test_a_window_that_is_shortened_takes_effect(api: ApiDriver, backend: Backend) -> None:
    await api.create_ready(name="web", lifecycle={"idle_timeout_seconds": 1000})
    require_success(await api.send("PUT", "/sandboxes/web/timeout", {"idle_timeout_seconds": 20}))
    backend.advance(19)
    assert (await create_web(api))["phase"] == "Pausing"


async def test_a_snapshot_is_pending_then_running_then_ready_and_only_then_has_a_size(
    api: ApiDriver, backend: Backend
) -> None:
    await api.create_ready(name="web")
    path = f"/snapshots/{(await api.create('/sandboxes/web/snapshots'))['id']}"
    states = []
    for seconds in (0, 1, 3.9, 0.1):
        backend.advance(seconds)
        snapshot = await api.read(path)
        states.append((snapshot["status"], snapshot["size_bytes"]))
    assert states == [("Pending", None), ("Running", None), ("Running", None), ("Ready", 0)]


async def test_a_snapshot_is_kept_for_as_long_as_was_asked(api: ApiDriver, backend: Backend) -> None:
    await api.create_ready(name="web")
    kept = await api.create("/sandboxes/web/snapshots", retain_for="0")
    short = await api.create("/sandboxes/web/snapshots", retain_for="1m30s")
    assert (kept["expires_at"], parse_time(short["expires_at"])) == (None, 101)
    backend.advance(90)
    assert (await api.send_refused("GET", f"/snapshots/{short['id']}"))[0] == 404
    assert (await api.read("/sandboxes/web/snapshots"))["total"] == 1


async def test_deleting_a_sandbox_deletes_its_snapshots_and_no_others(api: ApiDriver, backend: Backend) -> None:
    await api.create_ready(name="web")
    await api.create_ready(name="other")
    mine, other = await api.create("/sandboxes/web/snapshots"), await api.create("/sandboxes/other/snapshots")
    await api.send("DELETE", "/sandboxes/web")
    backend.advance(6)
    assert (await api.send_refused("GET", f"/snapshots/{mine['id']}"))[0] == 404
    await api.read(f"/snapshots/{other['id']}")


async def test_an_agent_shows_what_its_sandbox_does(api: ApiDriver, backend: Backend) -> None:
    await api.create("/agents", name="coder", agent_template="claude-code", idle_timeout_seconds=100)
    statuses = []
    for seconds in (0, 10, 100, 2):
        backend.advance(seconds)
        statuses.append((await api.read("/agents/coder"))["status"])
    assert statuses == ["Provisioning", "Ready", "Pausing", "Paused"]
