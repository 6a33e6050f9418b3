"""A backend whose clock moves only by `advance`, and its API without a socket."""

from collections.abc import AsyncIterator

import httpx
import pytest

from helpers.emulator_harness import SLOW, START, ApiDriver
from neev_emulator import Backend, Clock, Settings, create_app


@pytest.fixture
async def backend(request: pytest.FixtureRequest) -> AsyncIterator[Backend]:
    """Yield a backend; the parameter is the version of the API, by default the current one."""
    settings = Settings(api=getattr(request, "param", Settings().api), durations=SLOW)
    still = Backend(settings, clock=Clock(lambda: START))
    yield still
    await still.close()


@pytest.fixture
async def api(backend: Backend) -> AsyncIterator[ApiDriver]:
    transport = httpx.ASGITransport(create_app(backend))
    headers = {"authorization": f"Bearer {backend.api_key}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://emulator", headers=headers) as http:
        yield ApiDriver(backend, http)
