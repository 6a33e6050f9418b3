"""The address at which the process listens."""

from __future__ import annotations

import tempfile
from pathlib import Path

from neev_provider.adapters.terraform.listener import (
    MAX_SOCKET_PATH_BYTES,
    MAX_TEMPORARY_PATH_BYTES,
    Address,
    Network,
    choose_address,
    grpc_target,
    with_port,
)


def test_the_socket_is_in_a_temporary_directory_that_is_deleted_with_it() -> None:
    with choose_address(Network.UNIX) as address:
        folder = Path(address.text).parent
        assert folder.parent == Path(tempfile.gettempdir())
        assert grpc_target(address) == f"unix:{address.text}"
        assert with_port(address, 1) == address
    assert not folder.exists()


def test_the_socket_has_a_short_path_if_the_temporary_directory_is_long(tmp_path: Path) -> None:
    long = tmp_path / ("x" * MAX_TEMPORARY_PATH_BYTES)
    long.mkdir()
    with choose_address(Network.UNIX, str(long)) as address:
        assert address.text.startswith("/tmp/neev-")
        assert len(address.text) <= MAX_SOCKET_PATH_BYTES


def test_the_tcp_listener_uses_a_free_port() -> None:
    with choose_address(Network.TCP) as address:
        assert grpc_target(address) == "127.0.0.1:0"
        assert with_port(address, 8123) == Address(Network.TCP, "127.0.0.1:8123")
