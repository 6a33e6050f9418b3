"""A computer in a temporary directory, and a client of its endpoints."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from helpers.runtime_harness import Clock, application
from neev_emulator.runtime import Computer


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def computer(tmp_path: Path, clock: Clock) -> AsyncIterator[Computer]:
    computer = Computer(tmp_path / "sandbox", env={"GREETING": "hello"}, now=clock)
    yield computer
    await computer.stop()


@pytest.fixture
async def api(computer: Computer) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application(computer))
    async with httpx.AsyncClient(transport=transport, base_url="http://runtime") as client:
        yield client
