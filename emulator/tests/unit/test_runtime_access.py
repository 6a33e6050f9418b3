"""Access to the runtime: keys, ranges, and the resume of paused sandboxes."""

import httpx
import pytest

from helpers.emulator_harness import ApiDriver, require_success
from neev_emulator import Backend, Settings


async def list_files(api: ApiDriver, sandbox_id: str, **headers: str) -> httpx.Response:
    return await api.client.post(
        "/sandboxes-runtime/v1/files/list", json={"path": "."}, headers={"x-sandbox-id": sandbox_id, **headers}
    )


@pytest.mark.parametrize("seconds_after_pause", [0, 2])
async def test_a_runtime_request_resumes_a_paused_sandbox(
    api: ApiDriver, backend: Backend, seconds_after_pause: float
) -> None:
    sandbox = await api.create_ready(name="web")
    await api.create("/sandboxes/web/pause")
    backend.advance(seconds_after_pause)
    for _ in range(2):
        unavailable = await list_files(api, sandbox["id"], prefer="wait=0")
        assert (unavailable.status_code, unavailable.headers["retry-after"]) == (503, "2")
        body = unavailable.json()
        assert (body["reason_code"], body["reason"]) == ("unavailable", "sandbox_waking")
        assert (await api.read("/sandboxes/web"))["phase"] == "Resuming"
    backend.advance(3)
    require_success(await list_files(api, sandbox["id"]))


async def test_a_pending_sandbox_returns_503_without_a_reason(api: ApiDriver) -> None:
    sandbox = await api.create(name="web")
    response = await list_files(api, sandbox["id"])
    assert (response.status_code, "reason" in response.json()) == (503, False)


async def test_a_runtime_request_does_not_resume_a_paused_sandbox_with_api_0_8(
    api: ApiDriver, backend: Backend
) -> None:
    backend.change_settings(Settings(api="0.8", durations=backend.settings.durations))
    sandbox = await api.create_ready(name="web")
    await api.create("/sandboxes/web/pause")
    paused = await list_files(api, sandbox["id"])
    assert (paused.status_code, paused.json()["reason_code"]) == (412, "failed_precondition")
    await api.create("/sandboxes/web/resume")
    resuming = await list_files(api, sandbox["id"])
    assert (resuming.status_code, "reason" in resuming.json()) == (503, False)


async def test_the_x_api_key_header_is_accepted_since_api_0_9(api: ApiDriver, backend: Backend) -> None:
    sandbox = await api.create_ready(name="web")
    headers = {"authorization": "", "x-api-key": backend.api_key}
    require_success(await list_files(api, sandbox["id"], **headers))
    assert (await list_files(api, sandbox["id"], **{**headers, "x-api-key": "other"})).status_code == 401
    backend.change_settings(Settings(api="0.8"))
    assert (await list_files(api, sandbox["id"], **headers)).status_code == 401


async def test_a_command_timeout_over_one_hour_is_rejected_since_api_0_9(api: ApiDriver, backend: Backend) -> None:
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
async def test_a_range_request_returns_part_of_a_file(
    api: ApiDriver, header: str, content_range: str, content: str
) -> None:
    response = await read_range(api, header)
    assert (response.status_code, response.headers["content-range"], response.text) == (206, content_range, content)
    assert response.headers["content-length"] == str(len(content))


@pytest.mark.parametrize("header", ["", "bytes=-", "bytes=3-2", "bytes=0-1,3-4", "lines=0-1"])
async def test_an_unsupported_range_header_is_ignored(api: ApiDriver, header: str) -> None:
    response = await read_range(api, header)
    assert (response.status_code, response.text) == (200, "0123456789")


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-20", "bytes=-0"])
async def test_a_range_after_the_end_of_the_file_returns_416(api: ApiDriver, header: str) -> None:
    response = await read_range(api, header)
    assert (response.status_code, response.headers["content-range"]) == (416, "bytes */10")
    assert response.json()["reason_code"] == "invalid_argument"


async def test_api_0_8_ignores_the_range_header(api: ApiDriver, backend: Backend) -> None:
    backend.change_settings(Settings(api="0.8", durations=backend.settings.durations))
    assert (await read_range(api, "bytes=0-3")).status_code == 200


async def read_range(api: ApiDriver, header: str) -> httpx.Response:
    sandbox = await api.create_ready(name="web")
    headers = {"x-sandbox-id": sandbox["id"]}
    runtime = "/sandboxes-runtime/v1/files"
    require_success(await api.client.post(f"{runtime}/write?path=page", content=b"0123456789", headers=headers))
    return await api.client.post(f"{runtime}/read", json={"path": "page"}, headers={**headers, "range": header})
