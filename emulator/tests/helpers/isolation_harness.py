"""Helpers of the tests with isolation: the record of a sandbox, and a network of servers."""

import asyncio
import errno
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

import pytest

from neev_emulator.runtime import SandboxHost
from neev_emulator.runtime.isolation import Limits, Network
from neev_emulator.runtime.isolation.egress_proxy import Streams
from neev_emulator.runtime.process import ManagedProcess
from neev_emulator.state.egress import Policy

MEBIBYTE = 1 << 20


@dataclass
class IsolatedRecord:
    """The limits, policy and network of a sandbox; a test may change them."""

    limits: Limits = field(default_factory=lambda: Limits(1, 512 * MEBIBYTE))
    policy: Policy = field(default_factory=Policy)
    network: Network = field(default_factory=Network)


class ServedNetwork(Network):
    """A network in which every address leads to one server, which responds with the head of the request.

    An address that ends in 9 refuses connections. A connection to one that ends in 8 times out.
    """

    def __init__(self, names: Mapping[str, list[str]]) -> None:
        self.resolved: list[str] = []
        self.connected: list[tuple[str, int]] = []
        self._names = names

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(_respond, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def resolve(self, host: str, port: int) -> list[str]:
        """Return the addresses of a name, or the address itself."""
        self.resolved.append(host)
        return self._names.get(host) or await super().resolve(host, port)

    async def connect(self, address: str, port: int) -> Streams:
        """Connect to the server."""
        self.connected.append((address, port))
        if address.endswith("9"):
            raise ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
        streams = await super().connect(*self._server.sockets[0].getsockname())
        if address.endswith("8"):
            streams[0].set_exception(TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT)))
        return streams


async def _respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(head) + head)
    writer.close()


async def read_output(process: ManagedProcess) -> str:
    """Return the whole output of a process."""
    return b"".join([data async for _, data in process.read_output()]).decode()


def spawn_python(host: SandboxHost, script: str, *args: str) -> ManagedProcess:
    """Start the script in the sandbox with the machine's Python; skip the test if sandboxes have none."""
    if shutil.which("python3", path="/usr/local/bin:/usr/bin") is None:
        pytest.skip("sandboxes have no python3 on this machine")
    return host.spawn("python3", ["-c", script, *args], env={})


async def run_script(host: SandboxHost, script: str, *, cwd: str | None = None) -> str:
    """Run the script in the sandbox; return its output."""
    return await read_output(host.spawn("sh", ["-c", script], cwd=cwd, env={}))
