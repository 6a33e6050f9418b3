"""The control plane of a backend, called without a socket."""

from typing import Any

import httpx

from neev_emulator import Backend, Durations

START = 1_780_000_000.0
SLOW = Durations(
    create=10, fork=20, addressable=1, pause=2, resume=3, snapshot_start=1, snapshot=4, rollback=5, delete=6
)


class ApiDriver:
    """Sends requests to the control plane of one backend, by paths below its project."""

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
        created = await self.create(**body)
        self.backend.advance(SLOW.create + SLOW.addressable)
        return await self.read(f"/sandboxes/{created['id']}")

    async def read(self, path: str) -> dict[str, Any]:
        return require_success(await self.send("GET", path))

    async def send_refused(self, method: str, path: str, body: object = None) -> tuple[int, str, str]:
        response = await self.send(method, path, body)
        return response.status_code, response.json()["code"], response.json()["message"]


def require_success(response: httpx.Response) -> dict[str, Any]:
    assert response.is_success, response.text
    body: dict[str, Any] = response.json()
    return body
