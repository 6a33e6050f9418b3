"""Supervised processes continue after their request and remain in the list."""

import asyncio

import httpx

from helpers.runtime_harness import ManualClock, is_gone, parse_frames, wait_until
from neev_emulator.runtime import SandboxHost


async def start_process(api: httpx.AsyncClient, script: str) -> str:
    response = await api.post("/v1/processes/start", json={"program": "sh", "args": ["-c", script]})
    return str(response.json()["process_id"])


async def test_start_returns_the_process_with_its_start_time(api: httpx.AsyncClient, clock: ManualClock) -> None:
    clock.seconds = 1234.5678
    response = await api.post("/v1/processes/start", json={"program": "sleep", "args": ["60"], "cwd": "."})
    info = response.json()
    assert info.pop("process_id").startswith("proc-")
    assert info == {
        "state": "running",
        "exit_code": None,
        "started_at": 1_234_568,
        "name": "sleep",
        "args": ["60"],
        "cwd": ".",
    }


async def test_get_with_wait_returns_when_the_process_exits(api: httpx.AsyncClient, host: SandboxHost) -> None:
    process_id = await start_process(api, "until [ -e go ]; do sleep 0.01; done; exit 5")
    waiting = asyncio.create_task(api.post("/v1/processes/get", json={"process_id": process_id, "wait": True}))
    assert (await api.post("/v1/processes/get", json={"process_id": process_id})).json()["state"] == "running"
    host.files.write("go", b"")
    assert (await waiting).json()["exit_code"] == 5


async def test_following_the_logs_of_an_exited_process_ends_with_its_exit_code(api: httpx.AsyncClient) -> None:
    process_id = await start_process(api, "echo out; echo err >&2; exit 2")
    await api.post("/v1/processes/get", json={"process_id": process_id, "wait": True})
    frames = parse_frames(await api.post("/v1/processes/logs", json={"process_id": process_id, "follow": True}))
    assert sorted(frame["data"] for frame in frames[:-1]) == [b"err\n", b"out\n"]
    assert frames[-1] == {"type": "exit", "exit_code": 2}


async def test_invalid_utf_8_is_replaced_in_log_pages_but_not_in_frames(api: httpx.AsyncClient) -> None:
    process_id = await start_process(api, "printf 'a\\377b'")
    await api.post("/v1/processes/get", json={"process_id": process_id, "wait": True})
    page = (await api.post("/v1/processes/logs", json={"process_id": process_id})).json()
    assert "".join(entry["data"] for entry in page["entries"]) == "a\ufffdb"
    frames = parse_frames(await api.post("/v1/processes/logs", json={"process_id": process_id, "follow": True}))
    assert b"".join(frame["data"] for frame in frames[:-1]) == b"a\xffb"


async def test_kill_signals_the_child_processes_of_a_process(api: httpx.AsyncClient, host: SandboxHost) -> None:
    process_id = await start_process(api, "sleep 60 & echo $! > pid.new; mv pid.new pid; wait")
    await wait_until((host.workspace / "pid").exists)
    pid = int((host.workspace / "pid").read_text())
    assert (await api.post("/v1/processes/kill", json={"process_id": process_id})).json() == {"signalled": True}
    await api.post("/v1/processes/get", json={"process_id": process_id, "wait": True})
    await wait_until(lambda: is_gone(pid))
    assert (await api.post("/v1/processes/kill", json={"process_id": process_id})).json() == {"signalled": False}
    assert (await api.post("/v1/processes/kill-all", json={})).json() == {"signalled_count": 0}


async def test_the_oldest_exited_processes_are_removed_from_the_list(api: httpx.AsyncClient, host: SandboxHost) -> None:
    first = await start_process(api, "sleep 60")
    for _ in range(258):
        process = host.spawn("true", [], env={})
        definition = host.processes.define("true", (), cwd=None, env={}, stdin=None)
        await host.processes.add(definition, process).log.wait_until_ended()
    known = (await api.post("/v1/processes/list", json={})).json()["processes"]
    assert len(known) == 258
    assert known[0]["process_id"] == first


async def test_an_unsupported_signal_is_rejected(api: httpx.AsyncClient) -> None:
    response = await api.post("/v1/processes/kill-all", json={"signal": 32})
    assert (response.status_code, response.json()["reason_code"]) == (400, "invalid_argument")
