"""The network of isolated sandboxes: their own loopback interface, and a proxy."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from helpers.isolation_harness import IsolatedRecord, ServedNetwork, run_script, spawn_python
from neev_emulator.runtime import RuntimeApiError, SandboxHost
from neev_emulator.runtime.isolation import Isolation, Limits
from neev_emulator.runtime.isolation.namespaces import Namespaces
from neev_emulator.state.egress import AllowRule, Policy

CreateHost = Callable[..., SandboxHost]
LISTEN = """
import socket, sys
server = socket.create_server(("127.0.0.1", 8000))
print("up", flush=True)
while True:
    connection = server.accept()[0]
    connection.sendall(sys.argv[1].encode())
    connection.close()
"""


def connect(host: str, port: int) -> str:
    """Return a script that connects and prints what it receives; `failed` without a connection."""
    return f"bash -c 'exec 3<>/dev/tcp/{host}/{port} && cat <&3' 2>/dev/null || echo failed"


def request(url: str) -> str:
    """Return a script that sends a request for the URL to the proxy and prints the status of the response."""
    head = f"GET {url} HTTP/1.1\\r\\n\\r\\n"
    return f"bash -c 'exec 3<>/dev/tcp/127.0.0.1/${{http_proxy##*:}} && printf \"{head}\" >&3 && head -1 <&3'"


class OccupiedIsolation(Isolation):
    """Listens on the port of the proxy in each new sandbox while `is_occupying` is true."""

    is_occupying = False
    listener: socket.socket

    def open(self, workspace: Path, limits: Limits) -> Namespaces:
        """Create the namespaces."""
        namespaces = super().open(workspace, limits)
        if self.is_occupying:
            self.listener = namespaces.prepare(3128)
        return namespaces


async def start_server(host: SandboxHost, response: str) -> None:
    output = spawn_python(host, LISTEN, response).read_output()
    assert await anext(output) == ("stdout", b"up\n")
    await output.aclose()


async def receive(host: SandboxHost) -> bytes:
    reader, writer = await host.connect(8000)
    response = await reader.read()
    writer.close()
    return response


async def test_commands_can_connect_only_to_servers_in_their_own_sandbox(create_host: CreateHost) -> None:
    one, other, third = create_host("one"), create_host("other"), create_host("third")
    await start_server(one, "first")
    await start_server(other, "second")
    assert await run_script(one, connect("127.0.0.1", 8000)) == "first"
    assert await run_script(other, connect("localhost", 8000)) == "second"
    assert await run_script(third, connect("127.0.0.1", 8000)) == "failed\n"
    assert (await receive(one), await receive(other)) == (b"first", b"second")


async def test_connecting_to_a_port_without_a_listener_fails(create_host: CreateHost) -> None:
    host = create_host()
    for _ in range(2):
        with pytest.raises(ConnectionError):
            await host.connect(8000)
        await run_script(host, "true")


async def test_a_connection_that_does_not_use_the_proxy_fails(create_host: CreateHost) -> None:
    host = create_host(record=IsolatedRecord(policy=Policy(mode="allow_list", allow_internet=True)))
    with socket.create_server(("", 0)) as server:
        port = server.getsockname()[1]
        for address in ("127.0.0.1", "0.0.0.0", "192.0.2.1"):
            assert await run_script(host, connect(address, port)) == "failed\n"
    assert await run_script(host, "grep -c : /proc/net/dev") == "1\n"


@pytest.mark.usefixtures("isolation")
async def test_a_command_is_rejected_while_the_proxy_port_is_in_use(create_host: CreateHost) -> None:
    isolation = OccupiedIsolation()
    host = create_host(isolation=isolation)
    isolation.is_occupying = True
    with pytest.raises(RuntimeApiError, match="in use"):
        host.spawn("true", [], env={})
    isolation.listener.close()
    isolation.is_occupying = False
    assert await run_script(host, request("http://a.example/")) == "HTTP/1.1 403 Forbidden\r\n"


async def test_the_proxy_connects_only_to_the_allowed_host(create_host: CreateHost) -> None:
    async with ServedNetwork({"a.example": ["203.0.113.1"], "b.example": ["203.0.113.2"]}) as network:
        record = IsolatedRecord(network=network)
        host = create_host(record=record)
        script = f"{request('http://a.example/')}; {request('http://b.example/')}"
        assert await run_script(host, script) == "HTTP/1.1 403 Forbidden\r\n" * 2
        for number, name in enumerate(("a.example", "b.example")):
            record.policy = Policy(mode="allow_list", allow=[AllowRule(host=name)])
            statuses = (await run_script(host, script)).split("\r\n")
            assert statuses[number] == "HTTP/1.1 200 OK"
            assert statuses[1 - number] == "HTTP/1.1 403 Forbidden"
        assert network.connected == [("203.0.113.1", 80), ("203.0.113.2", 80)]
