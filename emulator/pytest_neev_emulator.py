"""The pytest plugin of neev-emulator: the fixture `neev_emulator`.

It is a module of its own because pytest imports it at every start, and the package only for a test that uses it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from neev_emulator import Emulator


@pytest.fixture
def neev_emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """Serve an empty emulator in the place of NeevAI for one test, as `mock_neev` does."""
    from neev_emulator import mock_neev  # noqa: PLC0415 - see above
    from neev_emulator.testing import VARIABLES  # noqa: PLC0415 - likewise

    # A test that sets one of them itself ends after the mock, and monkeypatch then restores what it has recorded.
    for name in VARIABLES:
        monkeypatch.setenv(name, os.environ.get(name, ""))
    with mock_neev() as emulator:
        yield emulator
