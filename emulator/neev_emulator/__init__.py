"""The Agent Service in small: its REST API with real files and real processes, on this machine.

It shares no code with the provider, so that it is a witness of its own. `serve` runs one; docs/emulator.md tells more.
"""

from neev_emulator.address import RemoteNotAllowedError, is_loopback
from neev_emulator.app import create_app
from neev_emulator.clock import Clock
from neev_emulator.settings import Durations, RandomFaults, Settings, ExpirationDefaults, with_create_seconds
from neev_emulator.state.backend import Backend
from neev_emulator.state.store import StoreError
from neev_emulator.testing import Emulator, serve, serve_backend

__all__ = [
    "Clock",
    "Durations",
    "Emulator",
    "RandomFaults",
    "RemoteNotAllowedError",
    "Settings",
    "StoreError",
    "ExpirationDefaults",
    "Backend",
    "create_app",
    "is_loopback",
    "with_create_seconds",
    "serve",
    "serve_backend",
]
