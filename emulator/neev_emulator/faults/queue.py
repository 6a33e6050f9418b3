"""The kinds of faults, and the queue of pending faults."""

import random
from collections.abc import Set as AbstractSet
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal

from pydantic import Field

from neev_emulator.faults.request_log import route_template
from neev_emulator.settings import Count, FrozenModel, RandomFaults, Seconds

FaultKind = Literal[
    "status",
    "delay",
    "reset_before",
    "reset_after",
    "truncate_body",
    "malformed_body",
    "wrong_content_type",
    "media_type",
    "page",
    "truncated_list",
    "unknown_phase",
    "stuck_phase",
    "slow_phase",
    "failed_phase",
]


class Fault(FrozenModel):
    """A fault that is injected into the next matching requests."""

    kind: FaultKind
    method: str = "*"
    path: str = "*"
    """Pattern of the path below the project: `/sandboxes`, `/sandboxes/*/pause`, `/sandboxes/{id}`."""
    name: str | None = None
    """Name of the target: of the object that the path or `X-Sandbox-Id` refers to, or in the request body."""
    times: Annotated[int, Field(ge=1)] = 1
    skip: Count = 0
    """Number of matching requests that pass first."""
    status: Annotated[int, Field(ge=400, le=599)] = 500
    body: dict[str, Any] | None = None
    retry_after: str | int | None = None
    """Value of the header: seconds, or an HTTP date."""
    execute_first: bool = False
    """For `status`, `page` and `delay`: whether the operation is executed before the fault."""
    seconds: Seconds = 60.0
    """For `delay`: its length; it ends early if the caller disconnects. For `slow_phase`: the additional time."""
    phase: str | None = None
    """For `unknown_phase`: the phase to show. For `stuck_phase`: the phase that never ends."""
    reason: str = "injected failure"
    """For `failed_phase`: the error message of a snapshot."""


class FaultQueue:
    """The pending faults, in the order in which they were added."""

    def __init__(self) -> None:
        self._pending: list[tuple[Fault, int, int]] = []

    def add(self, *faults: Fault) -> None:
        """Add faults for the next matching requests."""
        self._pending += [(fault, fault.skip, fault.times) for fault in faults]

    def pending(self) -> list[dict[str, Any]]:
        """Return the pending faults with their remaining `skip` and `times`."""
        return [{**fault.model_dump(), "skip": skip, "times": times} for fault, skip, times in self._pending]

    @property
    def has_named(self) -> bool:
        """Whether a pending fault has a target's name."""
        return any(fault.name is not None for fault, _, _ in self._pending)

    def take(self, method: str, path: str, names: AbstractSet[str] = frozenset()) -> Fault | None:
        """Return the fault for this request, whose targets have these names."""
        template = route_template(path) if self._pending else ""
        for index, (fault, skip, times) in enumerate(self._pending):
            if not _matches(fault, method, path, template) or not (fault.name is None or fault.name in names):
                continue
            if skip:
                self._pending[index] = (fault, skip - 1, times)
                continue
            self._pending[index : index + 1] = [(fault, 0, times - 1)] if times > 1 else []
            return fault
        return None

    def clear(self) -> None:
        """Remove all pending faults."""
        self._pending.clear()


class RandomFaultSource:
    """Random faults; the same seed gives the same faults."""

    def __init__(self, settings: RandomFaults) -> None:
        self._settings = settings
        self._random = random.Random(settings.seed)  # noqa: S311 - faults are no secret

    def draw(self) -> Fault | None:
        """Return a fault for a share of the requests."""
        if not self._settings.kinds or self._random.random() >= self._settings.rate:
            return None
        kind = self._random.choice(self._settings.kinds)
        if kind in ("429", "503"):
            return Fault(kind="status", status=int(kind), retry_after=1)
        if kind in ("500", "502"):
            return Fault(kind="status", status=int(kind))
        return Fault.model_validate({"kind": kind})


def _matches(fault: Fault, method: str, path: str, template: str) -> bool:
    if fault.method not in ("*", method):
        return False
    return fault.path == template or fnmatchcase(path, fault.path)
