"""Kills in the middle of a storm: what was acknowledged is there, whole, and nothing else is shown as if it were."""

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

from helpers.killed_emulator import inside, killable, ready

WORKERS = 8
CONTENT = 200_000
MANY = 4000


@dataclass
class Known:
    """What clients know: what was acknowledged, and what was asked for and never answered."""

    sandboxes: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    snapshots: dict[str, bytes] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    overwriting: dict[str, bytes] = field(default_factory=dict)


class Client:
    """One client of the storm, in its own sandbox most of the time."""

    def __init__(self, http: httpx.AsyncClient, runtime: str, known: Known, dice: random.Random) -> None:
        self._http = http
        self._runtime = runtime
        self._known = known
        self._dice = dice

    async def live(self, name: str) -> None:
        """A sandbox is made, and its file is written and captured again and again, until the emulator is gone."""
        self._known.asked.add(name)
        made = await self._http.post("/sandboxes", json={"name": name})
        self._known.sandboxes[name] = made.json()["id"]
        while (await self._http.get(f"/sandboxes/{name}")).json()["phase"] != "Ready":
            continue
        while True:
            await self._write(name)
            await self._capture(name)
            fork = f"{name}-{self._dice.randrange(10**9)}"
            self._known.asked.add(fork)
            answer = await self._http.post(f"/sandboxes/{name}/fork", json={"name": fork})
            self._known.sandboxes[fork] = answer.json()["id"]
            self._known.files[fork] = self._known.files[name]

    async def _write(self, name: str) -> None:
        content = self._dice.randbytes(4) * (self._dice.randrange(CONTENT) // 4)
        self._known.overwriting[name] = content
        key = self._known.sandboxes[name]
        url = f"{self._runtime}/files/write?path=deep/er/file"
        answer = await self._http.post(url, content=content, headers={"x-sandbox-id": key})
        assert answer.status_code == 200, answer.text
        self._known.files[name] = self._known.overwriting.pop(name)

    async def _capture(self, name: str) -> None:
        answer = await self._http.post(f"/sandboxes/{name}/snapshots", json={})
        self._known.snapshots[answer.json()["id"]] = self._known.files[name]


@asynccontextmanager
async def connected(client: httpx.Client) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=client.base_url, headers=client.headers, verify=False) as http:
        yield http


async def storm(client: httpx.Client, known: Known, dice: random.Random, kill: Any) -> None:
    """Clients live, and the emulator is killed once so many things were acknowledged."""
    enough = len(known.sandboxes) + len(known.snapshots) + dice.randrange(10, 60)
    tag = dice.randrange(10**6)
    async with connected(client) as http:
        runtime = str(client.base_url.copy_with(path="/sandboxes-runtime/v1"))
        clients = [
            Client(http, runtime, known, random.Random(dice.random())).live(f"w{tag}-{n}") for n in range(WORKERS)
        ]
        tasks = [asyncio.create_task(each) for each in clients]
        deadline = time.monotonic() + 60
        while len(known.sandboxes) + len(known.snapshots) < enough:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.001)
        kill()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert {type(each) for each in outcomes} <= {httpx.ReadError, httpx.RemoteProtocolError, httpx.ConnectError}, (
        outcomes
    )


def content(client: httpx.Client, sandbox: dict[str, Any]) -> bytes:
    with inside(client, sandbox) as runtime:
        answer = runtime.post("/files/read", json={"path": "deep/er/file"})
        assert answer.status_code == 200, answer.text
        return answer.content


def all_sandboxes(client: httpx.Client) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    page = 1
    while items := client.get(f"/sandboxes?limit=100&page={page}").json()["items"]:
        found |= {item["name"]: item for item in items}
        page += 1
    return found


def check(client: httpx.Client, known: Known, directory: Path) -> None:
    found = all_sandboxes(client)
    assert {name: found[name]["id"] for name in known.sandboxes} == known.sandboxes
    assert found.keys() <= known.asked
    for name, written in known.files.items():
        ready(client, f"/sandboxes/{name}")
        assert content(client, found[name]) in {written, known.overwriting.get(name)}
    for key in known.snapshots:
        assert ready(client, f"/snapshots/{key}", "status")["size_bytes"] == len(known.snapshots[key])
    for key in list(known.snapshots)[-3:]:
        restored = client.post("/sandboxes", json={"restore": key}).json()
        assert content(client, ready(client, f"/sandboxes/{restored['id']}")) == known.snapshots[key]
        known.asked.add(restored["name"])
    ids = {item["id"] for item in all_sandboxes(client).values()} | known.snapshots.keys()
    orphans = {place.name for place in (directory / "files").iterdir()} - ids
    assert len(orphans) <= WORKERS  # snapshots that were kept, and whose answer was lost
    assert all(client.get(f"/snapshots/{key}").status_code == 200 for key in orphans)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_kill_in_a_storm_loses_nothing_that_was_acknowledged(seed: int, tmp_path: Path) -> None:
    dice, known = random.Random(seed), Known()
    for _ in range(2):
        with killable(tmp_path) as (process, client):
            asyncio.run(storm(client, known, dice, process.kill))
            process.wait()
        with killable(tmp_path) as (_, client):
            check(client, known, tmp_path)
        known.files |= {name: known.files[name] for name in known.files.keys() - known.overwriting.keys()}
        for name in known.overwriting:
            known.files.pop(name, None)
        known.overwriting.clear()


@pytest.mark.parametrize(("path", "body"), [("snapshots", {}), ("fork", {"name": "copy"})])
def test_a_kill_in_the_middle_of_a_copy_leaves_nothing_of_it(path: str, body: dict[str, str], tmp_path: Path) -> None:
    with killable(tmp_path) as (process, client):
        client.post("/sandboxes", json={"name": "web"})
        sandbox = ready(client, "/sandboxes/web")
        with inside(client, sandbox) as runtime:
            many = f"i=0; while [ $i -lt {MANY} ]; do echo $i > $i; i=$((i+1)); done"
            runtime.post("/exec", json={"command": "sh", "args": ["-c", many]}, timeout=60)
        with ThreadPoolExecutor(1) as threads:
            lost = threads.submit(client.post, f"/sandboxes/web/{path}", json=body)
            while not (copying := [copied for copied in copies(tmp_path, sandbox["id"]) if copied]):
                assert not lost.done()
            process.kill()
            process.wait()
            assert lost.exception()
        assert copying[0] <= copies(tmp_path, sandbox["id"])[0] < MANY
    with killable(tmp_path) as (_, client):
        assert client.get("/sandboxes").json()["total"] == 1
        assert client.get("/sandboxes/web/snapshots").json()["total"] == 0
        assert [place.name for place in (tmp_path / "files").iterdir()] == [sandbox["id"]]
        assert client.post("/sandboxes/web/fork", json={"name": "copy"}).status_code == 201


def copies(directory: Path, origin: str) -> list[int]:
    """How many files there are in what is being copied from this sandbox."""
    places = [place / "workspace" for place in (directory / "files").iterdir() if place.name != origin]
    return [len(list(place.iterdir())) for place in places if place.exists()]
