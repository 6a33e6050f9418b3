"""Systems other than Linux: limits of the emulator, and the operations that work."""

import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from helpers.emulator_harness import SLOW, START, ApiDriver, require_success
from neev_emulator import Backend, Clock, Settings
from neev_emulator.cli import list_notices
from neev_emulator.operating_system import (
    describe_limits,
    explain_missing_runtime,
    forwarded_signals,
    is_locked,
    is_own,
    lock,
)

REASON = "nothing runs here"
EXEC = "/sandboxes-runtime/v1/exec"


@pytest.fixture
async def backend() -> AsyncIterator[Backend]:
    settings = Settings(durations=SLOW)
    without_runtime = Backend(settings, clock=Clock(lambda: START), runtime_unavailable_reason=REASON)
    yield without_runtime
    await without_runtime.close()
    assert not without_runtime.directory.exists()


async def advance(api: ApiDriver, seconds: float) -> None:
    api.backend.advance(seconds)
    await api.read("/sandboxes")


async def test_the_control_plane_works_without_a_runtime(api: ApiDriver) -> None:
    box = await api.create_ready(name="box", idle_timeout_seconds=3600)
    path = f"/sandboxes/{box['id']}"
    require_success(await api.send("POST", f"{path}/pause"))
    await advance(api, SLOW.pause)
    require_success(await api.send("POST", f"{path}/resume"))
    await advance(api, SLOW.resume)
    snapshot = require_success(await api.send("POST", f"{path}/snapshots", {"name": "saved"}))
    await advance(api, SLOW.snapshot_start + SLOW.snapshot)
    assert (await api.read(f"/snapshots/{snapshot['id']}"))["size_bytes"] == 0
    require_success(await api.send("POST", f"{path}/rollback", {"snapshot_id": snapshot["id"]}))
    await advance(api, SLOW.rollback)
    fork = await api.create(f"{path}/fork", name="fork")
    restored = await api.create(name="restored", snapshot_id=snapshot["id"])
    await advance(api, SLOW.fork)
    for item in (box, fork, restored):
        assert (await api.read(f"/sandboxes/{item['id']}"))["phase"] == "Ready"
        assert (await api.send("DELETE", f"/sandboxes/{item['id']}")).is_success
    assert (await api.read(f"{path}/audit"))["data"] == []
    await api.backend.reset()
    assert (await api.read("/sandboxes"))["total"] == 0


async def test_a_runtime_request_returns_501_with_the_reason(api: ApiDriver) -> None:
    box = await api.create_ready(name="box")
    headers = {"x-sandbox-id": box["id"]}
    refused = await api.client.post(EXEC, json={"command": "true"}, headers=headers)
    assert (refused.status_code, refused.json()) == (501, {"reason_code": "unimplemented", "message": REASON})


async def test_a_preview_returns_502_without_a_runtime(api: ApiDriver) -> None:
    box = await api.create_ready(name="box")
    port = require_success(await api.send("POST", f"/sandboxes/{box['id']}/ports", {"port": 8080}))
    response = await api.client.get(httpx.URL(port["preview_url"]).path)
    assert (response.status_code, "nothing listens on port 8080" in response.text) == (502, True)


@pytest.mark.parametrize(
    ("platform", "limits"),
    [("darwin", "macOS is not Linux: there is no --isolate"), ("win32", "run the emulator in WSL")],
)
def test_every_system_but_linux_has_limits(platform: str, limits: str) -> None:
    shown = describe_limits(platform)
    assert shown is not None
    assert limits in shown
    assert "\n" not in shown


def test_linux_has_no_limits() -> None:
    assert describe_limits("linux") is None


def test_every_system_but_windows_runs_sandboxes() -> None:
    assert [explain_missing_runtime(platform) is None for platform in ("linux", "darwin", "win32")] == [
        True,
        True,
        False,
    ]


async def test_the_limits_replace_the_notices_without_a_runtime(backend: Backend) -> None:
    assert list(list_notices(backend, "127.0.0.1", REASON, isolate=False)) == [REASON]
    assert list(list_notices(backend, "0.0.0.0", None, isolate=False)) != []


async def test_the_limits_are_followed_by_the_notices_with_a_runtime(tmp_path: Path) -> None:
    with_runtime = Backend(data=tmp_path)
    limits, notice, *_ = list_notices(with_runtime, "127.0.0.1", REASON, isolate=False)
    assert (limits, "commands in sandboxes run as you" in notice) == (REASON, True)
    assert list(list_notices(with_runtime, "127.0.0.1", REASON, isolate=True)) == [REASON]
    await with_runtime.close()


def test_a_locked_file_is_reported_as_locked(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("text")
    assert is_own(path)
    mine, other = os.open(path, os.O_RDWR), os.open(path, os.O_RDWR)
    try:
        assert not is_locked(mine)
        lock(mine)
        assert is_locked(other)
    finally:
        os.close(mine)
        os.close(other)


def test_signals_that_end_a_program_are_forwarded() -> None:
    assert {signal.SIGINT, signal.SIGTERM} <= set(forwarded_signals())
