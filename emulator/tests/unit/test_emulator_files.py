"""Files of sandboxes and snapshots: copied at one moment, and deleted."""

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


async def test_a_snapshot_holds_the_files_of_the_moment_it_was_asked_for(api: ApiDriver, backend: Backend) -> None:
    await api.create_ready(name="web")
    await write_file(api, "web", "first")
    snapshot = (await api.create("/sandboxes/web/snapshots"))["id"]
    await write_file(api, "web", "second")
    backend.advance(5)
    await api.create(name="copy", restore=snapshot)
    backend.advance(11)
    assert (await read_file(api, "copy"), await read_file(api, "web")) == ("first", "second")
    assert (await api.read(f"/snapshots/{snapshot}"))["size_bytes"] == 5


async def test_a_rollback_to_a_snapshot_of_another_sandbox_puts_its_files_in_place(
    api: ApiDriver, backend: Backend
) -> None:
    for name in ("web", "other"):
        await api.create_ready(name=name)
        await write_file(api, name, name)
    snapshot = (await api.create("/sandboxes/other/snapshots"))["id"]
    backend.advance(5)
    await api.create("/sandboxes/web/rollback", snapshot_id=snapshot)
    backend.advance(5)
    assert await read_file(api, "web") == "other"


async def test_a_snapshot_of_a_paused_sandbox_can_be_taken(api: ApiDriver, backend: Backend) -> None:
    await api.create_ready(name="web")
    await write_file(api, "web", "asleep")
    await api.create("/sandboxes/web/pause")
    snapshot = (await api.create("/sandboxes/web/snapshots"))["id"]
    backend.advance(5)
    await api.create(name="copy", restore=snapshot)
    backend.advance(10)
    assert await read_file(api, "copy") == "asleep"


async def test_many_forks_at_once_all_have_the_files(api: ApiDriver, backend: Backend) -> None:
    await api.create_ready(name="web")
    await write_file(api, "web", "same")
    await asyncio.gather(*(api.create("/sandboxes/web/fork", name=f"copy-{n}") for n in range(10)))
    backend.advance(20)
    assert {await read_file(api, f"copy-{n}") for n in range(10)} == {"same"}


async def test_of_two_forks_of_one_name_only_one_is_made(api: ApiDriver, backend: Backend) -> None:
    await api.create_ready(name="web")
    forks = (api.send("POST", "/sandboxes/web/fork", {"name": "copy"}) for _ in range(2))
    assert sorted(response.status_code for response in await asyncio.gather(*forks)) == [201, 409]
    assert len(backend.sandboxes) == 2


async def test_what_is_gone_leaves_no_files(api: ApiDriver, backend: Backend) -> None:
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
    """Lower Python's limit, so that a tree of fewer directories is deeper than it, and yield it."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(400)
    yield sys.getrecursionlimit()
    sys.setrecursionlimit(limit)


async def test_a_tree_deeper_than_python_may_recurse_is_captured_forked_and_cleared_away(
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


async def test_the_runtime_is_closed_to_strangers_and_while_the_sandbox_is_not_ready(
    api: ApiDriver, backend: Backend
) -> None:
    created = await api.create(name="web")
    ask: dict[str, Any] = {"json": {"path": "."}}
    assert (await call_runtime(api, "web", "/files/list", **ask)).status_code == 503
    backend.advance(10)
    assert (await call_runtime(api, "web", "/files/list", **ask)).status_code == 200
    for headers in (
        {"x-sandbox-id": created["id"], "authorization": "Bearer wrong"},
        {"x-sandbox-id": "", "authorization": ""},
    ):
        stranger = await api.client.post("/sandboxes-runtime/v1/files/list", headers=headers, json={"path": "."})
        assert (stranger.status_code, stranger.json()["reason_code"]) == (401, "permission_denied")
    nobody = {"x-sandbox-id": "nobody"}
    unknown = await api.client.post("/sandboxes-runtime/v1/files/list", headers=nobody, json={"path": "."})
    assert unknown.status_code == 404
    await api.send("DELETE", "/sandboxes/web")
    assert (await call_runtime(api, "web", "/files/list", **ask)).status_code == 404


async def test_a_connect_token_runs_out(api: ApiDriver, backend: Backend) -> None:
    created = await api.create_ready(name="web")
    token = await api.create("/sandboxes/web/connect-token")

    async def listed(bearer: str) -> int:
        headers = {"x-sandbox-id": created["id"], "authorization": f"Bearer {bearer}"}
        response = await api.client.post("/sandboxes-runtime/v1/files/list", json={"path": "."}, headers=headers)
        return response.status_code

    assert await listed(token["token"]) == 200
    assert await listed(token["token"][:-1] + ("0" if token["token"][-1] != "0" else "1")) == 401
    assert await listed("nct.x.y.z") == 401
    backend.advance(token["expires_in"])
    assert await listed(token["token"]) == 401


async def test_a_sandbox_is_measured_after_it_was_in_use_and_when_its_metrics_are_read(
    api: ApiDriver, backend: Backend
) -> None:
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


async def test_a_sandbox_with_a_process_is_measured_for_as_long_as_it_runs(api: ApiDriver, backend: Backend) -> None:
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


async def test_a_sandbox_that_is_gone_is_not_measured(api: ApiDriver, backend: Backend) -> None:
    await api.create_ready(name="web")
    await write_file(api, "web", "x")
    record = backend.sandboxes.find(backend.project_ids[0], "web")
    await api.send("DELETE", "/sandboxes/web")
    backend.advance(6)
    await api.send("GET", "/sandboxes/web")
    await backend.background_tasks.join()
    await backend.measure(record)
    assert list((backend.directory / "files").iterdir()) == []


async def test_metrics_use_a_longer_step_rather_than_too_many_points(api: ApiDriver) -> None:
    await api.create(name="web")
    metrics = await api.read("/sandboxes/web/metrics?from=2026-05-01T00:00:00Z&to=2026-05-28T00:00:00Z&step=1s")
    assert metrics["step"] == f"{27 * 24 * 3600 // 1440}s"


async def test_the_audit_trail_reaches_back_as_far_as_it_is_kept(api: ApiDriver) -> None:
    await api.create(name="web")
    trail = await api.read("/sandboxes/web/audit?from=2026-01-01T00:00:00Z")
    assert (trail["window_truncated"], trail["data"]) == (True, [])
    assert trail["from"].startswith("2026-04-28")


async def test_audit_pages_together_hold_each_record_once(api: ApiDriver) -> None:
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
