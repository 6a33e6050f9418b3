"""Just enough of the Agent Service to count its requests in virtual time."""

import asyncio
import json
from collections import Counter
from datetime import UTC, datetime

import httpx
from tests.fakes.virtual_time import VirtualClock


class FakeService(httpx.AsyncBaseTransport):
    """Sandboxes that are Ready `provision` seconds after they were created, and go when they are deleted."""

    def __init__(
        self,
        *,
        provision: float = 5.0,
        latency: float = 0.01,
        newest_first: bool = False,
        per_second: int | None = None,
    ) -> None:
        self.provision = provision
        self.latency = latency
        self.newest_first = newest_first
        self.per_second = per_second
        self._this_second = (0, 0)
        self.clock = VirtualClock()
        self.made: dict[str, float] = {}
        self.refused = 0
        self.broken: dict[str, int] = {}
        """Sandboxes that nobody gets to see by themselves, and the status that is answered."""
        self.moments: list[tuple[int, int]] = []
        """How many there were, and how many of them Ready, after each request that changed that."""
        self.served: Counter[str] = Counter()

    @property
    def requests(self) -> int:
        return self.served.total()

    def add(self, name: str) -> None:
        """Let a sandbox exist, created now."""
        self.made[name] = self.clock.monotonic()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        *_, collection, last = request.url.path.split("/")
        kind = f"{request.method} {'list' if last == 'sandboxes' else 'item'}"
        self.served[kind] += 1
        await asyncio.sleep(self.latency)
        if self._is_too_fast():
            self.refused += 1
            return httpx.Response(
                429, headers={"Retry-After": "1"}, json={"code": "bad_request", "message": "slow down"}
            )
        if kind == "POST list":
            name = json.loads(request.content)["name"]
            self.add(name)
            self._remember()
            return httpx.Response(201, json=self._shown(name))
        if kind == "GET list":
            return httpx.Response(
                200, json=self._page(int(request.url.params["page"]), int(request.url.params["limit"]))
            )
        if last not in self.made or last in self.broken:
            status = self.broken.get(last, 404)
            return httpx.Response(
                status,
                json={"code": "not_found" if status == 404 else None, "message": f"nothing to be seen in {collection}"},
            )
        if request.method == "DELETE":
            del self.made[last]
            self._remember()
            return httpx.Response(204)
        return httpx.Response(200, json=self._shown(last))

    def _is_too_fast(self) -> bool:
        """Return whether this request is one too many in this second."""
        if self.per_second is None:
            return False
        second, count = self._this_second
        now = int(self.clock.monotonic())
        self._this_second = (now, count + 1 if now == second else 1)
        return self._this_second[1] > self.per_second

    def _remember(self) -> None:
        self.moments.append((len(self.made), sum(map(self._is_ready, self.made))))

    def _is_ready(self, name: str) -> bool:
        return self.clock.monotonic() >= self.made[name] + self.provision

    def _shown(self, name: str) -> dict[str, object]:
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
        names = sorted(self.made, key=lambda name: self.made[name], reverse=self.newest_first)
        shown = [self._shown(name) for name in names[(page - 1) * limit : page * limit]]
        return {"items": shown, "total": len(names), "page": page, "limit": limit}
