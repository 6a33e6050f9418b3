"""Ports that listen in a sandbox, as its kernel reports them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from neev_provider.client.runtime import ExecRequest, SandboxSession
from neev_provider.core.errors import OperationFailed, OutcomeUnknown, RuntimeRejected, Unavailable
from neev_provider.core.wait import Deadline, Done, InProgress, wait_until

SOCKET_TABLES: Final = ("/proc/net/tcp", "/proc/net/tcp6")
"""The kernel's tables of sockets; the second is missing where IPv6 is off."""
LISTEN_STATE: Final = "0A"
READ_TIMEOUT_SECONDS: Final = 30.0
UNREADABLE_HINT: Final = "The sandbox needs `cat` and /proc/net/tcp for that. Without them, wait for a line of the log."


async def is_listening(session: SandboxSession, port: int) -> bool:
    """Return whether something listens on the TCP port.

    Raises:
        Unavailable: the connection ended before the response.
        OperationFailed: the ports cannot be read.
    """
    output: list[str] = []
    request = ExecRequest(["cat", *SOCKET_TABLES], timeout=READ_TIMEOUT_SECONDS)
    try:
        await session.exec(request, lambda _, text: output.append(text), read_timeout=READ_TIMEOUT_SECONDS)
    except OutcomeUnknown as error:
        raise Unavailable(0, error.message, path="cat") from error
    except RuntimeRejected as refused:
        raise OperationFailed(refused.message, hint=UNREADABLE_HINT) from refused
    table = "".join(output)
    if "local_address" not in table:
        raise OperationFailed(f"the listening ports cannot be read: {table.strip()}", hint=UNREADABLE_HINT)
    return port in _iter_listening_ports(table)


async def wait_until_listening(session: SandboxSession, port: int, deadline: Deadline) -> None:
    """Wait until something listens on the TCP port."""

    async def observe(max_delay: float) -> bool:
        await deadline.clock.sleep(max_delay)
        return await is_listening(session, port)

    await wait_until(
        observe,
        lambda listens: Done() if listens else InProgress(describe_silence(port)),
        deadline=deadline,
        action=f"port {port}",
    )


def describe_silence(port: int) -> str:
    """Return the status of a port on which nothing listens."""
    return f"nothing listens on port {port}"


def _iter_listening_ports(table: str) -> Iterator[int]:
    for line in table.splitlines():
        match line.split():
            case [_, local, _, state, *_] if state == LISTEN_STATE:
                yield int(local.rpartition(":")[2], 16)
