"""Requests to the API and their responses."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import httpx
from tenacity import AsyncRetrying, RetryCallState

from neev_provider.client.http import responses, retry
from neev_provider.client.http.connection_pool import HttpClientPool, HttpTransport
from neev_provider.client.http.rate_limit import RateLimiter
from neev_provider.client.http.request_log import Attempt, enable_request_log, record_attempt
from neev_provider.client.http.server_clock import ServerClock
from neev_provider.client.models import QueryValue
from neev_provider.client.settings import Settings
from neev_provider.core.clock import Clock
from neev_provider.core.errors import (
    ApiError,
    NeevError,
    NotFound,
    OutcomeUnknown,
    ProjectNotFound,
    RequestNotSent,
    Unavailable,
    UnexpectedResponse,
)
from neev_provider.core.hints import Hint
from neev_provider.core.redaction import Redactor
from neev_provider.core.wait import current_retry_listener, wait_before_send

T = TypeVar("T")

NOT_SENT_ERRORS = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)


class Transport:
    """The requests to one API: a connection pool with its key, retries, rate limit and errors."""

    def __init__(self, settings: Settings, *, clock: Clock, transport: HttpTransport | None = None) -> None:
        enable_request_log()
        self._settings = settings
        self._redactor = Redactor.from_values(settings.api_key)
        self._clock = clock
        self._rate_limiter = RateLimiter(clock)
        self._client_pool = HttpClientPool(settings, transport)
        self._project_confirmed = False
        """Whether a response of this process has confirmed that the project exists."""
        self._project_lock = asyncio.Lock()
        self.has_sent_changes = False
        """Whether a request of this process may have changed something."""
        self.server_clock = ServerClock(clock)
        self.project = f"/api/v1beta1/orgs/{quote(settings.org_id, '')}/projects/{quote(settings.project_id, '')}"

    async def aclose(self) -> None:
        """Close every connection."""
        await self._client_pool.aclose()

    async def request(
        self,
        method: str,
        path: str,
        *,
        parse: Callable[[Any], T],
        params: Mapping[str, QueryValue] | None = None,
        json: Any = None,
    ) -> T:
        """Send the request; return the result of `parse` for the response's JSON (None if it is empty).

        `parse` raises ValueError for content that is not documented.
        GET, PUT, PATCH and DELETE are retried after transient errors, POST only if it had no effect.

        Raises:
            NotFound: the object does not exist, and the API is known to have the project.
            ApiError: the response is an error, or cannot be read.
            RequestNotSent: no connection could be established.
            OutcomeUnknown: a write was sent and its effect is not known.
            DeadlineExceeded, Cancelled: the wait to send the request ended first, within `send_deadline`.
        """
        self.has_sent_changes = self.has_sent_changes or method != "GET"
        try:
            value = await self._request_with_retries(method, path, parse, params=params, json=json)
        except NotFound:
            if path.startswith(self.project):
                await self.require_project()
            raise
        self._project_confirmed = self._project_confirmed or path.startswith(self.project)
        return value

    async def require_project(self) -> None:
        """Raise an error unless the API has the project: without it, "not found" says nothing about its objects.

        Raises:
            ProjectNotFound: the API does not know the project.
        """
        async with self._project_lock:
            if self._project_confirmed:
                return
            path = f"{self.project}/sandboxes"
            try:
                await self._request_with_retries("GET", path, lambda _page: None, params={"page": 1, "limit": 1})
            except NotFound as error:
                raise self._project_not_found(error) from None
            self._project_confirmed = True

    def _project_not_found(self, error: NotFound) -> ProjectNotFound:
        """Return the error for a project that the API does not know, with the API's message."""
        settings = self._settings
        project = f"there is no project {settings.project_id} of the organization {settings.org_id}"
        return ProjectNotFound(
            error.status,
            f"{project} at {settings.base_url}",
            code=error.code,
            details=error.message,
            request_id=error.request_id,
            method=error.method,
            path=error.path,
        )

    async def _request_with_retries(
        self,
        method: str,
        path: str,
        parse: Callable[[Any], T],
        *,
        params: Mapping[str, QueryValue] | None = None,
        json: Any = None,
    ) -> T:
        """Send the request with retries; return its value."""
        request = self._client_pool.build_request(
            method,
            self._settings.base_url + path,
            params={name: value for name, value in (params or {}).items() if value is not None},
            json=json,
        )
        shown = path.removeprefix(self.project)
        last = "nothing"

        def note(state: RetryCallState) -> None:
            nonlocal last
            last = retry.describe_attempt(state)
            current_retry_listener()(last)

        async def pause(seconds: float) -> None:
            await wait_before_send(lambda: self._clock.sleep(seconds), action=f"{method} {shown}", last_status=last)

        retrying = AsyncRetrying(
            retry=retry.retry_policy(method),
            stop=retry.StopAfterAttempts(),
            wait=retry.Backoff(),
            before_sleep=note,
            sleep=pause,
            reraise=True,
        )

        async def attempt() -> T:
            retry_number = retrying.statistics["attempt_number"] - 1
            return await self._attempt(request, shown, parse, retry_number=retry_number)

        return await retrying(attempt)

    async def _attempt(
        self, request: httpx.Request, redacted_path: str, parse: Callable[[Any], T], *, retry_number: int
    ) -> T:
        """Send the request once; return its value."""
        answer = await self._send(request, redacted_path, retry_number=retry_number)
        try:
            return responses.parse_response(answer, parse, redactor=self._redactor)
        except (Unavailable, UnexpectedResponse) as error:
            if request.method == "POST" and _may_have_had_effect(error):
                raise OutcomeUnknown(error.summary) from None
            raise

    async def _send(self, request: httpx.Request, redacted_path: str, *, retry_number: int) -> responses.ApiResponse:
        """Send the request once; return the response, whatever its status."""
        try:
            async with AsyncExitStack() as stack:
                # if the wait ends early, the stack releases the acquired slot
                await wait_before_send(
                    lambda: stack.enter_async_context(self._rate_limiter.acquire()),
                    action=f"{request.method} {redacted_path}",
                    last_status="the API takes no more at a time",
                )
                sent = self._clock.monotonic()
                attempt = Attempt(request.method, redacted_path, retry_number)
                with record_attempt(attempt, clock=self._clock, redactor=self._redactor):
                    response = await self._client_pool.send(request)
                    attempt.status, attempt.request_id = response.status_code, response.headers.get("x-request-id")
        except httpx.RequestError as error:
            raise self._error_without_response(request.method, redacted_path, error) from error
        headers = response.headers
        self.server_clock.record_date(headers.get("date"), sent_at=sent, received_at=self._clock.monotonic())
        answer = responses.ApiResponse(
            method=request.method,
            path=redacted_path,
            status=response.status_code,
            headers=headers,
            body=response.content,
            retry_after=retry.parse_retry_after(headers.get("retry-after"), now=self.server_clock.now()),
        )
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            self._rate_limiter.record_throttled(answer.retry_after, sent_at=sent)
        else:
            self._rate_limiter.record_success(elapsed=self._clock.monotonic() - sent)
        return answer

    def _error_without_response(self, method: str, path: str, error: httpx.RequestError) -> NeevError:
        """Return the error for a request without a response."""
        if isinstance(error, NOT_SENT_ERRORS):
            host = urlsplit(self._settings.base_url).netloc
            distrusted = "CERTIFICATE_VERIFY_FAILED" in str(error)
            return RequestNotSent(
                f"{method} {path}: no connection to {host} ({str(error) or type(error).__name__})",
                hint=Hint.CHECK_CERTIFICATE if distrusted else None,
            )
        timed_out = isinstance(error, httpx.TimeoutException)
        reason = f"no answer within {self._settings.timeout:g} s" if timed_out else "the connection was lost"
        if method == "GET":
            return Unavailable(0, reason, method=method, path=path)
        return OutcomeUnknown(f"{method} {path}: {reason}")


def _may_have_had_effect(error: ApiError) -> bool:
    """Return whether a POST with this error may have had an effect."""
    unreadable = isinstance(error, UnexpectedResponse) and responses.is_success(error.status)
    return unreadable or (isinstance(error, Unavailable) and not retry.had_no_effect(error))
