"""The control plane of a world, called without a socket, by paths below its project."""

from typing import Any

import httpx

from neev_emulator import Durations, World

START = 1_780_000_000.0
SLOW = Durations(
    create=10, fork=20, addressable=1, pause=2, resume=3, snapshot_start=1, snapshot=4, rollback=5, delete=6
)


class Api:
    """The control plane of one world, by paths below its project."""

    def __init__(self, world: World, http: httpx.AsyncClient) -> None:
        self.world = world
        self.http = http
        self.project = f"/agent/api/v1beta1/orgs/{world.org_id}/projects/{world.project_ids[0]}"

    async def send(self, method: str, path: str, body: object = None, **options: Any) -> httpx.Response:
        content: dict[str, Any] = {} if body is None else {"json": body}
        return await self.http.request(method, self.project + path, **content, **options)

    async def make(self, path: str = "/sandboxes", **body: Any) -> dict[str, Any]:
        return answered(await self.send("POST", path, body))

    async def ready(self, **body: Any) -> dict[str, Any]:
        made = await self.make(**body)
        self.world.advance(SLOW.create + SLOW.addressable)
        return await self.read(f"/sandboxes/{made['id']}")

    async def read(self, path: str) -> dict[str, Any]:
        return answered(await self.send("GET", path))

    async def refused(self, method: str, path: str, body: object = None) -> tuple[int, str, str]:
        answer = await self.send(method, path, body)
        return answer.status_code, answer.json()["code"], answer.json()["message"]


def answered(response: httpx.Response) -> dict[str, Any]:
    assert response.is_success, response.text
    answer: dict[str, Any] = response.json()
    return answer
