"""An emulator without delays, and the engine's side of a provider that uses it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from tests.fakes.terraform_engine import Engine, open_engine, settings_of

from neev_emulator import Durations, Emulator, Settings, serve

INSTANT = Durations(create=0, fork=0, addressable=0, pause=0, resume=0, delete=0)


@pytest.fixture
def platform(request: pytest.FixtureRequest) -> Iterator[Emulator]:
    """Yield an emulator; the parameter is the duration of a create in seconds."""
    durations = INSTANT.model_copy(update={"create": getattr(request, "param", 0)})
    with serve(Settings(durations=durations)) as running:
        yield running


@pytest.fixture
async def terraform(platform: Emulator) -> AsyncIterator[Engine]:
    """Yield the engine's side of a configured provider."""
    async with open_engine() as engine:
        await engine.configure(**settings_of(platform))
        yield engine
