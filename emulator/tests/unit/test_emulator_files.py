"""Files of sandboxes and snapshots: copies, deletion, metrics and audit trail."""

import asyncio
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from helpers.emulator_harness import START, ApiDriver
from neev_emulator import Backend


async def call_runtime(api: ApiDriver, sandbox: str, path: str, **options: Any) -> httpx.Response:
    key = (await api.read(f"/sandboxes/{sandbox}"))["id"]
    return await api.client.post(f"/sandboxes-runtime/v1{path}", headers={"x-sandbox-id": key}, **options)


async def write_file(api: ApiDriver, sandbox: str, text: str) -> None:
    assert (await call_runtime(api, sandbox, "/files/write?path=page", content=text.encode())).status_code == 200


async def read_file(api: ApiDriver, sandbox: str) -> str:
    return (await call_runtime(api, sandbox, "/files/read", json={"path": "page"})).text


async def test_a_snapshot_contains_the_files_at_the_time_of_the_request(api: ApiDriver, backend: Backend) -> None:
    await api.create_ready(name="web")
    await write_file(api, "web", "first")
    snapshot = (await api.create("/sandboxes/web/snapshots"))["id"]
    await write_file(api, "web", "second")
    backend.advance(5)
    await api.create(name="copy", restore=snapshot)
    backend.advance(11)
    assert (await read_file(api, "copy"), await read_file(api, "web")) == ("first", "second")
    assert (await api.read(f"/snapshots/{snapshot}"))["size_bytes"] == 5


async def test_a_rollback_can_restore_a_snapshot_of_another_sandbox(api: ApiDriver, backend: Backend) -> None:
    for name in ("web", "other"):
        await api.create_ready(name=name)
        await write_file(api, name, name)
    snapshot = (await api.create("/sandboxes/other/snapshots"))["id"]
    backend.advance(5)
    await api.create("/sandboxes/web/rollback", snapshot_id=snapshot)
    backend.advance(5)
    assert await read_file(api, "web") == "other"


async def test_a_snapshot_of_a_paused_sandbox_can_be_created(api: ApiDriver, backend: Backend) -> None:
    await api.create_ready(name="web")
    await write_file(api, "web", "asleep")
    await api.create("/sandboxes/web/pause")
    snapshot = (await api.create("/sandboxes/web/snapshots"))["id"]
    backend.advance(5)
    await api.create(name="copy", restore=snapshot)
    backend.advance(10)
    assert await read_file(api, "copy") == "asleep"


async def test_concurrent_forks_all_contain_the_files(api: ApiDriver, backend: Backend) -> None:
    await api.create_ready(name="web")
    await write_file(api, "web", "same")
    await asyncio.gather(*(api.create("/sandboxes/web/fork", name=f"copy-{n}") for n in range(10)))
    backend.advance(20)
    assert {await read_file(api, f"copy-{n}") for n in range(10)} == {"same"}


async def test_only_one_of_two_concurrent_forks_with_one_name_is_created(api: ApiDriver, backend: Backend) -> None:
    await api.create_ready(name="web")
    forks = (api.send("POST", "/sandboxes/web/fork", {"name": "copy"}) for _ in range(2))
    assert sorted(response.status_code for response in await asyncio.gather(*forks)) == [201, 409]
    assert len(backend.sandboxes) == 2


async def test_deleting_a_sandbox_deletes_its_files(api: ApiDriver, backend: Backend) -> None:
    await api.create_ready(name="web")
    await write_file(api, "web", "text")
    await api.create("/sandboxes/web/snapshots")
    await api.send("DELETE", "/sandboxes/web")
    backend.advance(6)
    await api.read("/sandboxes")
    await backend.background_tasks.join()
    assert list((backend.directory / "files").iterdir()) == []


