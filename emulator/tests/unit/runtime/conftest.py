"""The host of a sandbox in a temporary directory, and a client of its endpoints."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from helpers.runtime_harness import ManualClock, create_application
from neev_emulator.runtime import SandboxHost


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def host(tmp_path: Path, clock: ManualClock) -> AsyncIterator[SandboxHost]:
    sandbox_host = SandboxHost(tmp_path / "sandbox", env={"GREETING": "hello"}, now=clock)
    yield sandbox_host
    await sandbox_host.stop()


@pytest.fixture
async def api(host: SandboxHost) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_application(host))
    async with httpx.AsyncClient(transport=transport, base_url="http://runtime") as client:
        yield client
