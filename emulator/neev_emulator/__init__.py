"""An emulator of NeevAI's Agent Service: its REST API with real files and processes, on this machine.

`serve` runs one, `mock_neev` runs one in the place of NeevAI; docs/emulator.md describes it. It shares no code with the
provider.
"""

from neev_emulator.address import RemoteNotAllowedError, is_loopback
from neev_emulator.app import create_app
from neev_emulator.clock import Clock
from neev_emulator.mock import mock_neev
from neev_emulator.runtime.isolation import IsolationUnavailableError
from neev_emulator.settings import Durations, ExpirationDefaults, RandomFaults, Settings, with_create_seconds
from neev_emulator.state.backend import Backend
from neev_emulator.state.store import StoreError
from neev_emulator.testing import ControlError, Emulator, serve, serve_backend

__all__ = [
    "Backend",
    "Clock",
    "ControlError",
    "Durations",
    "Emulator",
    "ExpirationDefaults",
    "IsolationUnavailableError",
    "RandomFaults",
    "RemoteNotAllowedError",
    "Settings",
    "StoreError",
    "create_app",
    "is_loopback",
    "mock_neev",
    "serve",
    "serve_backend",
    "with_create_seconds",
]
