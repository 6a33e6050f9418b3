"""Many concurrent clients: each gets the same responses as a single client, and no object remains."""

import asyncio
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import httpx

from helpers.emulator_harness import ApiDriver
from neev_emulator import Backend, Durations, RandomFaults, Settings, serve_backend

CLIENTS = 40
FAST_DURATIONS = Durations(create=0.02, fork=0.02, addressable=0, snapshot_start=0, snapshot=0.02, delete=0.02)


async def run_client(http: httpx.AsyncClient, number: int) -> None:
    """Create a sandbox, run a command, write a file, take a snapshot, and delete the sandbox."""
    name, content = f"web-{number}", os.urandom(10_000)
    sandbox = require_status(await http.post("/sandboxes", json={"name": name}), 201)
    await wait_until(http, f"/sandboxes/{name}", lambda response: require_status(response)["phase"] == "Ready")
    runtime, headers = str(http.base_url.copy_with(path="/sandboxes-runtime/v1")), {"x-sandbox-id": sandbox["id"]}
    ran = await http.post(
        f"{runtime}/exec",
        json={"command": "sh", "args": ["-c", "echo $NEEV_SANDBOX_DIRECTORY > where; sleep 1000 &"]},
        headers=headers,
    )
    assert '"exit_code":0' in ran.text
    assert (await http.post(f"{runtime}/files/write?path=page", content=content, headers=headers)).status_code == 200
    snapshot = require_status(await http.post(f"/sandboxes/{name}/snapshots", json={}), 202)
    assert (await http.post(f"{runtime}/files/read", json={"path": "page"}, headers=headers)).content == content
    where = (await http.post(f"{runtime}/files/read", json={"path": "where"}, headers=headers)).text
    assert sandbox["id"] in where
    await wait_until(
        http, f"/snapshots/{snapshot['id']}", lambda response: require_status(response)["status"] == "Ready"
    )
    assert (await http.delete(f"/sandboxes/{name}")).status_code == 204
    await wait_until(http, f"/sandboxes/{name}", lambda response: response.status_code == 404)


async def wait_until(http: httpx.AsyncClient, path: str, condition: Callable[[httpx.Response], bool]) -> None:
    while not condition(await http.get(path)):  # noqa: ASYNC110 - of another process
        await asyncio.sleep(0.05)


def require_status(response: httpx.Response, status: int = 200) -> dict[str, str]:
    assert response.status_code == status, response.text
    body: dict[str, str] = response.json()
    return body


def find_processes(directory: Path) -> set[int]:
    """Return the processes that run in the directory."""
    pids = set()
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if str(directory) in str((path / "cwd").readlink()):
                pids.add(int(path.name))
        except OSError:
            continue
    return pids


async def test_many_concurrent_clients_succeed_and_leave_no_objects() -> None:
    backend = Backend(Settings(durations=FAST_DURATIONS))
    with serve_backend(backend) as emulator:
        base = f"{emulator.base_url}/api/v1beta1/orgs/{emulator.org_id}/projects/{emulator.project_id}"
        headers = {"authorization": f"Bearer {emulator.api_key}"}
        limits = httpx.Limits(max_connections=CLIENTS)
        async with httpx.AsyncClient(base_url=base, headers=headers, verify=False, timeout=120, limits=limits) as http:
            await asyncio.gather(*(run_client(http, number) for number in range(CLIENTS)))
        state = emulator.state()
        assert (state["sandboxes"], state["snapshots"], emulator.counts()["POST /sandboxes"]) == (0, 0, CLIENTS)
        assert not any(str(entry["status"]).startswith("5") for entry in emulator.requests)
        deadline = asyncio.get_running_loop().time() + 30
        while list((backend.directory / "files").iterdir()) or find_processes(backend.directory):
            assert asyncio.get_running_loop().time() < deadline
            await asyncio.sleep(0.05)


async def test_1000_creates_succeed_with_a_rate_limit_and_random_faults(api: ApiDriver, backend: Backend) -> None:
    faults = RandomFaults(rate=0.02, seed=7)
    backend.initial_settings = Settings(durations=FAST_DURATIONS, rate_limit=50, random_faults=faults)
    await api.client.post("/_emulator/reset")
    for number in range(1000):
        status = 0
        while status not in {201, 409}:
            try:
                response = await api.send("POST", "/sandboxes", {"name": f"web-{number}"})
            except ConnectionResetError:  # closed before or after the operation was executed
                continue
            status = response.status_code
            if response.headers.get("retry-after"):
                assert response.headers["retry-after"] == "1"
                backend.clock.advance(1)
    assert len(backend.sandboxes) == 1000
    log = (await api.client.get("/_emulator/log")).json()
    kinds = Counter(entry["fault"] for entry in log)
    assert 15 <= kinds["rate_limit"] <= 20  # one per 50 requests, less the time advanced for retries of random faults
    fault_count = sum(kinds[kind] for kind in ("status", "reset_before", "reset_after", "truncate_body"))
    assert 10 <= fault_count <= 40
    assert len(log) == kinds["rate_limit"] + fault_count + kinds[None]
