"""On real sockets, the key is sent only to servers with a trusted certificate, and only in one header."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from neev_provider.client import Api, Settings, connect
from neev_provider.client.runtime import ExecRequest, Runtime
from neev_provider.client.sandboxes import Sandbox
from neev_provider.core import errors

KEY = "key-that-nobody-may-see"
HERE = "127.0.0.1"
SANDBOX = b'{"id": "box-1", "name": "box", "phase": "Ready"}'


@dataclass
class RecordingServer:
    """A server on this machine, and the requests that it received."""

    address: str
    requests: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class TlsIdentity:
    """The TLS context of a server, and its self-signed certificate."""

    context: ssl.SSLContext
    bundle: Path


Issue = Callable[[str], TlsIdentity]


@pytest.fixture
def issue(tmp_path: Path) -> Issue:
    """Return a function that creates the identity of a server at an IP address."""

    def identity(host: str) -> TlsIdentity:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "of a test")])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(1))
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        public, private = tmp_path / f"{host}.pem", tmp_path / f"{host}.key"
        public.write_bytes(certificate.public_bytes(Encoding.PEM))
        private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(public, private)
        return TlsIdentity(context, public)

    return identity


@asynccontextmanager
async def serve(identity: TlsIdentity, *head: str, body: bytes = SANDBOX) -> AsyncIterator[RecordingServer]:
    """Yield a server that answers every request with this head and body."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.requests.append((await reader.readuntil(b"\r\n\r\n")).decode())
        lines = [*(head or ("HTTP/1.1 200 OK", "content-type: application/json")), f"content-length: {len(body)}"]
        writer.write("\r\n".join([*lines, "connection: close", "", ""]).encode() + body)
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(handle, HERE, 0, ssl=identity.context)
    server = RecordingServer(f"https://{HERE}:{listening.sockets[0].getsockname()[1]}")
    try:
        yield server
    finally:
        listening.close()
        await listening.wait_closed()


@asynccontextmanager
async def connect_client(address: str, bundle: Path | None = None) -> AsyncIterator[Api]:
    """Yield a client with the key for the address."""
    settings = Settings(address, KEY, "org", "project", ca_bundle=str(bundle) if bundle else None)
    async with connect(settings) as api:
        yield api


async def exec_in_sandbox(api: Api, address: str) -> int:
    """Return the exit code of a command in the sandbox that is served at the address."""
    session = api.runtime.session(Sandbox(id="box-1", name="box", phase="Ready", connect_url=address))
    return await session.exec(ExecRequest(["true"]), lambda _stream, _text: None, read_timeout=5)


async def test_a_certificate_is_trusted_only_if_its_authority_is_trusted(issue: Issue) -> None:
    identity = issue(HERE)
    async with serve(identity) as server, connect_client(server.address) as untrusting:
        with pytest.raises(errors.RequestNotSent, match="the setting `caBundle`"):
            await untrusting.sandboxes.get("box")
        with pytest.raises(errors.RequestNotSent, match="no connection to the sandbox"):
            await exec_in_sandbox(untrusting, server.address)
        assert server.requests == []
        async with connect_client(server.address, identity.bundle) as trusting:
            assert (await trusting.sandboxes.get("box")).id == "box-1"
        assert len(server.requests) == 1


async def test_a_certificate_is_trusted_only_for_the_host_it_names(issue: Issue) -> None:
    elsewhere = issue("127.0.0.2")
    async with serve(elsewhere) as server, connect_client(server.address, elsewhere.bundle) as api:
        with pytest.raises(errors.RequestNotSent, match="the setting `caBundle`"):
            await api.sandboxes.get("box")
        assert server.requests == []


async def test_the_key_is_sent_only_in_the_authorization_header(issue: Issue) -> None:
    identity = issue(HERE)
    exited = b'{"type": "exit", "exit_code": 0}\n'
    async with serve(identity) as server, serve(identity, body=exited) as session:
        async with connect_client(server.address, identity.bundle) as api:
            await api.sandboxes.get("box")
            assert await exec_in_sandbox(api, session.address) == 0
        for request in (*server.requests, *session.requests):
            lines = [line for line in request.splitlines() if KEY in line]
            assert [line.lower() for line in lines] == [f"authorization: bearer {KEY}"]
        assert (len(server.requests), len(session.requests)) == (1, 1)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed_so_another_host_never_receives_the_key(issue: Issue, status: int) -> None:
    identity = issue(HERE)
    async with serve(identity) as other:
        redirect = (f"HTTP/1.1 {status} Elsewhere", f"location: {other.address}/take-it")
        async with serve(identity, *redirect) as server, connect_client(server.address, identity.bundle) as api:
            with pytest.raises(errors.UnexpectedResponse, match=r"a redirect to 127\.0\.0\.1, which is not followed"):
                await api.sandboxes.get("box")
            with pytest.raises(errors.NeevError):
                await exec_in_sandbox(api, server.address)
            assert len(server.requests) == 2
        assert other.requests == []


def test_repr_and_str_of_objects_with_the_key_hide_it() -> None:
    settings = Settings("https://api.example", KEY, "org", "project")
    api = connect(settings)
    observed = Sandbox(id="box-1", name="box", phase="Ready", connect_url="https://inside.example")
    connections = api.transport._client_pool
    for item in (
        api,
        api.transport,
        connections,
        connections._first_client,
        connections._first_client.headers,
        Runtime(settings).session(observed),
    ):
        assert KEY not in f"{item!r} {item}"