@pytest.fixture
def low_recursion_limit() -> Iterator[int]:
    """Lower Python's recursion limit, so that fewer directories exceed it, and yield the limit."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(400)
    yield sys.getrecursionlimit()
    sys.setrecursionlimit(limit)


async def test_a_tree_deeper_than_the_recursion_limit_is_copied_and_deleted(
    api: ApiDriver, backend: Backend, low_recursion_limit: int
) -> None:
    await api.create_ready(name="web")
    deep = "d/" * (low_recursion_limit + 100)
    assert (await call_runtime(api, "web", "/files/mkdir", json={"path": deep})).status_code == 200
    snapshot = (await api.create("/sandboxes/web/snapshots"))["id"]
    await api.create("/sandboxes/web/fork", name="copy")
    backend.advance(20)
    assert (await call_runtime(api, "copy", "/files/exists", json={"path": deep})).json() == {"exists": True}
    assert (await api.send("DELETE", f"/snapshots/{snapshot}")).status_code == 204
    await api.client.post("/_emulator/reset")
    assert list((backend.directory / "files").iterdir()) == []


async def test_the_runtime_rejects_invalid_keys_and_sandboxes_that_are_not_ready(
    api: ApiDriver, backend: Backend
) -> None:
    created = await api.create(name="web")
    request_body: dict[str, Any] = {"json": {"path": "."}}
    assert (await call_runtime(api, "web", "/files/list", **request_body)).status_code == 503
    backend.advance(10)
    assert (await call_runtime(api, "web", "/files/list", **request_body)).status_code == 200
    for headers in (
        {"x-sandbox-id": created["id"], "authorization": "Bearer wrong"},
        {"x-sandbox-id": "", "authorization": ""},
    ):
        rejected = await api.client.post("/sandboxes-runtime/v1/files/list", headers=headers, json={"path": "."})
        assert (rejected.status_code, rejected.json()["reason_code"]) == (401, "permission_denied")
    nobody = {"x-sandbox-id": "nobody"}
    unknown = await api.client.post("/sandboxes-runtime/v1/files/list", headers=nobody, json={"path": "."})
    assert unknown.status_code == 404
    await api.send("DELETE", "/sandboxes/web")
    assert (await call_runtime(api, "web", "/files/list", **request_body)).status_code == 404


async def test_a_connect_token_expires(api: ApiDriver, backend: Backend) -> None:
    created = await api.create_ready(name="web")
    token = await api.create("/sandboxes/web/connect-token")

    async def list_files(bearer: str) -> int:
        headers = {"x-sandbox-id": created["id"], "authorization": f"Bearer {bearer}"}
        response = await api.client.post("/sandboxes-runtime/v1/files/list", json={"path": "."}, headers=headers)
        return response.status_code

    assert await list_files(token["token"]) == 200
    assert await list_files(token["token"][:-1] + ("0" if token["token"][-1] != "0" else "1")) == 401
    assert await list_files("nct.x.y.z") == 401
    backend.advance(token["expires_in"])
    assert await list_files(token["token"]) == 401


async def test_usage_is_measured_after_activity_and_when_metrics_are_read(api: ApiDriver, backend: Backend) -> None:
    await api.create_ready(name="web")
    await write_file(api, "web", "12345")
    for _ in range(4):
        backend.advance(5)
        await api.read("/sandboxes/web")
        await backend.background_tasks.join()
    window = "from=2026-05-28T20:26:40Z&to=2026-05-28T20:27:40Z&step=1s"
    series = {item["metric"]: item["points"] for item in (await api.read(f"/sandboxes/web/metrics?{window}"))["series"]}
    assert [(at - START, size) for at, size in series["disk_usage_bytes"]] == [(16, 5), (31, 5)]
    assert series["process_count"] == [[START + 16, 0], [START + 31, 0]]


async def test_usage_is_measured_while_a_process_runs(api: ApiDriver, backend: Backend) -> None:
    await api.create_ready(name="web")
    script = {"program": "sh", "args": ["-c", "touch running; kill -STOP $$"]}
    started = await call_runtime(api, "web", "/processes/start", json=script)
    assert started.status_code == 200, started.text
    while not (await call_runtime(api, "web", "/files/exists", json={"path": "running"})).json()["exists"]:
        continue
    for _ in range(4):
        backend.advance(5)
        await api.read("/sandboxes/web")
        await backend.background_tasks.join()
    window = "from=2026-05-28T20:26:40Z&to=2026-05-28T20:27:30Z&step=1s"
    series = {item["metric"]: item["points"] for item in (await api.read(f"/sandboxes/web/metrics?{window}"))["series"]}
    assert series["process_count"] == [[START + 16 + 5 * n, 1] for n in range(4)]
    assert all(memory > 0 for _, memory in series["memory_usage_bytes"])


async def test_the_usage_of_a_deleted_sandbox_is_not_measured(api: ApiDriver, backend: Backend) -> None:
    await api.create_ready(name="web")
    await write_file(api, "web", "x")
    record = backend.sandboxes.find(backend.project_ids[0], "web")
    await api.send("DELETE", "/sandboxes/web")
    backend.advance(6)
    await api.send("GET", "/sandboxes/web")
    await backend.background_tasks.join()
    await backend.measure(record)
    assert list((backend.directory / "files").iterdir()) == []


async def test_metrics_use_a_longer_step_if_there_are_too_many_points(api: ApiDriver) -> None:
    await api.create(name="web")
    metrics = await api.read("/sandboxes/web/metrics?from=2026-05-01T00:00:00Z&to=2026-05-28T00:00:00Z&step=1s")
    assert metrics["step"] == f"{27 * 24 * 3600 // 1440}s"


async def test_the_audit_window_is_truncated_to_the_retention(api: ApiDriver) -> None:
    await api.create(name="web")
    trail = await api.read("/sandboxes/web/audit?from=2026-01-01T00:00:00Z")
    assert (trail["window_truncated"], trail["data"]) == (True, [])
    assert trail["from"].startswith("2026-04-28")


async def test_audit_pages_contain_each_record_once(api: ApiDriver) -> None:
    await api.create_ready(name="web")
    for _ in range(5):
        await write_file(api, "web", "x")
    ids, cursor = [], ""
    while True:
        page = await api.read(f"/sandboxes/web/audit?limit=2{cursor}")
        ids += [event["metadata"]["uid"] for event in page["data"]]
        if "next_cursor" not in page:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert len(ids) == len(set(ids)) == 5
