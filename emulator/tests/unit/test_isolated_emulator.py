"""An emulator that isolates sandboxes, through its API and its command."""

import json
import os
import shlex
import subprocess
import sys
import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from helpers.killed_emulator import open_runtime_client, start_killable, wait_until_ready
from helpers.poll import poll_until
from neev_emulator import IsolationUnavailableError, serve
from neev_emulator.runtime.isolation import Isolation

RUN = [sys.executable, "-c", "from neev_emulator.cli import main; main()"]


class IsolatedEmulator:
    """The command with `--isolate`, and a client of it."""

    def __init__(self, process: "subprocess.Popen[str]", client: httpx.Client) -> None:
        self.process = process
        self.client = client

    def create(self, **body: Any) -> dict[str, Any]:
        """Create a sandbox and wait until it is ready."""
        created = self.client.post("/sandboxes", json=body)
        assert created.status_code == 201, created.text
        return wait_until_ready(self.client, f"/sandboxes/{created.json()['id']}")

    def run(self, sandbox: dict[str, Any], script: str) -> str:
        """Run the script in the sandbox; return its output."""
        with open_runtime_client(self.client, sandbox) as runtime:
            response = runtime.post("/exec", json={"command": "bash", "args": ["-c", script]})
        frames = [json.loads(line) for line in response.text.splitlines()]
        return b"".join(b64decode(frame["data"]) for frame in frames if "data" in frame).decode()

    def fetch(self, sandbox: dict[str, Any], url: str) -> str:
        """Send a request for the URL through the sandbox's proxy; return the response."""
        head = f"GET {url} HTTP/1.1\\r\\n\\r\\n"
        script = f"exec 3<>/dev/tcp/127.0.0.1/${{HTTP_PROXY##*:}}; printf {shlex.quote(head)} >&3; cat <&3"
        return self.run(sandbox, script)


@pytest.fixture
def isolated(tmp_path: Path) -> Iterator[IsolatedEmulator]:
    try:
        Isolation()
    except IsolationUnavailableError as error:
        pytest.skip(str(error))
    with start_killable(tmp_path, "--isolate") as (process, client):
        yield IsolatedEmulator(process, client)


