"""The official client with a check of every response: of an emulator, or with `NEEV_LIVE=1` of the real service.

The real service gets its account from the environment, as the official client reads it. Tests that use the emulator's
controls are skipped there, and the objects that a test created are deleted after it.
"""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Any

import httpx
import pytest
from neevai import AsyncNeevAI, NeevAI
from neevai.errors import NotFoundError

from helpers.official_client import build_client_options, read_and_check, read_and_check_async, wait_until_gone
from neev_emulator import Durations, Emulator, Settings, serve

LIVE = os.environ.get("NEEV_LIVE") == "1"


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    if LIVE:
        pytest.skip("uses the controls of the emulator")
    quick = Durations(create=0.05, fork=0.05, addressable=0.02, pause=0.03, resume=0.03, rollback=0.03)
    with serve(Settings(api="0.8", durations=quick)) as running:  # the version of the official client
        yield running


@dataclass
class Service:
    """The service under test: the options of its clients, and the objects that a test has created."""

    client_options: dict[str, Any]
    http_options: dict[str, Any]
    created: list[tuple[str, str]] = field(default_factory=list)
    """Kind and id, as in the path of the request."""

    def record(self, response: httpx.Response) -> None:
        """Record the object that the response created."""
        kind = response.request.url.path.rpartition("/")[2]
        if response.request.method == "POST" and response.status_code == HTTPStatus.CREATED:
            self.created.append(("agents" if kind == "agents" else "sandboxes", response.json()["id"]))
        if response.status_code == HTTPStatus.ACCEPTED and kind == "snapshots":
            self.created.append((kind, response.json()["id"]))


@pytest.fixture
def service(request: pytest.FixtureRequest) -> Iterator[Service]:
    """Yield the service, empty if it is an emulator; delete what the test creates if it is the real one."""
    if not LIVE:
        emulator: Emulator = request.getfixturevalue("emulator")
        emulator.reset()
        yield Service(build_client_options(emulator), {"verify": False})
        return
    live = Service({}, {})
    yield live
    with NeevAI() as official:
        operations: dict[str, tuple[Callable[[str], object], Callable[[str], object]]] = {
            "agents": (official.agents.delete, official.agents.get),
            "sandboxes": (official.sandboxes.delete, official.sandboxes.get),
            "snapshots": (official.sandboxes.delete_snapshot, official.sandboxes.get_snapshot),
        }
        for kind, id in reversed(live.created):
            with suppress(NotFoundError):
                operations[kind][0](id)
        # the next test uses the same names
        for kind, id in live.created:
            wait_until_gone(partial(operations[kind][1], id))


@pytest.fixture
def client(service: Service) -> Iterator[NeevAI]:
    def check(response: httpx.Response) -> None:
        read_and_check(response)
        service.record(response)

    http = httpx.Client(event_hooks={"response": [check]}, **service.http_options)
    with NeevAI(**service.client_options, max_retries=0, client=http) as official:
        yield official


@pytest.fixture
async def async_client(service: Service) -> AsyncIterator[AsyncNeevAI]:
    async def check(response: httpx.Response) -> None:
        await read_and_check_async(response)
        service.record(response)

    http = httpx.AsyncClient(event_hooks={"response": [check]}, **service.http_options)
    async with AsyncNeevAI(**service.client_options, max_retries=0, client=http) as official:
        yield official
