"""A transport that replays prepared outcomes."""

from collections.abc import Iterable, Mapping

import httpx

ScriptedOutcome = httpx.Response | Exception


class ScriptedTransport(httpx.AsyncBaseTransport):
    """A transport that replays outcomes in order, repeats the last one, and records the requests."""

    def __init__(self, *endings: ScriptedOutcome) -> None:
        self._outcomes = list(endings)
        self.sent: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        ending = self._outcomes.pop(0) if len(self._outcomes) > 1 else self._outcomes[0]
        if isinstance(ending, Exception):
            raise ending
        # A response can be read only once, and the last one of a script may be returned many times.
        return httpx.Response(ending.status_code, headers=ending.headers, content=ending.content)

    @property
    def sent_lines(self) -> list[str]:
        """Return the method and the last part of the path of every sent request."""
        return [f"{request.method} {request.url.path.rsplit('/', 1)[-1]}" for request in self.sent]


def json_response(status: int = 200, json: object = None, **headers: str) -> httpx.Response:
    """Return a response; its headers are passed as Python names, such as `retry_after`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, json={} if json is None else json, headers=named)


def not_found_response(message: str = "not found", **headers: str) -> httpx.Response:
    """Return the API's response for an object that does not exist."""
    return json_response(404, {"code": "not_found", "message": message}, **headers)


def page_response(
    items: Iterable[Mapping[str, object]], *, total: int | None = None, limit: int = 100
) -> httpx.Response:
    """Return one page of a list."""
    listed = list(items)
    return json_response(
        json={"items": listed, "total": len(listed) if total is None else total, "page": 1, "limit": limit}
    )
