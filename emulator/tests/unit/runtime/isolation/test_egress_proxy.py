"""The egress proxy of a sandbox: forwarded and rejected requests."""

import asyncio
import gc
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest

from helpers.isolation_harness import IsolatedRecord, ServedNetwork
from neev_emulator.runtime.isolation.egress_proxy import EgressProxy, Network
from neev_emulator.state.egress import AllowRule, Policy

NAMES = {
    "a.example": ["203.0.113.1"],
    "b.example": ["203.0.113.2"],
    "silent.example": ["203.0.113.8"],
    "down.example": ["203.0.113.9", "203.0.113.29"],
    "second.example": ["203.0.113.9", "203.0.113.3"],
    "rebound.example": ["127.0.0.1"],
}
ALL = Policy(mode="allow_list", allow_internet=True)


def allow(*hosts: str, ports: list[int] | None = None) -> Policy:
    return Policy(mode="allow_list", allow=[AllowRule(host=host, ports=ports) for host in hosts])


class ProxyClient:
    """Sends requests to a proxy, each over its own connection."""

    def __init__(self, address: tuple[str, int], record: IsolatedRecord, network: ServedNetwork) -> None:
        self.record = record
        self.network = network
        self.address = address

    async def send(self, head: str) -> str:
        """Send the head of a request; return the response."""
        reader, writer = await asyncio.open_connection(*self.address)
        writer.write(head.encode())
        response = await reader.read()
        writer.close()
        return response.decode()

    async def tunnel(self, target: str) -> str:
        """Send a request through a tunnel; return all responses."""
        reader, writer = await asyncio.open_connection(*self.address)
        writer.write(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
        response = await reader.readuntil(b"\r\n\r\n")
        writer.write(b"GET / HTTP/1.1\r\nHost: tunnelled\r\n\r\n")
        response += await reader.read()
        writer.close()
        return response.decode()

    async def get(self, url: str) -> str:
        """Send a request for the URL."""
        return await self.send(f"GET {url} HTTP/1.1\r\nHost: other\r\nProxy-Connection: keep-alive\r\nX: 1\r\n\r\n")


@pytest.fixture
async def proxy() -> AsyncIterator[ProxyClient]:
    record = IsolatedRecord()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0)
    errors: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context))
    async with ServedNetwork(NAMES) as network:
        served = EgressProxy(lambda: record.policy, network)
        served.start(listener)
        yield ProxyClient(listener.getsockname(), record, network)
        served.close()
    gc.collect()  # an exception of a task that is not awaited is reported when the task is deleted
    assert errors == []


async def test_a_request_is_forwarded_with_rewritten_headers(proxy: ProxyClient) -> None:
    proxy.record.policy = ALL
    response = await proxy.get("http://a.example:8080/path?query#part")
    assert response.startswith("HTTP/1.1 200 OK\r\n")
    assert response.endswith("GET /path?query HTTP/1.1\r\nHost: a.example:8080\r\nX: 1\r\nConnection: close\r\n\r\n")
    assert "GET / HTTP/1.1\r\nHost: A.example\r\n" in await proxy.get("http://user:word@A.example")
    assert proxy.network.connected == [("203.0.113.1", 8080), ("203.0.113.1", 80)]


async def test_connect_opens_a_tunnel_to_the_host(proxy: ProxyClient) -> None:
    proxy.record.policy = ALL
    response = await proxy.tunnel("b.example:443")
    assert response.startswith("HTTP/1.1 200 Connection established\r\n\r\nHTTP/1.1 200 OK\r\n")
    assert response.endswith("Host: tunnelled\r\n\r\n")
    assert await proxy.tunnel("[2001:db8::1]:443")
    assert proxy.network.connected == [("203.0.113.2", 443), ("2001:db8::1", 443)]


async def test_only_allowed_hosts_are_resolved_and_connected_to(proxy: ProxyClient) -> None:
    proxy.record.policy = allow("a.example", ports=[443])
    assert "200 OK" in await proxy.tunnel("a.example:443")
    for target in ("b.example:443", "a.example:80", "203.0.113.1:443"):
        response = await proxy.send(f"CONNECT {target} HTTP/1.1\r\n\r\n")
        assert response.startswith("HTTP/1.1 403 Forbidden\r\n")
        assert response.endswith(f"neev-emulator: the egress policy of the sandbox does not allow {target}\n")
    assert "403" in await proxy.get("http://a.example/")
    assert proxy.network.resolved == ["a.example"]


async def test_a_policy_update_applies_to_the_next_connection(proxy: ProxyClient) -> None:
    for policy, allowed in [(Policy(), False), (allow("a.example"), True), (ALL, True), (allow("b.example"), False)]:
        proxy.record.policy = policy
        assert ("200 OK" in await proxy.get("http://a.example/")) == allowed


async def test_loopback_addresses_are_forbidden_unless_a_rule_contains_them(proxy: ProxyClient) -> None:
    for policy in (ALL, allow("*", "0.0.0.0/0", "::/0", "rebound.example", "localhost")):
        proxy.record.policy = policy
        for host in ("rebound.example", "localhost", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254"):
            assert "403 Forbidden" in await proxy.get(f"http://{host}/")
    assert proxy.network.connected == []
    proxy.record.policy = allow("127.0.0.0/8")
    assert "200 OK" in await proxy.get("http://rebound.example/")


async def test_the_proxy_tries_each_address_of_a_host(proxy: ProxyClient) -> None:
    proxy.record.policy = ALL
    assert "200 OK" in await proxy.get("http://second.example/")
    assert (await proxy.get("http://down.example/")).endswith(
        "neev-emulator: down.example:80 cannot be reached: Connection refused\n"
    )
    response = await proxy.get("http://no-such-name.invalid/")
    assert response.startswith("HTTP/1.1 502 Bad Gateway\r\n")
    assert "no-such-name.invalid cannot be resolved: " in response


@pytest.mark.parametrize("host", [f"{'x' * 64}.example", "a..example"])
async def test_an_invalid_host_name_returns_502(proxy: ProxyClient, host: str) -> None:
    proxy.record.policy = ALL
    response = await proxy.get(f"http://{host}/")
    assert response.startswith("HTTP/1.1 502 Bad Gateway\r\n")
    assert response.endswith(f"neev-emulator: {host} cannot be resolved: it is not a valid name\n")


async def test_a_connection_that_times_out_is_closed(proxy: ProxyClient) -> None:
    proxy.record.policy = ALL
    assert await proxy.get("http://silent.example/") == ""


@pytest.mark.parametrize(
    "line", ["GET / HTTP/1.1", "GET ftp://a.example/ HTTP/1.1", "CONNECT a.example HTTP/1.1", "what", "GET http://[ x"]
)
async def test_an_invalid_proxy_request_returns_400(proxy: ProxyClient, line: str) -> None:
    assert (await proxy.send(f"{line}\r\n\r\n")).startswith("HTTP/1.1 400 Bad Request\r\n")


async def test_the_connection_is_closed_if_the_headers_are_too_long(proxy: ProxyClient) -> None:
    reader, writer = await asyncio.open_connection(*proxy.address)
    writer.write(b"x" * 1_000_000)
    with suppress(ConnectionError):
        assert await reader.read() == b""
    writer.close()


async def test_the_default_network_resolves_names_and_connects() -> None:
    network = Network()
    assert await network.resolve("127.0.0.1", 80) == ["127.0.0.1"]
    with socket.create_server(("127.0.0.1", 0)) as server:
        _, writer = await network.connect(*server.getsockname())
        writer.close()
