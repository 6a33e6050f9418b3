"""Connections that send the API key."""

import importlib.util
import os
import ssl
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies_environment

import httpx

from neev_provider.client.http.certificates import new_ssl_context
from neev_provider.client.http.rate_limit import MAX_CONCURRENCY
from neev_provider.client.settings import Settings, is_loopback
from neev_provider.core.errors import ConfigError

HttpTransport = httpx.AsyncBaseTransport
"""The transport that a test may replace."""
HttpClient = httpx.AsyncClient
"""A pool of connections that are reused."""

PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy")
MAX_PORT = 65535
CONNECT_TIMEOUT = 10.0
KEEPALIVE_EXPIRY = 4.0
"""Seconds that an idle connection stays open: common servers close theirs after five, perhaps during a request."""


class HttpClientPool:
    """A pool with one HTTP client for each concurrent request; each client has one connection.

    At the beginning and the end of each request, a client compares all of its connections with each other. With sixteen
    connections, this takes longer than the requests themselves.
    """

    def __init__(self, settings: Settings, transport: HttpTransport | None) -> None:
        self._settings = settings
        self._transport = transport
        # without TLS no certificates are loaded: loading them takes as long as the first requests
        encrypted = urlsplit(settings.base_url).scheme == "https"
        self._ssl_context = new_ssl_context(settings) if encrypted else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._first_client = self._new_client()
        self._clients = [self._first_client]
        self._idle_clients = [self._first_client]

    def build_request(self, *args: Any, **kwargs: Any) -> httpx.Request:
        """Return the request, with the key; it can be sent more than once."""
        return self._first_client.build_request(*args, **kwargs)

    async def send(self, request: httpx.Request) -> httpx.Response:
        """Send the request; return the whole response."""
        if not self._idle_clients:
            self._idle_clients.append(self._new_client())
            self._clients += self._idle_clients
        # the client that was used last, so that the additional clients of a burst become idle and close
        one = self._idle_clients.pop()
        try:
            return await one.send(request)
        except httpx.ConnectError:
            # httpcore keeps a tunnel through a proxy that could not be encrypted, which would stay the one connection
            self._clients.remove(one)
            await one.aclose()
            one = self._new_client()
            self._clients.append(one)
            raise
        finally:
            self._idle_clients.append(one)

    async def aclose(self) -> None:
        """Close every connection."""
        for client in self._clients:
            await client.aclose()

    def _new_client(self) -> HttpClient:
        return new_http_client(self._settings, self._transport, ssl_context=self._ssl_context, max_connections=1)


def new_http_client(
    settings: Settings,
    transport: HttpTransport | None,
    *,
    ssl_context: ssl.SSLContext | None = None,
    max_connections: int = MAX_CONCURRENCY,
    client_class: type[HttpClient] = HttpClient,
) -> HttpClient:
    """Return an HTTP client that sends the key; it follows no redirect, which could send the key elsewhere."""
    if transport is None and _uses_environment_proxies(settings):
        _require_usable_proxies()
    try:
        return client_class(
            transport=transport,
            headers={"Authorization": f"Bearer {settings.api_key}", "Accept": "application/json"},
            timeout=httpx.Timeout(settings.timeout, connect=min(CONNECT_TIMEOUT, settings.timeout)),
            limits=httpx.Limits(
                max_connections=max_connections,
                max_keepalive_connections=max_connections,
                keepalive_expiry=KEEPALIVE_EXPIRY,
            ),
            follow_redirects=False,
            verify=new_ssl_context(settings) if ssl_context is None else ssl_context,
            trust_env=_uses_environment_proxies(settings),
        )
    except httpx.InvalidURL:
        raise ConfigError("NO_PROXY cannot be used: it names a host that cannot be one") from None


def _require_usable_proxies() -> None:
    """Raise an error if a proxy of the environment cannot be used; omit its value, which may contain a password.

    Raises:
        ConfigError: a proxy cannot be used.
    """
    proxies = getproxies_environment()
    if "*" in (host.strip() for host in proxies.get("no", "").split(",")):
        return
    for variable in PROXY_VARIABLES:
        proxy = proxies.get(variable.partition("_")[0])
        if proxy and (reason := _proxy_problem(proxy)):
            named = [name for name, value in os.environ.items() if name.lower() == variable and value == proxy]
            raise ConfigError(
                f"{' and '.join(named)} cannot be used: {reason}",
                hint="Name a proxy as http://HOST:PORT, or unset the variable.",
            )


def _proxy_problem(proxy: str) -> str | None:
    """Return why the proxy cannot be used, or None."""
    try:
        url = httpx.Proxy(proxy if "://" in proxy else f"http://{proxy}").url
    except (ValueError, httpx.InvalidURL):
        return "it is not the address of a proxy"
    if not url.host or (url.port or 0) > MAX_PORT:
        return "it is not the address of a proxy"
    if url.scheme.startswith("socks") and importlib.util.find_spec("socksio") is None:
        return f"{url.scheme}:// needs an extra of httpx that is not installed (`pip install 'httpx[socks]'`)"
    return None


def _uses_environment_proxies(settings: Settings) -> bool:
    # a proxy of the environment is for other hosts, not for an emulator on this machine
    return not is_loopback(urlsplit(settings.base_url).hostname or "")
