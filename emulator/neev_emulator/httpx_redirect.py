"""Sends this process's httpx requests for NeevAI to an emulator."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import httpx

from neev_emulator.state.tokens import is_connect_token
from neev_emulator.testing import Emulator

_VENDOR_DOMAIN = "neevcloud.com"
_PROJECT_PATH = re.compile(rb"/orgs/[^/]+/projects/[^/?]+")
_RUNTIME_PATH = b"/sandboxes-runtime/"
# Each request has its own connection, so that no connection outlives its event loop.
_LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=0)


@contextmanager
def redirect_httpx(emulator: Emulator) -> Iterator[None]:
    """Send every httpx request for NeevAI to the emulator until the block ends, with its key, organization and project.

    Requests for the emulator are not sent through a proxy, and those for its sandboxes are sent with its key.
    Connect tokens are sent as they are.
    """
    address = httpx.URL(emulator.base_url)
    transport = httpx.HTTPTransport(verify=False, limits=_LIMITS)
    async_transport = httpx.AsyncHTTPTransport(verify=False, limits=_LIMITS)
    send, send_async = httpx.HTTPTransport.handle_request, httpx.AsyncHTTPTransport.handle_async_request

    def is_redirected(url: httpx.URL) -> bool:
        return url.netloc == address.netloc or _is_vendor(url)

    def redirect(request: httpx.Request) -> httpx.Request:
        path, headers = request.url.raw_path, httpx.Headers(request.headers)
        headers["host"] = address.netloc.decode()
        if _is_vendor(request.url):
            path = _PROJECT_PATH.sub(f"/orgs/{emulator.org_id}/projects/{emulator.project_id}".encode(), path, count=1)
        if _is_vendor(request.url) or path.startswith(_RUNTIME_PATH):
            _replace_key(headers, emulator.api_key)
        url = address.copy_with(raw_path=path)
        return httpx.Request(request.method, url, headers=headers, stream=request.stream, extensions=request.extensions)

    def handle_request(original: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        return send(transport, redirect(request)) if is_redirected(request.url) else send(original, request)

    async def handle_async_request(original: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        if is_redirected(request.url):
            return await send_async(async_transport, redirect(request))
        return await send_async(original, request)

    with (
        patch.object(httpx.HTTPTransport, "handle_request", handle_request),
        patch.object(httpx.AsyncHTTPTransport, "handle_async_request", handle_async_request),
    ):
        yield


def _replace_key(headers: httpx.Headers, key: str) -> None:
    if "authorization" in headers and not is_connect_token(headers["authorization"].partition(" ")[2].strip()):
        headers["authorization"] = f"Bearer {key}"
    if "x-api-key" in headers:
        headers["x-api-key"] = key


def _is_vendor(url: httpx.URL) -> bool:
    return f".{url.host}".endswith(f".{_VENDOR_DOMAIN}")
