"""An emulator in the place of a target, and a ledger."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tools.acceptance.ledger import Ledger

from neev_emulator import Emulator, serve
from neev_provider.client import Api, Settings, connect

PREFIX = f"acc-{secrets.token_hex(3)}"
"""Of this process alone: the end of a run kills every process with its prefix, those of another test process, too."""


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """Yield an empty emulator."""
    with serve() as emulator:
        yield emulator


@pytest.fixture
def target(emulator: Emulator) -> Settings:
    """Return the settings of the emulator."""
    return Settings(emulator.base_url, emulator.api_key, emulator.org_id, emulator.project_id)


@pytest.fixture
async def api(target: Settings) -> AsyncIterator[Api]:
    """Yield a client of the emulator."""
    async with connect(target) as api:
        yield api


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Yield an empty ledger with a budget of two sandboxes."""
    ledger = Ledger(tmp_path / "ledger.jsonl", prefix=PREFIX, max_sandboxes=2)
    yield ledger
    ledger.close()
