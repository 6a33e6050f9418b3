"""A network on which each request ends as the script says."""

from collections.abc import Iterable, Mapping

import httpx

ScriptedOutcome = httpx.Response | Exception


class ScriptedTransport(httpx.AsyncBaseTransport):
    """Gives the endings in order, the last one for ever, and keeps what was sent."""

    def __init__(self, *endings: ScriptedOutcome) -> None:
        self._outcomes = list(endings)
        self.sent: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        ending = self._outcomes.pop(0) if len(self._outcomes) > 1 else self._outcomes[0]
        if isinstance(ending, Exception):
            raise ending
        # An answer is read once; the last of a script may be given many times.
        return httpx.Response(ending.status_code, headers=ending.headers, content=ending.content)

    @property
    def sent_lines(self) -> list[str]:
        """What was sent, as method and last part of the path."""
        return [f"{request.method} {request.url.path.rsplit('/', 1)[-1]}" for request in self.sent]


def json_response(status: int = 200, json: object = None, **headers: str) -> httpx.Response:
    """An answer with headers given as in Python: `retry_after`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, json={} if json is None else json, headers=named)


def not_found_response(message: str = "not found", **headers: str) -> httpx.Response:
    """The API's own answer that something does not exist."""
    return json_response(404, {"code": "not_found", "message": message}, **headers)


def page_response(
    items: Iterable[Mapping[str, object]], *, total: int | None = None, limit: int = 100
) -> httpx.Response:
    """One page of a list."""
    listed = list(items)
    return json_response(
        json={"items": listed, "total": len(listed) if total is None else total, "page": 1, "limit": limit}
    )
