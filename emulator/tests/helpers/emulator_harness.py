"""The control plane of a world, called without a socket, by paths below its project."""

from typing import Any

import httpx

from neev_emulator import Backend, Durations

START = 1_780_000_000.0
SLOW = Durations(
    create=10, fork=20, addressable=1, pause=2, resume=3, snapshot_start=1, snapshot=4, rollback=5, delete=6
)


class ApiDriver:
    """The control plane of one world, by paths below its project."""

    def __init__(self, backend: Backend, http: httpx.AsyncClient) -> None:
        self.backend = backend
        self.client = http
        self.project = f"/agent/api/v1beta1/orgs/{backend.org_id}/projects/{backend.project_ids[0]}"

    async def send(self, method: str, path: str, body: object = None, **options: Any) -> httpx.Response:
        content: dict[str, Any] = {} if body is None else {"json": body}
        return await self.client.request(method, self.project + path, **content, **options)

    async def create(self, path: str = "/sandboxes", **body: Any) -> dict[str, Any]:
        return require_success(await self.send("POST", path, body))

    async def create_ready(self, **body: Any) -> dict[str, Any]:
        made = await self.create(**body)
        self.backend.advance(SLOW.create + SLOW.addressable)
        return await self.read(f"/sandboxes/{made['id']}")

    async def read(self, path: str) -> dict[str, Any]:
        return require_success(await self.send("GET", path))

    async def send_refused(self, method: str, path: str, body: object = None) -> tuple[int, str, str]:
        answer = await self.send(method, path, body)
        return answer.status_code, answer.json()["code"], answer.json()["message"]


def require_success(response: httpx.Response) -> dict[str, Any]:
    assert response.is_success, response.text
    answer: dict[str, Any] = response.json()
    return answer
