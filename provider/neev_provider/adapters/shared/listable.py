"""The resources whose existing objects an engine can list, and the functions that list them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neev_provider.core.function import Function
from neev_provider.functions.agents import GetAgents
from neev_provider.functions.sandboxes import GetSandboxes, GetSnapshots

LISTABLE: Mapping[str, tuple[Function[Any, Any], str]] = {
    "Sandbox": (GetSandboxes(), "sandboxes"),
    "SandboxFork": (GetSandboxes(), "sandboxes"),
    "Snapshot": (GetSnapshots(), "snapshots"),
    "Agent": (GetAgents(), "agents"),
}
"""For each resource type, the function that lists its objects and the property of the result that holds them."""
