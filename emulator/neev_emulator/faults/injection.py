"""Fault injection: what each kind of fault does to a request."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from neev_emulator.api.json_response import JSONResponse
from neev_emulator.api.serializers import ResponseBody, error_body
from neev_emulator.faults import transitions
from neev_emulator.faults.queue import Fault
from neev_emulator.faults.request_log import is_mutating, relative_path
from neev_emulator.state.backend import Backend

_CODES = {
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    408: "request_timeout",
    409: "conflict",
    425: "too_early",
    500: "internal_server_error",
    503: "service_unavailable",
}

_GATEWAY_PAGE = b"<!doctype html><title>Gateway</title><p>A page of a gateway, not of the API."


class ConnectionDropped(ConnectionResetError):
    """Raised in place of closing the connection where there is none, as under `httpx.ASGITransport`."""


@dataclass(frozen=True)
class CapturedResponse:
    """A response that was created but not sent."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    def with_body(self, body: bytes, **headers: str) -> Response:
        """Return the response with another body."""
        response = Response(body, self.status)
        for name, value in self.headers:
            if name != b"content-length":
                response.headers[name.decode("latin-1")] = value.decode("latin-1")
        response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
        return response


class FaultInjector:
    """Injects one fault into one request; `log_request` logs that request once."""

    def __init__(
        self, app: ASGIApp, backend: Backend, closing: asyncio.Event, fault: Fault, log_request: Callable[[], None]
    ) -> None:
        self._app = app
        self._backend = backend
        self._closing = closing
        self._fault = fault
        self._log_request = log_request

    async def inject(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request with the fault."""
        handler: Callable[[Scope, Receive, Send], Any] = getattr(self, f"_{self._fault.kind}")
        await handler(scope, receive, send)

    async def _status(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = self._fault
        if fault.execute_first:
            await self._capture(scope, receive)
        body = fault.body or error_body(_CODES.get(fault.status), f"injected fault: status {fault.status}")
        headers = {} if fault.retry_after is None else {"retry-after": str(fault.retry_after)}
        await JSONResponse(body, fault.status, headers=headers)(scope, receive, send)

    async def _delay(self, scope: Scope, receive: Receive, send: Send) -> None:
        captured = await self._capture(scope, receive) if self._fault.execute_first else None
        messages: list[Message] = []
        # Logged first: the caller may give up at any time, and then expects the request in the log.
        self._log_request()
        if not await self._wait_unless_disconnected(receive, messages):
            await self._close_connection(scope, receive)
        elif captured:
            await captured.with_body(captured.body)(scope, receive, send)
        else:
            await self._app(scope, replay(messages, receive), send)

    async def _reset_before(self, scope: Scope, receive: Receive, _send: Send) -> None:
        # Closing a connection with unread data would reset it.
        while (await receive()).get("more_body"):
            continue
        await self._close_connection(scope, receive)

    async def _reset_after(self, scope: Scope, receive: Receive, _send: Send) -> None:
        await self._capture(scope, receive)
        await self._close_connection(scope, receive)

    async def _truncate_body(self, scope: Scope, receive: Receive, send: Send) -> None:
        captured = await self._capture(scope, receive)
        body = captured.body or b"{}"
        start = {"type": "http.response.start", "status": captured.status, "headers": list(captured.headers)}
        if not captured.body:
            start |= {"status": 200, "headers": [(b"content-length", b"2")]}
        await send(start)
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        await self._close_connection(scope, receive)

    async def _malformed_body(self, scope: Scope, receive: Receive, send: Send) -> None:
        captured = await self._capture(scope, receive)
        malformed = captured.body[: len(captured.body) // 2] + b'"'
        status = 200 if captured.status == 204 else captured.status  # noqa: PLR2004 - 204 cannot carry a body
        await CapturedResponse(status, captured.headers, b"").with_body(malformed, content_type="application/json")(
            scope, receive, send
        )

    async def _wrong_content_type(self, scope: Scope, receive: Receive, send: Send) -> None:
        captured = await self._capture(scope, receive)
        await CapturedResponse(200, captured.headers, b"").with_body(_GATEWAY_PAGE, content_type="text/html")(
            scope, receive, send
        )

    async def _media_type(self, scope: Scope, receive: Receive, send: Send) -> None:
        captured = await self._capture(scope, receive)
        await captured.with_body(captured.body, content_type="Application/JSON; Charset=UTF-8")(scope, receive, send)

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._fault.execute_first:
            await self._capture(scope, receive)
        await Response(_GATEWAY_PAGE, self._fault.status, media_type="text/html")(scope, receive, send)

    async def _truncated_list(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._rewrite(scope, receive, send, _halve_items)

    async def _unknown_phase(self, scope: Scope, receive: Receive, send: Send) -> None:
        phase = self._fault.phase or "Hibernating"
        if is_mutating(scope["method"]):
            await self._apply_transition_fault(scope, receive, send, transitions.rename_phase, phase)
        else:
            await self._rewrite(scope, receive, send, lambda body: _set_phase(body, phase))

    async def _stuck_phase(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._apply_transition_fault(scope, receive, send, transitions.hold_phase, self._fault.phase)

    async def _slow_phase(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._apply_transition_fault(
            scope, receive, send, lambda record, _: transitions.delay_phase(record, self._fault.seconds), None
        )

    async def _failed_phase(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._apply_transition_fault(scope, receive, send, transitions.fail, self._fault.reason)

    async def _apply_transition_fault(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        transition_fault: transitions.TransitionFault,
        argument: str | None,
    ) -> None:
        captured = await self._capture(scope, receive)
        body = _parse_object(captured.body)
        transitions.apply_transition_fault(
            self._backend, str(body.get("id") or _parse_target(scope)), transition_fault, argument
        )
        if self._fault.phase and body:
            captured = CapturedResponse(
                captured.status, captured.headers, _to_json(_set_phase(body, self._fault.phase))
            )
        await captured.with_body(captured.body)(scope, receive, send)

    async def _rewrite(
        self, scope: Scope, receive: Receive, send: Send, change: Callable[[ResponseBody], Mapping[str, Any]]
    ) -> None:
        captured = await self._capture(scope, receive)
        await captured.with_body(_to_json(change(_parse_object(captured.body))))(scope, receive, send)

    async def _capture(self, scope: Scope, receive: Receive) -> CapturedResponse:
        messages: list[Message] = []

        async def record(message: Message) -> None:
            messages.append(message)

        await self._app(scope, receive, record)
        start, *parts = messages
        body = b"".join(part.get("body", b"") for part in parts)
        return CapturedResponse(start["status"], tuple(start.get("headers", ())), body)

    async def _close_connection(self, scope: Scope, receive: Receive) -> None:
        self._log_request()
        transport = scope.get("state", {}).get("transport")
        if transport is None:
            raise ConnectionDropped
        transport.close()
        await _wait_for_disconnect(receive, [])

    async def _wait_unless_disconnected(self, receive: Receive, messages: list[Message]) -> bool:
        disconnected = asyncio.ensure_future(_wait_for_disconnect(receive, messages))
        closing = asyncio.ensure_future(self._closing.wait())
        done, pending = await asyncio.wait(
            {disconnected, closing}, timeout=self._fault.seconds, return_when=asyncio.FIRST_COMPLETED
        )
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        return not done


async def _wait_for_disconnect(receive: Receive, messages: list[Message]) -> None:
    while (message := await receive())["type"] != "http.disconnect":
        messages.append(message)


def replay(messages: list[Message], receive: Receive) -> Receive:
    """Return a `receive` that repeats the messages, then continues with the original."""
    remaining = iter(messages)

    async def replay() -> Message:
        for message in remaining:
            return message
        return await receive()

    return replay


def _parse_object(body: bytes) -> ResponseBody:
    parsed = json.loads(body) if body else {}
    return parsed if isinstance(parsed, dict) else {}


def _to_json(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body).encode()


def _halve_items(body: ResponseBody) -> Mapping[str, Any]:
    items = body.get("items")
    return body if not isinstance(items, list) else {**body, "items": items[: len(items) // 2]}


def _set_phase(body: ResponseBody, phase: str) -> Mapping[str, Any]:
    if isinstance(items := body.get("items"), list):
        return {**body, "items": [_set_phase(item, phase) for item in items]}
    return {**body, **{key: phase for key in ("phase", "status") if key in body}}


def _parse_target(scope: Scope) -> str:
    parts = relative_path(scope["path"]).split("/")
    return parts[2] if len(parts) > 2 else ""  # noqa: PLR2004 - the id follows the collection
