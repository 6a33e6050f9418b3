"""One emulator, and the official client with a check of every response."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from neevai import AsyncNeevAI, NeevAI

from helpers.official_client import client_options, read_and_check, read_and_check_async
from neev_emulator import Durations, Emulator, Settings, serve


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    quick = Durations(create=0.05, fork=0.05, addressable=0.02, pause=0.03, resume=0.03, rollback=0.03)
    with serve(Settings(api="0.8", durations=quick)) as running:  # the version of the official client
        yield running


@pytest.fixture
def client(emulator: Emulator) -> Iterator[NeevAI]:
    emulator.reset()
    http = httpx.Client(verify=False, event_hooks={"response": [read_and_check]})
    with NeevAI(**client_options(emulator), max_retries=0, client=http) as official:
        yield official


@pytest.fixture
async def async_client(emulator: Emulator) -> AsyncIterator[AsyncNeevAI]:
    emulator.reset()
    http = httpx.AsyncClient(verify=False, event_hooks={"response": [read_and_check_async]})
    async with AsyncNeevAI(**client_options(emulator), max_retries=0, client=http) as official:
        yield official
