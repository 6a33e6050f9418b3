"""The HTTP client of runtimes, which waits for a sandbox that the platform resumes because it is used."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import httpx
from typing_extensions import override

from neev_provider.client.http.retry import parse_retry_after
from neev_provider.client.resume_wait import CURRENT_CALL, RESUMING_REASON
from neev_provider.core.clock import SYSTEM_CLOCK

DEFAULT_RESUME_DELAY = 2.0
"""Seconds until the next attempt, if the response has no Retry-After."""


class RuntimeClient(httpx.AsyncClient):
    """An HTTP client that sends a request again only while the response says that the sandbox is being resumed."""

    @override
    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        response, call = await super().send(request, **options), CURRENT_CALL.get()
        delay = await _resume_delay(response)
        if call.resume_wait is not None:
            while delay is not None and await call.resume_wait.wait(delay):
                response = await super().send(request, **options)
                delay = await _resume_delay(response)
            call.resume_wait.is_waiting = delay is not None
        call.is_resuming = delay is not None
        call.status, call.content_range = response.status_code, response.headers.get("content-range", "")
        return response


async def _resume_delay(response: httpx.Response) -> float | None:
    """Return the seconds until the next attempt; None unless the platform is resuming the sandbox."""
    if response.status_code != HTTPStatus.SERVICE_UNAVAILABLE:
        return None
    await response.aread()
    try:
        body = response.json()
    except ValueError:
        return None
    if not isinstance(body, dict) or body.get("reason") != RESUMING_REASON:
        return None
    delay = parse_retry_after(response.headers.get("retry-after"), now=SYSTEM_CLOCK.now())
    return DEFAULT_RESUME_DELAY if delay is None else delay
