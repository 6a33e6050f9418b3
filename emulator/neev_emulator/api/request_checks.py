"""What a request has to be before anything is done with it: for this host, not by way of a preview, not too large."""

import re
from collections.abc import Callable, Iterable
from email.utils import formatdate
from ipaddress import IPv6Address, ip_address
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from neev_emulator.address import is_loopback
from neev_emulator.api.request_context import refused
from neev_emulator.errors import Refusal

PREVIEWS = "/preview/"
VIA = "neev-emulator"
"""What a preview says of itself to the process that it leads to."""
_LARGEST_BODY = 4 * 1024 * 1024


class Door:
    """ASGI middleware around everything, the controls too.

    Args:
        app: What is behind it.
        now: The time that its answers carry.
        hosts: Names under which it may be called, beside those of the machine itself.
    """

    def __init__(self, app: ASGIApp, *, now: Callable[[], float], hosts: Iterable[str] = ()) -> None:
        self._app = app
        self._now = now
        self._hosts = frozenset(_canonical(host) for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request or hand it on, with no more of a body than the limit."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            self._check(scope)
        except Refusal as refusal:
            await refused(refusal)(scope, receive, self._marked(send))
            return
        streamed = scope["path"].startswith(PREVIEWS)
        await self._app(scope, receive if streamed else _limited(receive), send)

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._is_ours(hosts[0], scope):
            said = ", ".join(hosts) or "none"
            raise Refusal("forbidden", f"the host {said} is not the emulator's; allow it with --allow-host if it is")
        if any(VIA in via for via in headers.getlist("via")):
            raise Refusal("forbidden", "a preview does not lead to an emulator")
        length = headers.get("content-length", "")
        if length.isdecimal() and int(length) > _LARGEST_BODY and not scope["path"].startswith(PREVIEWS):
            raise _too_large()

    def _is_ours(self, host: str, scope: Scope) -> bool:
        # A name decides, whatever the port: ports are forwarded, and a web page elsewhere cannot choose the name.
        name = _canonical(_without_port(host))
        address = (scope.get("server") or ("",))[0] or ""
        return is_loopback(name) or name in self._hosts or (name != "" and name == _canonical(address))

    def _marked(self, send: Send) -> Send:
        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["x-request-id"] = uuid4().hex
                headers["date"] = formatdate(self._now(), usegmt=True)
            await send(message)

        return marked


def _without_port(host: str) -> str:
    """Return the host of a Host header; nothing where what follows it is no port."""
    name, _, port = host[1:].partition("]") if host.startswith("[") else host.partition(":")
    return name if re.fullmatch(r"(:?[0-9]+)?", port) else ""


def _canonical(host: str) -> str:
    try:
        address = ip_address(host)
    except ValueError:
        return host.lower()
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)


def _limited(receive: Receive) -> Receive:
    left = _LARGEST_BODY

    async def limited() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise _too_large()
        return message

    return limited


def _too_large() -> Refusal:
    return Refusal("bad_request", f"the body is larger than {_LARGEST_BODY} bytes", status=413)
