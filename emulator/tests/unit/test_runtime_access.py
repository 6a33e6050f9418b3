"""Access to the runtime: keys, and paused sandboxes, which a call wakes."""

import httpx
import pytest

from helpers.emulator_harness import ApiDriver, require_success
from neev_emulator import Backend, Settings


async def list_files(api: ApiDriver, sandbox_id: str, **headers: str) -> httpx.Response:
    return await api.client.post(
        "/sandboxes-runtime/v1/files/list", json={"path": "."}, headers={"x-sandbox-id": sandbox_id, **headers}
    )


@pytest.mark.parametrize("seconds_after_pause", [0, 2])
async def test_a_call_wakes_a_paused_sandbox(api: ApiDriver, backend: Backend, seconds_after_pause: float) -> None:
    sandbox = await api.create_ready(name="web")
    await api.create("/sandboxes/web/pause")
    backend.advance(seconds_after_pause)
    for _ in range(2):
        waking = await list_files(api, sandbox["id"], prefer="wait=0")
        assert (waking.status_code, waking.headers["retry-after"]) == (503, "2")
        body = waking.json()
        assert (body["reason_code"], body["reason"]) == ("unavailable", "sandbox_waking")
        assert (await api.read("/sandboxes/web"))["phase"] == "Resuming"
    backend.advance(3)
    require_success(await list_files(api, sandbox["id"]))


async def test_a_new_sandbox_is_unavailable_but_not_waking(api: ApiDriver) -> None:
    sandbox = await api.create(name="web")
    response = await list_files(api, sandbox["id"])
    assert (response.status_code, "reason" in response.json()) == (503, False)


async def test_a_paused_sandbox_of_the_older_api_stays_paused(api: ApiDriver, backend: Backend) -> None:
    backend.change_settings(Settings(api="0.8", durations=backend.settings.durations))
    sandbox = await api.create_ready(name="web")
    await api.create("/sandboxes/web/pause")
    paused = await list_files(api, sandbox["id"])
    assert (paused.status_code, paused.json()["reason_code"]) == (412, "failed_precondition")
    await api.create("/sandboxes/web/resume")
    resuming = await list_files(api, sandbox["id"])
    assert (resuming.status_code, "reason" in resuming.json()) == (503, False)


async def test_the_key_may_be_in_its_own_header_since_0_9(api: ApiDriver, backend: Backend) -> None:
    sandbox = await api.create_ready(name="web")
    headers = {"authorization": "", "x-api-key": backend.api_key}
    require_success(await list_files(api, sandbox["id"], **headers))
    assert (await list_files(api, sandbox["id"], **{**headers, "x-api-key": "other"})).status_code == 401
    backend.change_settings(Settings(api="0.8"))
    assert (await list_files(api, sandbox["id"], **headers)).status_code == 401


async def test_a_command_runs_at_most_an_hour_since_0_9(api: ApiDriver, backend: Backend) -> None:
    sandbox = await api.create_ready(name="web")

    async def run(timeout_ms: int) -> httpx.Response:
        body = {"command": "true", "timeout_ms": timeout_ms}
        headers = {"x-sandbox-id": sandbox["id"]}
        return await api.client.post("/sandboxes-runtime/v1/exec", json=body, headers=headers)

    assert (await run(3_600_000)).is_success
    refused = await run(3_600_001)
    assert (refused.status_code, refused.json()["reason_code"]) == (400, "invalid_argument")
    backend.change_settings(Settings(api="0.8"))
    assert (await run(3_600_001)).is_success


@pytest.mark.parametrize(
    ("header", "content_range", "content"),
    [
        ("bytes=0-3", "bytes 0-3/10", "0123"),
        ("bytes=8-", "bytes 8-9/10", "89"),
        ("bytes=8-99", "bytes 8-9/10", "89"),
        ("bytes=-3", "bytes 7-9/10", "789"),
        ("bytes=-99", "bytes 0-9/10", "0123456789"),
    ],
)
async def test_a_range_of_a_file_is_read(api: ApiDriver, header: str, content_range: str, content: str) -> None:
    response = await read_range(api, header)
    assert (response.status_code, response.headers["content-range"], response.text) == (206, content_range, content)
    assert response.headers["content-length"] == str(len(content))


@pytest.mark.parametrize("header", ["", "bytes=-", "bytes=3-2", "bytes=0-1,3-4", "lines=0-1"])
async def test_a_range_of_another_form_is_ignored(api: ApiDriver, header: str) -> None:
    response = await read_range(api, header)
    assert (response.status_code, response.text) == (200, "0123456789")


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-20", "bytes=-0"])
async def test_a_range_after_the_end_is_rejected(api: ApiDriver, header: str) -> None:
    response = await read_range(api, header)
    assert (response.status_code, response.headers["content-range"]) == (416, "bytes */10")
    assert response.json()["reason_code"] == "invalid_argument"


async def test_the_older_api_reads_whole_files(api: ApiDriver, backend: Backend) -> None:
    backend.change_settings(Settings(api="0.8", durations=backend.settings.durations))
    assert (await read_range(api, "bytes=0-3")).status_code == 200


async def read_range(api: ApiDriver, header: str) -> httpx.Response:
    sandbox = await api.create_ready(name="web")
    headers = {"x-sandbox-id": sandbox["id"]}
    runtime = "/sandboxes-runtime/v1/files"
    require_success(await api.client.post(f"{runtime}/write?path=page", content=b"0123456789", headers=headers))
    return await api.client.post(f"{runtime}/read", json={"path": "page"}, headers={**headers, "range": header})
