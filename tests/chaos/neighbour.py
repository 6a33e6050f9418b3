"""A second stack with the same explicit names as the first, and sandboxes of other tenants with such names.

No kill, repair or sweep of the first stack may affect them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.chaos.rigs import FIXED, SHARED
from tests.chaos.stacks import Stack, run_command
from tests.engine.project import out_of_band_request, wait_until

from neev_emulator.testing import Emulator

OTHER_PROJECT = "project-other"
PROGRAM: dict[str, dict[str, Any]] = {
    "shared": {
        "type": "neev:index:SandboxPool",
        # its idle and retention times must not change what is compared
        "properties": {"name": SHARED, "replicas": 2, "idleTimeoutSeconds": 0, "maxLifetimeSeconds": 0},
    }
}
"""A pool with the same name as the first stack's, in the same project of the API."""
OTHER_TENANT_LABELS = {"managed-by": "another-tool"}
"""The labels of a sandbox whose owner is no stack of any engine."""
MAX_READS = 3
"""The maximum number of requests with which a create checks that its name is free."""

SandboxView = Mapping[str, Any]


@dataclass
class NeighbourStack:
    """The second stack beside the first one, its sandboxes, and those of other tenants."""

    directory: Path
    first_stack: Stack
    other_emulator: Emulator = field(init=False)
    _stack: Stack | None = None
    _initial_views: dict[str, SandboxView] = field(default_factory=dict)
    _initial_fixed_view: SandboxView = field(default_factory=dict)
    _tenant_ids: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.other_emulator = replace(self.first_stack.emulator, project_id=OTHER_PROJECT)
        self._initial_fixed_view = out_of_band_request(
            self.other_emulator, "POST", "/sandboxes", {"name": FIXED, "lifecycle": _make_endless_lifecycle()}
        )

    @property
    def ids(self) -> frozenset[str]:
        """Return the ids of all these sandboxes in the project of the first stack."""
        return frozenset(self._initial_views)

    @property
    def exists(self) -> bool:
        """Return whether the stack exists."""
        return self._stack is not None

    def create(self) -> None:
        """Create the stack as if at the same moment as the first one: its check of the name finds nothing."""
        self.directory.mkdir()
        self._stack = self.first_stack.open_neighbour(self.directory)
        self._stack.write_rig(PROGRAM)
        emulator = self.first_stack.emulator
        emulator.inject("truncated_list", method="GET", path="/sandboxes", times=MAX_READS)
        run_command(self._stack, "up")
        emulator.control("DELETE", "faults")
        (pool,) = self._stack.list_resources()
        self._initial_views = {output["id"]: self._read_current(output["id"]) for output in pool.outputs["members"]}
        assert len(self._initial_views) == PROGRAM["shared"]["properties"]["replicas"]
        # no state on this machine contains these sandboxes: only their labels name the owner
        for number, labels in enumerate((self.first_stack.tenant.to_labels(), OTHER_TENANT_LABELS), 8):
            name = f"{SHARED}-0a1b2c-{number}"
            body = {"name": name, "labels": labels, "lifecycle": _make_endless_lifecycle()}
            self._tenant_ids.append(out_of_band_request(emulator, "POST", "/sandboxes", body)["id"])
        wait_until(lambda: all(self._read_current(id)["addressable"] for id in self._tenant_ids))
        self._initial_views |= {id: self._read_current(id) for id in self._tenant_ids}

    def check_untouched(self) -> None:
        """Assert that each of these sandboxes exists and is unchanged."""
        assert {id: self._read_current(id) for id in self._initial_views} == self._initial_views
        fixed = out_of_band_request(self.other_emulator, "GET", f"/sandboxes/{self._initial_fixed_view['id']}")
        assert fixed["phase"] == "Ready"

    def destroy(self) -> None:
        """Destroy the stack. This deletes its sandboxes, which proves that the first stack deleted none of them."""
        self.check_untouched()
        out_of_band_request(self.other_emulator, "DELETE", f"/sandboxes/{self._initial_fixed_view['id']}")
        for id in self._tenant_ids:
            out_of_band_request(self.first_stack.emulator, "DELETE", f"/sandboxes/{id}")
        if self._stack is not None:
            run_command(self._stack, "destroy")

    def _read_current(self, id: str) -> SandboxView:
        observed: SandboxView = out_of_band_request(self.first_stack.emulator, "GET", f"/sandboxes/{id}")
        return observed


def _make_endless_lifecycle() -> dict[str, int]:
    return {"idle_timeout_seconds": 0, "max_lifetime_seconds": 0, "paused_retention_seconds": 0}
