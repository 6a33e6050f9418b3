"""Checks before a request is handled, over real connections."""

import asyncio
import socket
from collections.abc import Iterator

import httpx
import pytest

from helpers.emulator_harness import ApiDriver, require_success
from neev_emulator import Backend, Emulator, create_app, serve, serve_backend

MAX_BODY_BYTES = 4 * 1024 * 1024
PATHS = ["/agent/api/v1beta1/sandbox-templates", "/openapi.json", "/_emulator/state", "/preview/abcd1234/"]


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with serve(create_seconds=0) as running:
        yield running


@pytest.fixture
def client(emulator: Emulator) -> Iterator[httpx.Client]:
    emulator.reset()
    headers = {"authorization": f"Bearer {emulator.api_key}"}
    base = f"{emulator.base_url}/api/v1beta1/orgs/{emulator.org_id}/projects/{emulator.project_id}"
    with httpx.Client(base_url=base, headers=headers, verify=False) as client:
        yield client


def send_raw(emulator: Emulator, *lines: str, body: bytes = b"") -> tuple[int, str]:
    """Send a request without closing the connection; return the status and text of the response."""
    url = httpx.URL(emulator.base_url)
    with socket.create_connection((url.host, url.port or 0), timeout=20) as connection:
        connection.sendall("".join(f"{line}\r\n" for line in [*lines, ""]).encode() + body)
        response = b""
        while b"}" not in response and (part := connection.recv(1 << 16)):
            response += part
    return int(response.split()[1]), response.decode()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example:80",
        "192.0.2.7",
        "localhost.evil",
        "",
        "[",
        "localhost:99@evil.example",
        "[::1]evil",
    ],
)
def test_a_request_with_a_foreign_host_header_is_rejected(emulator: Emulator, path: str, host: str) -> None:
    status, text = send_raw(
        emulator, f"GET {path} HTTP/1.1", f"Host: {host}", f"Authorization: Bearer {emulator.api_key}"
    )
    assert (status, '"code":"forbidden"' in text, "--allow-host" in text) == (403, True, True)
    assert "x-request-id: " in text
    assert "date: " in text


def test_a_request_with_a_foreign_host_header_has_no_effect(emulator: Emulator, client: httpx.Client) -> None:
    assert client.post("/sandboxes", json={"name": "web"}, headers={"host": "evil.example"}).status_code == 403
    assert httpx.post(f"{emulator.base_url[:-6]}/_emulator/reset", headers={"host": "evil.example"}).status_code == 403
    assert client.get("/sandboxes").json()["total"] == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "LocalHost:1", "[::1]:8123", "127.8.8.8:80", "[::ffff:127.0.0.1]"])
def test_loopback_host_headers_are_accepted_with_any_port(emulator: Emulator, host: str) -> None:
    assert send_raw(emulator, "GET /_emulator/state HTTP/1.1", f"Host: {host}")[0] == 200


@pytest.mark.parametrize("lines", [[], ["Host: localhost", "Host: evil.example"]])
async def test_a_missing_or_duplicate_host_header_is_rejected(api: ApiDriver, lines: list[str]) -> None:
    headers = [(name.lower().encode(), value.encode()) for name, _, value in (line.partition(": ") for line in lines)]
    received = []

    async def send(message: dict[str, object]) -> None:
        received.append(message)

    scope = {"type": "http", "method": "GET", "path": "/openapi.json", "query_string": b"", "headers": headers}
    await create_app(api.backend)(scope, None, send)  # type: ignore[arg-type]
    assert received[0]["status"] == 403


def test_the_listen_address_and_allowed_host_names_are_accepted() -> None:
    with serve_backend(Backend(), host="localhost", allow_hosts=["Neev.Test", "192.0.2.7"]) as emulator:
        hosts = ["neev.test:8123", "192.0.2.7", "localhost", "other.test"]
        statuses = [send_raw(emulator, "GET /_emulator/state HTTP/1.1", f"Host: {host}")[0] for host in hosts]
    assert statuses == [200, 200, 200, 403]


