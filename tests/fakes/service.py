"""A minimal fake of the API that counts its requests in virtual time."""

import asyncio
import json
from collections import Counter
from datetime import UTC, datetime

import httpx
from tests.fakes.virtual_time import VirtualClock


class FakeService(httpx.AsyncBaseTransport):
    """A service whose sandboxes become Ready `create_seconds` seconds after their create."""

    def __init__(
        self,
        *,
        create_seconds: float = 5.0,
        latency: float = 0.01,
        newest_first: bool = False,
        per_second: int | None = None,
    ) -> None:
        self.create_seconds = create_seconds
        self.latency = latency
        self.newest_first = newest_first
        self.per_second = per_second
        self._current_second = (0, 0)
        self.clock = VirtualClock()
        self.created_at: dict[str, float] = {}
        self.throttled_count = 0
        self.failure_status: dict[str, int] = {}
        """The status of the error for each sandbox that cannot be read by id."""
        self.request_times: list[tuple[int, int]] = []
        """The number of sandboxes and of Ready ones, after each request that changed either."""
        self.served_requests: Counter[str] = Counter()

    @property
    def requests(self) -> int:
        return self.served_requests.total()

    def add(self, name: str) -> None:
        """Add a sandbox that is created now."""
        self.created_at[name] = self.clock.monotonic()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        *_, collection, last = request.url.path.split("/")
        kind = f"{request.method} {'list' if last == 'sandboxes' else 'item'}"
        self.served_requests[kind] += 1
        await asyncio.sleep(self.latency)
        if self._is_throttled():
            self.throttled_count += 1
            return httpx.Response(
                429, headers={"Retry-After": "1"}, json={"code": "bad_request", "message": "slow down"}
            )
        if kind == "POST list":
            name = json.loads(request.content)["name"]
            self.add(name)
            self._record_request()
            return httpx.Response(201, json=self._to_json(name))
        if kind == "GET list":
            return httpx.Response(
                200, json=self._page(int(request.url.params["page"]), int(request.url.params["limit"]))
            )
        if last not in self.created_at or last in self.failure_status:
            status = self.failure_status.get(last, 404)
            return httpx.Response(
                status,
                json={"code": "not_found" if status == 404 else None, "message": f"nothing to be seen in {collection}"},
            )
        if request.method == "DELETE":
            del self.created_at[last]
            self._record_request()
            return httpx.Response(204)
        return httpx.Response(200, json=self._to_json(last))

    def _is_throttled(self) -> bool:
        """Return whether this request exceeds the rate limit of this second."""
        if self.per_second is None:
            return False
        second, count = self._current_second
        now = int(self.clock.monotonic())
        self._current_second = (now, count + 1 if now == second else 1)
        return self._current_second[1] > self.per_second

    def _record_request(self) -> None:
        self.request_times.append((len(self.created_at), sum(map(self._is_ready, self.created_at))))

    def _is_ready(self, name: str) -> bool:
        return self.clock.monotonic() >= self.created_at[name] + self.create_seconds

    def _to_json(self, name: str) -> dict[str, object]:
        ready = self._is_ready(name)
        return {
            "id": name,
            "name": name,
            "phase": "Ready" if ready else "Pending",
            "addressable": ready,
            "org_id": "o",
            "project_id": "p",
            "created_at": datetime.fromtimestamp(self.clock.now(), UTC).isoformat(),
        }

    def _page(self, page: int, limit: int) -> dict[str, object]:
        names = sorted(self.created_at, key=lambda name: self.created_at[name], reverse=self.newest_first)
        shown = [self._to_json(name) for name in names[(page - 1) * limit : page * limit]]
        return {"items": shown, "total": len(names), "page": page, "limit": limit}
