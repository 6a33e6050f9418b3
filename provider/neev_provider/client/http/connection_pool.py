"""Connections that carry the key."""

import importlib.util
import os
import ssl
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies_environment

import httpx

from neev_provider.client.http.rate_limit import WIDEST
from neev_provider.client.settings import Settings, is_loopback
from neev_provider.core.errors import ConfigError

Seam = httpx.AsyncBaseTransport
"""What a test may put in the place of the network."""
Pool = httpx.AsyncClient
"""Connections that are kept and used again."""

PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy")
LAST_PORT = 65535
CONNECT_TIMEOUT = 10.0
IDLE_CONNECTION = 4.0
"""Seconds that an idle connection is kept: common servers close theirs after five, and would do so under our feet."""


class Connections:
    """A pool of one connection for each request that is under way.

    A pool of many looks, at the beginning and the end of each request, at each of its connections once for every other
    one: with sixteen that is more work than the requests themselves.
    """

    def __init__(self, settings: Settings, seam: Seam | None) -> None:
        self._settings = settings
        self._seam = seam
        # who need not be trusted is not looked up, which would take as long as the first requests
        encrypted = urlsplit(settings.base_url).scheme == "https"
        self._trusted = _trusted(settings) if encrypted else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._first = self._one()
        self._all = [self._first]
        self._idle = [self._first]

    def build_request(self, *args: Any, **kwargs: Any) -> httpx.Request:
        """Return the request, with the key; it can be sent more than once."""
        return self._first.build_request(*args, **kwargs)

    async def send(self, request: httpx.Request) -> httpx.Response:
        """Return the answer, read to its end."""
        if not self._idle:
            self._idle.append(self._one())
            self._all += self._idle
        # the one that came back last, so that those that a burst needed are let alone after it
        one = self._idle.pop()
        try:
            return await one.send(request)
        finally:
            self._idle.append(one)

    async def aclose(self) -> None:
        """Close every connection."""
        for each in self._all:
            await each.aclose()

    def _one(self) -> Pool:
        return pool(self._settings, self._seam, trusted=self._trusted, widest=1)


def pool(settings: Settings, seam: Seam | None, *, trusted: ssl.SSLContext | None = None, widest: int = WIDEST) -> Pool:
    """Return the connection pool; it carries the key, and follows no redirect that could take the key elsewhere."""
    if seam is None and _trusts_environment(settings):
        _require_usable_proxies()
    try:
        return Pool(
            transport=seam,
            headers={"Authorization": f"Bearer {settings.api_key}", "Accept": "application/json"},
            timeout=httpx.Timeout(settings.timeout, connect=min(CONNECT_TIMEOUT, settings.timeout)),
            limits=httpx.Limits(
                max_connections=widest,
                max_keepalive_connections=widest,
                keepalive_expiry=IDLE_CONNECTION,
            ),
            follow_redirects=False,
            verify=_trusted(settings) if trusted is None else trusted,
            trust_env=_trusts_environment(settings),
        )
    except httpx.InvalidURL:
        raise ConfigError("NO_PROXY cannot be used: it names a host that cannot be one") from None


def _require_usable_proxies() -> None:
    """Return only where every proxy of the environment can be used; a value is not shown, it may hold a password.

    Raises:
        ConfigError: one cannot be.
    """
    proxies = getproxies_environment()
    if "*" in (host.strip() for host in proxies.get("no", "").split(",")):
        return
    for variable in PROXY_VARIABLES:
        proxy = proxies.get(variable.partition("_")[0])
        if proxy and (reason := _unusable(proxy)):
            named = [name for name, value in os.environ.items() if name.lower() == variable and value == proxy]
            raise ConfigError(
                f"{' and '.join(named)} cannot be used: {reason}",
                hint="Name a proxy as http://HOST:PORT, or unset the variable.",
            )


def _unusable(proxy: str) -> str | None:
    """Return why connections cannot be made through the proxy, or None."""
    try:
        url = httpx.Proxy(proxy if "://" in proxy else f"http://{proxy}").url
    except (ValueError, httpx.InvalidURL):
        return "it is not the address of a proxy"
    if not url.host or (url.port or 0) > LAST_PORT:
        return "it is not the address of a proxy"
    if url.scheme.startswith("socks") and importlib.util.find_spec("socksio") is None:
        return f"{url.scheme}:// needs an extra of httpx that is not installed (`pip install 'httpx[socks]'`)"
    return None


def _trusted(settings: Settings) -> ssl.SSLContext:
    """Return whom to trust: the usual authorities, or those in the bundle."""
    named = f"neev:caBundle {settings.ca_bundle}" if settings.ca_bundle else "SSL_CERT_FILE"
    try:
        if settings.ca_bundle:
            return ssl.create_default_context(cafile=settings.ca_bundle)
        return httpx.create_ssl_context(trust_env=_trusts_environment(settings))
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"{named} cannot be read as certificates: {error}") from None


def _trusts_environment(settings: Settings) -> bool:
    # a proxy of the environment is for the world outside, not for an emulator on this machine
    return not is_loopback(urlsplit(settings.base_url).hostname or "")