async def test_the_local_address_of_the_connection_is_accepted_as_host(backend: Backend) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(create_app(backend))) as http:
        assert (await http.get("http://192.0.2.9:8123/openapi.json")).status_code == 200
        other = {"host": "192.0.2.10:8123"}
        assert (await http.get("http://192.0.2.9:8123/openapi.json", headers=other)).status_code == 403


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("POST /agent/api/v1beta1/orgs/org-emulator/projects/project-emulator/sandboxes HTTP/1.1", 401),
        ("POST /sandboxes-runtime/v1/exec HTTP/1.1", 401),
        ("POST /sandboxes-runtime/v1/files/write?path=a HTTP/1.1", 401),
        ("POST /preview/abcd1234/ HTTP/1.1", 404),
    ],
)
@pytest.mark.parametrize("fault", [None, "web"])
def test_the_body_of_a_request_without_a_key_is_not_read(
    emulator: Emulator, client: httpx.Client, line: str, status: int, fault: str | None
) -> None:
    assert client.get("/sandboxes").status_code == 200
    if fault:
        emulator.inject("reset_before", name=fault)
    # The client announces more data and never sends it.
    headers = ("Host: localhost", "Content-Type: application/json", "Content-Length: 1000000")
    assert send_raw(emulator, line, *headers, body=b'{"name": "web"')[0] == status
    emulator.control("DELETE", "faults")


@pytest.mark.parametrize("path", ["/agent/api/v1beta1/x", "/sandboxes-runtime/v1/exec", "/_emulator/faults", "/none"])
def test_a_content_length_over_the_limit_is_rejected_before_the_body_is_read(emulator: Emulator, path: str) -> None:
    length = f"Content-Length: {MAX_BODY_BYTES + 1}"
    status, text = send_raw(emulator, f"POST {path} HTTP/1.1", "Host: localhost", length)
    assert (status, '"code":"bad_request"' in text) == (413, True)


def test_a_body_without_content_length_is_read_up_to_the_limit(emulator: Emulator, client: httpx.Client) -> None:
    def yield_parts() -> Iterator[bytes]:
        for _ in range(MAX_BODY_BYTES // 1000 + 1):
            yield b" " * 1000

    json = {"content-type": "application/json"}
    assert client.post("/sandboxes", content=yield_parts(), headers=json).status_code == 413
    emulator.inject("reset_before", path="/sandboxes")
    assert client.post("/sandboxes", content=yield_parts(), headers=json).status_code == 413
    control = f"{emulator.base_url.removesuffix('/agent')}/_emulator/faults"
    assert httpx.post(control, content=yield_parts()).status_code == 413
    assert client.post("/sandboxes", content=b" " * (MAX_BODY_BYTES - 2) + b"{}", headers=json).status_code == 201


def test_a_preview_cannot_connect_to_an_emulator(emulator: Emulator, client: httpx.Client) -> None:
    client.post("/sandboxes", json={"name": "web"})
    with serve() as other:
        for item in (emulator, other):
            port = httpx.URL(item.base_url).port
            preview = require_success(client.post("/sandboxes/web/ports", json={"port": port}))["preview_url"]
            key = {"authorization": f"Bearer {item.api_key}"}
            for method, path in [("POST", "_emulator/reset"), ("GET", "_emulator/state"), ("GET", PATHS[0][1:])]:
                response = httpx.request(method, preview + path, headers=key)
                assert (response.status_code, response.json()["code"]) == (403, "forbidden")
    assert client.get("/sandboxes").json()["total"] == 1


@pytest.mark.parametrize("chunked", [True, False])
async def test_a_preview_streams_a_large_request_body(api: ApiDriver, *, chunked: bool) -> None:
    began, received = asyncio.Event(), bytearray()

    async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        began.set()
        while not received.endswith(b"last" + (b"\r\n0\r\n\r\n" if chunked else b"")):
            received.extend(await reader.read(1 << 16))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        received[:0] = head
        writer.close()

    async def yield_parts() -> object:
        for _ in range(6):
            yield b" " * (1 << 20)
        await began.wait()
        yield b"last"

    await api.create_ready(name="web")
    server = await asyncio.start_server(serve_one, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        url = require_success(await api.send("POST", "/sandboxes/web/ports", {"port": port}))["preview_url"]
        length = {} if chunked else {"content-length": str(6 * (1 << 20) + 4)}
        assert (await api.client.post(url, content=yield_parts(), headers=length)).text == "ok"  # type: ignore[arg-type]
    assert len(received) > 6 * (1 << 20)
    assert b"via: 1.1 neev-emulator" in received
