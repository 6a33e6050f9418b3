"""The pytest plugin: a fixture that serves an emulator for one test."""

from collections.abc import Iterator

import pytest

from neev_emulator.testing import Emulator, serve


@pytest.fixture
def neev_emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """Serve an empty emulator for one test, and point the `NEEV_*` environment variables at it."""
    with serve() as emulator:
        for name, value in emulator.env.items():
            monkeypatch.setenv(name, value)
        yield emulator
