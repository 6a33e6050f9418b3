"""The address that the emulator listens on, and access from other machines."""

import socket

import httpx
import pytest

from helpers.emulator_harness import ApiDriver
from neev_emulator import Backend, RemoteNotAllowedError, create_app, serve_backend
from neev_emulator.address import bind, format_origin, is_loopback


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("localhost", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("::ffff:10.0.0.1", False),
        ("10.0.0.1", False),
        ("example.com", False),
        ("127.0.0.1.example.com", False),
        ("", False),
    ],
)
def test_is_loopback_accepts_only_addresses_of_this_machine(host: str, *, expected: bool) -> None:
    assert is_loopback(host) is expected


@pytest.mark.parametrize("host", ["0.0.0.0", "::", ""])
def test_a_remote_address_is_rejected_unless_it_is_allowed(host: str) -> None:
    backend = Backend()
    with pytest.raises(RemoteNotAllowedError, match="other machines"), serve_backend(backend, host=host):
        pytest.fail("the emulator started")
    assert not backend.directory.exists()


def test_the_base_url_is_a_loopback_address_if_remote_access_is_allowed() -> None:
    with serve_backend(Backend(), host="0.0.0.0", allow_remote=True) as emulator:
        assert emulator.base_url.startswith("http://127.0.0.1:")
        assert emulator.state()["sandboxes"] == 0


async def test_control_requests_from_other_machines_are_forbidden(backend: Backend) -> None:
    transport = httpx.ASGITransport(create_app(backend), client=("192.0.2.7", 40000))
    headers = {"authorization": f"Bearer {backend.api_key}", "x-forwarded-for": "127.0.0.1"}
    async with httpx.AsyncClient(transport=transport, base_url="http://emulator", headers=headers) as http:
        refused = await http.post("/_emulator/reset")
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
        assert (await ApiDriver(backend, http).send("GET", "/sandboxes")).status_code == 200


async def test_an_ipv6_address_is_formatted_in_brackets() -> None:
    try:
        listener = bind("::1", 0)
    except OSError:
        pytest.skip("this machine has no IPv6")
    with listener:
        assert format_origin(listener) == f"http://[::1]:{listener.getsockname()[1]}"


def test_the_listener_has_the_tcp_protocol_so_that_asyncio_sets_tcp_nodelay() -> None:
    with bind("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP
