"""Kills under load: acknowledged changes are complete, and no other object is listed."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from helpers.killed_emulator import open_runtime_client, start_killable, wait_until_ready

WORKERS = 8
CONTENT = 200_000
FILE_COUNT = 4000


@dataclass
class ExpectedState:
    """The acknowledged changes, and the requested ones without a response."""

    sandboxes: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    snapshots: dict[str, bytes] = field(default_factory=dict)
    requested: set[str] = field(default_factory=set)
    pending_writes: dict[str, bytes] = field(default_factory=dict)


class LoadClient:
    """One client of the load, with its own sandbox."""

    def __init__(self, http: httpx.AsyncClient, runtime: str, expected: ExpectedState, rng: random.Random) -> None:
        self._http = http
        self._runtime = runtime
        self._expected = expected
        self._rng = rng

    async def run(self, name: str) -> None:
        """Create a sandbox, then write and capture its file until the emulator is killed."""
        self._expected.requested.add(name)
        created = await self._http.post("/sandboxes", json={"name": name})
        self._expected.sandboxes[name] = created.json()["id"]
        while (await self._http.get(f"/sandboxes/{name}")).json()["phase"] != "Ready":
            continue
        while True:
            await self._write(name)
            await self._capture(name)
            fork = f"{name}-{self._rng.randrange(10**9)}"
            self._expected.requested.add(fork)
            response = await self._http.post(f"/sandboxes/{name}/fork", json={"name": fork})
            self._expected.sandboxes[fork] = response.json()["id"]
            self._expected.files[fork] = self._expected.files[name]

    async def _write(self, name: str) -> None:
        content = self._rng.randbytes(4) * (self._rng.randrange(CONTENT) // 4)
        self._expected.pending_writes[name] = content
        key = self._expected.sandboxes[name]
        url = f"{self._runtime}/files/write?path=deep/er/file"
        response = await self._http.post(url, content=content, headers={"x-sandbox-id": key})
        assert response.status_code == 200, response.text
        self._expected.files[name] = self._expected.pending_writes.pop(name)

    async def _capture(self, name: str) -> None:
        response = await self._http.post(f"/sandboxes/{name}/snapshots", json={})
        self._expected.snapshots[response.json()["id"]] = self._expected.files[name]


@asynccontextmanager
async def connect(client: httpx.Client) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=client.base_url, headers=client.headers, verify=False) as http:
        yield http


async def run_load(client: httpx.Client, expected: ExpectedState, rng: random.Random, kill: Any) -> None:
    """Run clients; kill the emulator after a random number of acknowledged requests."""
    enough = len(expected.sandboxes) + len(expected.snapshots) + rng.randrange(10, 60)
    tag = rng.randrange(10**6)
    async with connect(client) as http:
        runtime = str(client.base_url.copy_with(path="/sandboxes-runtime/v1"))
        clients = [
            LoadClient(http, runtime, expected, random.Random(rng.random())).run(f"w{tag}-{n}") for n in range(WORKERS)
        ]
        tasks = [asyncio.create_task(item) for item in clients]
        deadline = time.monotonic() + 60
        while len(expected.sandboxes) + len(expected.snapshots) < enough:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.001)
        kill()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert {type(item) for item in outcomes} <= {httpx.ReadError, httpx.RemoteProtocolError, httpx.ConnectError}, (
        outcomes
    )


def read_content(client: httpx.Client, sandbox: dict[str, Any]) -> bytes:
    with open_runtime_client(client, sandbox) as runtime:
        response = runtime.post("/files/read", json={"path": "deep/er/file"})
        assert response.status_code == 200, response.text
        return response.content


def list_sandboxes(client: httpx.Client) -> dict[str, dict[str, Any]]:
    sandboxes: dict[str, dict[str, Any]] = {}
    page = 1
    while items := client.get(f"/sandboxes?limit=100&page={page}").json()["items"]:
        sandboxes |= {item["name"]: item for item in items}
        page += 1
    return sandboxes


def check_state(client: httpx.Client, expected: ExpectedState, directory: Path) -> None:
    sandboxes = list_sandboxes(client)
    assert {name: sandboxes[name]["id"] for name in expected.sandboxes} == expected.sandboxes
    assert sandboxes.keys() <= expected.requested
    for name, written in expected.files.items():
        wait_until_ready(client, f"/sandboxes/{name}")
        assert read_content(client, sandboxes[name]) in {written, expected.pending_writes.get(name)}
    for key in expected.snapshots:
        assert wait_until_ready(client, f"/snapshots/{key}", "status")["size_bytes"] == len(expected.snapshots[key])
    for key in list(expected.snapshots)[-3:]:
        restored = client.post("/sandboxes", json={"restore": key}).json()
        assert read_content(client, wait_until_ready(client, f"/sandboxes/{restored['id']}")) == expected.snapshots[key]
        expected.requested.add(restored["name"])
    ids = {item["id"] for item in list_sandboxes(client).values()} | expected.snapshots.keys()
    orphans = {path.name for path in (directory / "files").iterdir()} - ids
    assert len(orphans) <= WORKERS  # snapshots that were stored and whose response was lost
    assert all(client.get(f"/snapshots/{key}").status_code == 200 for key in orphans)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_acknowledged_changes_survive_a_kill_under_load(seed: int, tmp_path: Path) -> None:
    source, known = random.Random(seed), ExpectedState()
    for _ in range(2):
        with start_killable(tmp_path) as (process, client):
            asyncio.run(run_load(client, known, source, process.kill))
            process.wait()
        with start_killable(tmp_path) as (_, client):
            check_state(client, known, tmp_path)
        known.files |= {name: known.files[name] for name in known.files.keys() - known.pending_writes.keys()}
        for name in known.pending_writes:
            known.files.pop(name, None)
        known.pending_writes.clear()


@pytest.mark.parametrize(("path", "body"), [("snapshots", {}), ("fork", {"name": "copy"})])
def test_a_copy_interrupted_by_a_kill_is_deleted_at_the_next_start(
    path: str, body: dict[str, str], tmp_path: Path
) -> None:
    with start_killable(tmp_path) as (process, client):
        client.post("/sandboxes", json={"name": "web"})
        sandbox = wait_until_ready(client, "/sandboxes/web")
        with open_runtime_client(client, sandbox) as runtime:
            many = f"i=0; while [ $i -lt {FILE_COUNT} ]; do echo $i > $i; i=$((i+1)); done"
            runtime.post("/exec", json={"command": "sh", "args": ["-c", many]}, timeout=60)
        with ThreadPoolExecutor(1) as threads:
            lost = threads.submit(client.post, f"/sandboxes/web/{path}", json=body)
            while not (copying := [copied for copied in find_copies(tmp_path, sandbox["id"]) if copied]):
                assert not lost.done()
            process.kill()
            process.wait()
            assert lost.exception()
        assert copying[0] <= find_copies(tmp_path, sandbox["id"])[0] < FILE_COUNT
    with start_killable(tmp_path) as (_, client):
        assert client.get("/sandboxes").json()["total"] == 1
        assert client.get("/sandboxes/web/snapshots").json()["total"] == 0
        assert [path.name for path in (tmp_path / "files").iterdir()] == [sandbox["id"]]
        assert client.post("/sandboxes/web/fork", json={"name": "copy"}).status_code == 201


def find_copies(directory: Path, origin: str) -> list[int]:
    """Return the numbers of files in unfinished copies of this sandbox."""
    paths = [path / "workspace" for path in (directory / "files").iterdir() if path.name != origin]
    return [len(list(path.iterdir())) for path in paths if path.exists()]
