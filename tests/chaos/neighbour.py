"""A second stack with the same explicit names beside the first: whatever happens there, nothing of this is touched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.chaos.rigs import FIXED, SHARED
from tests.engine.project import STACK, Pulumi, outside

from neev_emulator.testing import Emulator

ELSEWHERE = "project-other"
PROGRAM: dict[str, dict[str, Any]] = {
    "shared": {
        "type": "neev:index:SandboxPool",
        # its windows must not change what is compared
        "properties": {"name": SHARED, "replicas": 2, "idleTimeoutSeconds": 0, "maxLifetimeSeconds": 0},
    }
}
"""A pool of the name that the first stack's has, in the same project of the platform."""
LOOKS = 3
"""How often a create looks at most whether its name is free."""

Seen = Mapping[str, Any]


@dataclass
class Neighbour:
    """The second stack, which the backend of the first one holds too, and what there is of it."""

    directory: Path
    engine: Path
    first: Pulumi
    elsewhere: Emulator = field(init=False)
    _project: Pulumi | None = None
    _seen: dict[str, Seen] = field(default_factory=dict)
    _fixed: Seen = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.elsewhere = replace(self.first.emulator, project_id=ELSEWHERE)
        self._fixed = outside(self.elsewhere, "POST", "/sandboxes", {"name": FIXED, "lifecycle": _without_end()})

    @property
    def ids(self) -> frozenset[str]:
        """The ids of its sandboxes in the project of the first stack."""
        return frozenset(self._seen)

    @property
    def is_there(self) -> bool:
        """Whether it has come."""
        return self._project is not None

    def come(self) -> None:
        """The stack is created, as if at the moment at which the first one was: its look shows nothing."""
        self.directory.mkdir()
        self._project = Pulumi(self.directory, self.engine, self.first.emulator)
        self._project.env["PULUMI_BACKEND_URL"] = self.first.env["PULUMI_BACKEND_URL"]
        self._project.write({"name": "neighbour", "runtime": "yaml", "resources": PROGRAM})
        self.first.emulator.add_fault("truncated_list", method="GET", path="/sandboxes", times=LOOKS)
        self._project.up()
        self.first.emulator.control("DELETE", "faults")
        held = self._project.state_of("shared") or {}
        self._seen = {each["id"]: self._now(each["id"]) for each in held["outputs"]["members"]}
        assert len(self._seen) == PROGRAM["shared"]["properties"]["replicas"]

    def is_untouched(self) -> None:
        """Every sandbox of it is there, and as it was."""
        assert {id: self._now(id) for id in self._seen} == self._seen
        fixed = outside(self.elsewhere, "GET", f"/sandboxes/{self._fixed['id']}")
        assert fixed["phase"] == "Ready"

    def go(self) -> None:
        """The stack is destroyed; that takes what it made, so nobody else has."""
        self.is_untouched()
        outside(self.elsewhere, "DELETE", f"/sandboxes/{self._fixed['id']}")
        if self._project is not None:
            done = self._project.destroy("--stack", STACK)
            assert done.changes == {"shared": "delete"}

    def _now(self, id: str) -> Seen:
        seen: Seen = outside(self.first.emulator, "GET", f"/sandboxes/{id}")
        return seen


def _without_end() -> dict[str, int]:
    return {"idle_timeout_seconds": 0, "max_lifetime_seconds": 0, "paused_retention_seconds": 0}
