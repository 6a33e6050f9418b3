"""Checks before a request is handled: its host, that it comes through no preview, and its size."""

import re
from collections.abc import Callable, Iterable
from email.utils import formatdate
from ipaddress import IPv6Address, ip_address
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from neev_emulator.address import is_loopback
from neev_emulator.api.request_context import error_response
from neev_emulator.errors import ApiError

PREVIEW_PREFIX = "/preview/"
VIA = "neev-emulator"
"""The `Via` name that a preview adds to a request."""
_MAX_BODY_BYTES = 4 * 1024 * 1024


class RequestGuard:
    """ASGI middleware around everything, the controls included.

    Args:
        app: The wrapped application.
        now: Returns the time for the `Date` header.
        hosts: Host names to accept beside those of this machine.
    """

    def __init__(self, app: ASGIApp, *, now: Callable[[], float], hosts: Iterable[str] = ()) -> None:
        self._app = app
        self._now = now
        self._hosts = frozenset(_canonicalize(host) for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Reject the request, or pass it on with a limit on its body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            self._check(scope)
        except ApiError as error:
            await error_response(error)(scope, receive, self._with_headers(send))
            return
        is_preview = scope["path"].startswith(PREVIEW_PREFIX)
        await self._app(scope, receive if is_preview else _limit_body(receive), send)

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._is_own_host(hosts[0], scope):
            names = ", ".join(hosts) or "none"
            raise ApiError("forbidden", f"the host {names} is not allowed; allow it with --allow-host")
        if any(VIA in via for via in headers.getlist("via")):
            raise ApiError("forbidden", "a preview cannot forward to an emulator")
        length = headers.get("content-length", "")
        if length.isdecimal() and int(length) > _MAX_BODY_BYTES and not scope["path"].startswith(PREVIEW_PREFIX):
            raise _body_too_large()

    def _is_own_host(self, host: str, scope: Scope) -> bool:
        # Only the name counts: ports may be forwarded, and a foreign web page cannot choose the name.
        name = _canonicalize(_strip_port(host))
        address = (scope.get("server") or ("",))[0] or ""
        return is_loopback(name) or name in self._hosts or (name != "" and name == _canonicalize(address))

    def _with_headers(self, send: Send) -> Send:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["x-request-id"] = uuid4().hex
                headers["date"] = formatdate(self._now(), usegmt=True)
            await send(message)

        return send_with_headers


def _strip_port(host: str) -> str:
    """Return the host of a Host header; an empty string if the port is invalid."""
    name, _, port = host[1:].partition("]") if host.startswith("[") else host.partition(":")
    return name if re.fullmatch(r"(:?[0-9]+)?", port) else ""


def _canonicalize(host: str) -> str:
    try:
        address = ip_address(host)
    except ValueError:
        return host.lower()
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)


def _limit_body(receive: Receive) -> Receive:
    remaining = _MAX_BODY_BYTES

    async def receive_limited() -> Message:
        nonlocal remaining
        message = await receive()
        remaining -= len(message.get("body", b""))
        if remaining < 0:
            raise _body_too_large()
        return message

    return receive_limited


def _body_too_large() -> ApiError:
    return ApiError("bad_request", f"the body is larger than {_MAX_BODY_BYTES} bytes", status=413)
