"""The address that the emulator listens on, and who can reach it."""

import socket
from ipaddress import IPv6Address, ip_address

from neev_emulator.operating_system import CAN_REUSE_ADDRESS

LOOPBACK = "127.0.0.1"


class RemoteNotAllowedError(Exception):
    """Raised when other machines could reach the emulator and remote access is not allowed."""

    def __init__(self, host: str) -> None:
        super().__init__(
            f"other machines can reach {host}: anyone who has the key runs processes here, as you. Allow it explicitly"
        )


def require_loopback(host: str) -> None:
    """Raise `RemoteNotAllowedError` unless only this machine can reach the host."""
    if not is_loopback(host):
        raise RemoteNotAllowedError(host)


def is_loopback(host: str) -> bool:
    """Return whether the host is a loopback address or `localhost`."""
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost"
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def bind(host: str, port: int) -> socket.socket:
    """Return a socket bound to the address, or to any free port of the host."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP, flags=socket.AI_PASSIVE
    )[0]
    # With the protocol set, asyncio turns Nagle's algorithm off, which adds 40 ms to every response.
    listener = socket.socket(family, kind, protocol)
    if CAN_REUSE_ADDRESS:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener


def format_origin(listener: socket.socket) -> str:
    """Return the URL at which this machine reaches the socket: `http://127.0.0.1:8123`."""
    host, port = listener.getsockname()[:2]
    address = ip_address(host)
    if address.is_unspecified:
        address = ip_address("::1" if address.version == 6 else LOOPBACK)  # noqa: PLR2004 - of the protocol
    return f"http://[{address}]:{port}" if isinstance(address, IPv6Address) else f"http://{address}:{port}"
