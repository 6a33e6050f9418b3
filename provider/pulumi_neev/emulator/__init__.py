"""The Agent Service in small: its REST API with real files and real processes, on this machine.

It shares no code with the provider, so that it is a witness of its own. `serve` runs one; docs/emulator.md tells more.
"""

from pulumi_neev.emulator.address import RemoteNotAllowedError, is_loopback
from pulumi_neev.emulator.app import create_app
from pulumi_neev.emulator.clock import Clock
from pulumi_neev.emulator.serve import Emulator, serve, serve_world
from pulumi_neev.emulator.settings import Durations, RandomFaults, Settings, Windows, provisioning
from pulumi_neev.emulator.store import StoreError
from pulumi_neev.emulator.world import World

__all__ = [
    "Clock",
    "Durations",
    "Emulator",
    "RandomFaults",
    "RemoteNotAllowedError",
    "Settings",
    "StoreError",
    "Windows",
    "World",
    "create_app",
    "is_loopback",
    "provisioning",
    "serve",
    "serve_world",
]
