"""An emulator and a client of it."""

from collections.abc import AsyncIterator, Iterator

import pytest

from neev_emulator import Emulator, serve
from neev_provider.client import Api, Settings, connect


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """Yield an empty emulator."""
    with serve(create_seconds=0.02) as running:
        yield running


@pytest.fixture
async def api(emulator: Emulator) -> AsyncIterator[Api]:
    """Yield a client of the emulator."""
    settings = Settings(emulator.base_url, emulator.api_key, emulator.org_id, emulator.project_id)
    async with connect(settings) as connected:
        yield connected