class NamedServer(BaseHTTPRequestHandler):
    """Responds with the address of the connection."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(str(self.connection.getsockname()[0]).encode())

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def servers() -> Iterator[list[str]]:
    """Yield the URLs of two servers with different addresses."""
    with ExitStack() as stack:
        urls = []
        for address in ("127.0.0.2", "127.0.0.3"):
            server = stack.enter_context(ThreadingHTTPServer((address, 0), NamedServer))
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown)
            urls.append(f"http://{address}:{server.server_port}/")
        yield urls


def allow(*hosts: str) -> dict[str, Any]:
    return {"mode": "allow_list", "allow": [{"host": host} for host in hosts]}


def test_the_egress_policy_is_enforced_for_each_host(isolated: IsolatedEmulator, servers: list[str]) -> None:
    first, second = servers
    sandbox = isolated.create(egress=allow("127.0.0.2"))
    assert isolated.fetch(sandbox, first).endswith("127.0.0.2")
    assert isolated.fetch(sandbox, second).startswith("HTTP/1.1 403 ")
    assert "refused" in isolated.run(sandbox, f"exec 3<>/dev/tcp/127.0.0.2/{first.rpartition(':')[2].rstrip('/')}")
    path = f"/sandboxes/{sandbox['id']}"
    for policy, statuses in (
        ({"egress": {"mode": "deny_all"}}, ("403", "403")),
        ({"egress": allow("127.0.0.0/30")}, ("200", "200")),
        ({"egress_remove": allow("127.0.0.0/30"), "egress_add": allow("127.0.0.3")}, ("403", "200")),
    ):
        edits = {name: {"allow": edit["allow"]} if name != "egress" else edit for name, edit in policy.items()}
        assert isolated.client.patch(path, json=edits).status_code == 200
        assert tuple(isolated.fetch(sandbox, url).split()[1] for url in servers) == statuses


def test_resource_limits_apply_and_a_resize_applies_to_the_next_command(isolated: IsolatedEmulator) -> None:
    sandbox = isolated.create(resources={"cpu": 0.5, "memory_gb": 1})
    assert isolated.run(sandbox, "ulimit -d; nproc").split() == [str(1 << 20), "1"]
    assert isolated.client.patch(f"/sandboxes/{sandbox['id']}", json={"resources": {"memory_gb": 2}}).is_success
    assert isolated.run(sandbox, "ulimit -d") == f"{2 << 20}\n"


def test_a_preview_connects_to_the_port_of_its_own_sandbox(isolated: IsolatedEmulator) -> None:
    if "python" not in isolated.run(isolated.create(), "command -v python3"):
        pytest.skip("sandboxes have no python3 on this machine")
    urls = []
    for name in ("one", "other"):
        sandbox = isolated.create(name=name)
        exposed = isolated.client.post(f"/sandboxes/{sandbox['id']}/ports", json={"port": 8000}).json()
        urls.append(exposed["preview_url"])
        assert httpx.get(urls[-1], verify=False).status_code == 502
        with open_runtime_client(isolated.client, sandbox) as runtime:
            runtime.post("/files/write", params={"path": "index.html"}, content=name)
            runtime.post("/processes/start", json={"program": "python3", "args": ["-m", "http.server", "8000"]})
        wait = "until exec 3<>/dev/tcp/127.0.0.1/8000; do sleep 0.01; done 2>/dev/null"
        isolated.run(sandbox, wait)
    assert [httpx.get(url, verify=False).text for url in urls] == ["one", "other"]


def test_a_fork_can_listen_on_the_same_port_as_its_source(isolated: IsolatedEmulator) -> None:
    source = isolated.create()
    if "python" not in isolated.run(source, "command -v python3"):
        pytest.skip("sandboxes have no python3 on this machine")
    with open_runtime_client(isolated.client, source) as runtime:
        started = runtime.post("/processes/start", json={"program": "python3", "args": ["-m", "http.server", "8000"]})
    wait = "until exec 3<>/dev/tcp/127.0.0.1/8000; do sleep 0.01; done 2>/dev/null; echo listens"
    assert isolated.run(source, wait) == "listens\n"
    fork = isolated.client.post(f"/sandboxes/{source['id']}/fork", json={"name": "copy"}).json()
    fork = wait_until_ready(isolated.client, f"/sandboxes/{fork['id']}")
    assert isolated.run(fork, wait) == "listens\n"
    with open_runtime_client(isolated.client, fork) as runtime:
        assert runtime.post("/processes/list", json={}).json()["processes"] == [started.json()]


def test_no_process_survives_a_killed_emulator(isolated: IsolatedEmulator) -> None:
    sandbox = isolated.create()
    isolated.run(sandbox, "env -i setsid sleep 76543 >/dev/null 2>&1 &")
    assert "76543" in find_commands()
    isolated.process.kill()
    isolated.process.wait()
    poll_until(find_commands, lambda commands: "76543" not in commands)


def find_commands() -> str:
    """Return the commands of all processes of the machine."""
    commands = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            commands.append(path.read_text(errors="replace"))
    return " ".join(commands)


def test_the_error_without_bubblewrap_names_the_package(tmp_path: Path) -> None:
    variables = {**os.environ, "PATH": str(tmp_path), "TMPDIR": str(tmp_path)}
    result = subprocess.run([*RUN, "--isolate"], env=variables, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stderr == (
        "neev-emulator: cannot isolate sandboxes: the program bwrap is not installed: install the package bubblewrap "
        "(`apt-get install bubblewrap`, `dnf install bubblewrap`)\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_serve_can_start_an_isolated_emulator() -> None:
    try:
        with serve(isolate=True) as emulator:
            assert emulator.state()["sandboxes"] == 0
    except IsolationUnavailableError as error:
        pytest.skip(str(error))
