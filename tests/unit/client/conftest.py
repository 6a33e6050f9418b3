"""Fixtures with an emulator for the calls of the API, reset before each test."""

from collections.abc import AsyncIterator, Iterator

import pytest
from tests.fakes.clock import ScaledClock

from neev_emulator import Emulator, serve
from neev_provider.client import Api, Settings, connect


@pytest.fixture(scope="session")
def shared_emulator() -> Iterator[Emulator]:
    with serve() as emulator:
        yield emulator


@pytest.fixture
def emulator(shared_emulator: Emulator) -> Emulator:
    shared_emulator.control("POST", "reset")
    return shared_emulator


@pytest.fixture
def settings(emulator: Emulator) -> Settings:
    return Settings(emulator.base_url, emulator.api_key, emulator.org_id, emulator.project_id, timeout=2)


@pytest.fixture
async def api(settings: Settings) -> AsyncIterator[Api]:
    async with connect(settings, clock=ScaledClock()) as api:
        yield api
