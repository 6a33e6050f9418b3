"""A platform and a client of it."""

from collections.abc import AsyncIterator, Iterator

import pytest

from neev_emulator import Emulator, serve
from neev_provider.client import Api, Settings, connect


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """An empty platform."""
    with serve(create_seconds=0.02) as running:
        yield running


@pytest.fixture
async def api(emulator: Emulator) -> AsyncIterator[Api]:
    """A client of it."""
    settings = Settings(emulator.base_url, emulator.api_key, emulator.org_id, emulator.project_id)
    async with connect(settings) as connected:
        yield connected
