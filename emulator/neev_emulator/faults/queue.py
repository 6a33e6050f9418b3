"""Faults: what can go wrong with a request, and the queue of those to come."""

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
    """What goes wrong with the next calls that match."""

    kind: FaultKind
    method: str = "*"
    path: str = "*"
    """A pattern for the path below the project, such as `/sandboxes`, `/sandboxes/*/pause` or `/sandboxes/{id}`."""
    name: str | None = None
    """The thing that the call is about: what its path or its runtime header addresses, by id or by name, or what its
    body is to name."""
    times: Annotated[int, Field(ge=1)] = 1
    skip: Count = 0
    """Matching calls that pass before the first one is struck."""
    status: Annotated[int, Field(ge=400, le=599)] = 500
    body: dict[str, Any] | None = None
    retry_after: str | int | None = None
    """The header as it is sent: seconds, or an HTTP date."""
    execute_first: bool = False
    """For `status`, `page` and `delay`: the operation is carried out first."""
    seconds: Seconds = 60.0
    """For `delay`: how long; it ends early when the caller leaves. For `slow_phase`: how much longer."""
    phase: str | None = None
    """For `unknown_phase`: what is shown; for `stuck_phase`: the phase that holds for good."""
    reason: str = "the emulator was told to let this fail"
    """For `failed_phase`: the reason that a snapshot shows."""


class FaultQueue:
    """Faults in the order in which they were asked for."""

    def __init__(self) -> None:
        self._pending: list[tuple[Fault, int, int]] = []

    def add(self, *faults: Fault) -> None:
        """The faults strike the next calls that match."""
        self._pending += [(fault, fault.skip, fault.times) for fault in faults]

    def pending(self) -> list[dict[str, Any]]:
        """The faults that are still to come, with the calls they pass over and those they strike."""
        return [{**fault.model_dump(), "skip": skip, "times": times} for fault, skip, times in self._pending]

    @property
    def has_named(self) -> bool:
        """Whether it has to be known what a call is about."""
        return any(fault.name is not None for fault, _, _ in self._pending)

    def take(self, method: str, path: str, names: AbstractSet[str] = frozenset()) -> Fault | None:
        """The fault that strikes this call, which is about things of these names."""
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
        """Nothing goes wrong any more."""
        self._pending.clear()


class RandomFaultSource:
    """Random faults, the same ones for the same seed and the same calls."""

    def __init__(self, settings: RandomFaults) -> None:
        self._settings = settings
        self._random = random.Random(settings.seed)  # noqa: S311 - faults are no secret

    def draw(self) -> Fault | None:
        """A fault for a share of the calls."""
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
