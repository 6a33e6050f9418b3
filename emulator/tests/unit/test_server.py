"""The server: rejected connections, and operation without the optional packages."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from helpers.emulator_harness import ApiDriver
from neev_emulator import Emulator, serve

PLAIN = """
import sys
sys.modules.update(httptools=None, uvloop=None)
import pytest
from uvicorn.protocols.http.auto import AutoHTTPProtocol
assert AutoHTTPProtocol.__name__ == "H11Protocol"
sys.exit(pytest.main(sys.argv[1:]))
"""


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with serve(create_seconds=0) as running:
        yield running


@pytest.fixture
def client(emulator: Emulator) -> Iterator[httpx.Client]:
    base = f"{emulator.base_url}/api/v1beta1/orgs/{emulator.org_id}/projects/{emulator.project_id}"
    with httpx.Client(base_url=base, headers={"authorization": f"Bearer {emulator.api_key}"}, verify=False) as client:
        yield client


def wait_until_answered(client: httpx.Client) -> httpx.Response:
    deadline = time.monotonic() + 10
    while True:
        try:
            return client.get("/sandboxes")
        except httpx.ConnectError:
            assert time.monotonic() < deadline


def test_connections_are_rejected_for_a_time_and_the_state_is_unchanged(
    emulator: Emulator, client: httpx.Client
) -> None:
    client.post("/sandboxes", json={"name": "web"})
    for seconds in (2, 1):  # a slow machine needs a part of a second until its request
        emulator.reject_connections(seconds)
        with pytest.raises(httpx.ConnectError, match="refused"):
            client.post("/sandboxes", json={"name": "other"})
        assert wait_until_answered(client).json()["total"] == 1
    assert emulator.counts() == {"GET /sandboxes": 2, "POST /sandboxes": 1}


def test_reopen_ends_the_rejection_of_connections(emulator: Emulator, client: httpx.Client) -> None:
    assert emulator.reopen is not None
    emulator.reject_connections(600)
    with pytest.raises(httpx.ConnectError, match="refused"):
        client.get("/sandboxes")
    for _ in range(2):  # The second attempt rejects nothing.
        emulator.reopen()
        assert client.get("/sandboxes").status_code == 200


def test_the_emulator_stops_while_it_rejects_connections() -> None:
    with serve() as emulator:
        emulator.reject_connections(600)


@pytest.mark.parametrize("seconds", [0, -1, 3601, "soon"])
async def test_reject_connections_fails_with_an_invalid_number_of_seconds(api: ApiDriver, seconds: object) -> None:
    response = await api.client.post("/_emulator/reject-connections", json={"seconds": seconds})
    assert (response.status_code, response.json()["code"]) == (400, "validation_error")


async def test_reject_connections_returns_a_conflict_without_a_listener(api: ApiDriver) -> None:
    response = await api.client.post("/_emulator/reject-connections", json={"seconds": 1})
    assert (response.status_code, response.json()["code"]) == (409, "conflict")


def test_faults_and_rejected_connections_work_without_the_optional_packages() -> None:
    here = Path(__file__)
    root = here.parents[2]
    rejecting = test_connections_are_rejected_for_a_time_and_the_state_is_unchanged
    command = [sys.executable, "-c", PLAIN, "-q", "-p", "no:cacheprovider", "--rootdir", str(root)]
    command += [str(here.with_name("test_fault_injection.py")), f"{here}::{rejecting.__name__}"]
    run = subprocess.run(command, check=False, text=True, capture_output=True, cwd=root)
    assert run.returncode == 0, run.stdout + run.stderr
