"""An emulator, a client of it, and the objects that inputs may refer to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from tests.lifecycle.fixtures import Fixtures

from neev_emulator import Durations, Emulator, serve
from neev_emulator import Settings as Platform
from neev_provider.client import Api, Settings, connect

FAST_SETTINGS = Platform(
    durations=Durations(create=0.02, fork=0.02, addressable=0.01, pause=0.02, resume=0.02, delete=0.01)
)


@pytest.fixture
def emulator(request: pytest.FixtureRequest) -> Iterator[Emulator]:
    """Yield an empty emulator. The parameter is the version of the API, by default the current one."""
    version = getattr(request, "param", FAST_SETTINGS.api)
    with serve(FAST_SETTINGS.model_copy(update={"api": version})) as running:
        yield running


@pytest.fixture
async def api(emulator: Emulator) -> AsyncIterator[Api]:
    """Yield a client that works outside of every program."""
    settings = Settings(emulator.base_url, emulator.api_key, emulator.org_id, emulator.project_id)
    async with connect(settings) as connected:
        yield connected


@pytest.fixture
async def fixtures(api: Api, emulator: Emulator) -> AsyncIterator[Fixtures]:
    """Yield the objects that inputs may refer to, and delete them at the end."""
    items = Fixtures(api, emulator)
    yield items
    await items.delete_all()
