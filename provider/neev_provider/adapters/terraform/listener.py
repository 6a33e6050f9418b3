"""Where the process listens for its engine: a socket that only this user can open, or on Windows a port."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Final

from neev_provider.adapters.shared.operating_system import IS_WINDOWS

HOST: Final = "127.0.0.1"
FOLDER_PREFIX: Final = "neev-"
SOCKET_NAME: Final = "provider.sock"
MAX_SOCKET_PATH_BYTES: Final = 103
"""Maximum bytes of a socket's path on macOS, which has the lowest limit."""
MAX_TEMPORARY_PATH_BYTES: Final = MAX_SOCKET_PATH_BYTES - len(f"/{FOLDER_PREFIX}12345678/{SOCKET_NAME}")
SHORT_TEMPORARY_PATH: Final = "/tmp"  # noqa: S108  what is created there is this user's alone


class Network(Enum):
    """A kind of address, by the name that engines give it."""

    UNIX = "unix"
    TCP = "tcp"


DEFAULT_NETWORK: Final = Network.TCP if IS_WINDOWS else Network.UNIX
"""What every provider uses on this system: the engine knows sockets with a path everywhere else."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where an engine finds the process: the path of a socket, or host and port."""

    network: Network
    text: str


@contextmanager
def choose_address(network: Network, temporary_path: str | None = None) -> Iterator[Address]:
    """Yield a free address; the folder of a socket exists until the end of the context. Port 0 is any free port.

    `temporary_path` is where the folder is created; by default where this system has temporary files.
    """
    if network is Network.TCP:
        yield Address(network, f"{HOST}:0")
        return
    with tempfile.TemporaryDirectory(
        prefix=FOLDER_PREFIX, dir=_shorten(temporary_path or tempfile.gettempdir())
    ) as folder:
        yield Address(network, f"{folder}/{SOCKET_NAME}")


def grpc_target(address: Address) -> str:
    """Return the address as gRPC writes it."""
    return f"unix:{address.text}" if address.network is Network.UNIX else address.text


def with_port(address: Address, port: int) -> Address:
    """Return the address with the port that was chosen for it; a socket has none."""
    return address if address.network is Network.UNIX else Address(address.network, f"{HOST}:{port}")


def _shorten(path: str) -> str:
    """Return the path, unless that of a socket in it would be too long."""
    return path if len(os.fsencode(path)) <= MAX_TEMPORARY_PATH_BYTES else SHORT_TEMPORARY_PATH
