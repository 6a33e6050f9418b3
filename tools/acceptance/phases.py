"""The phases of objects: in which order they follow an operation, and when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tools.acceptance.routes import Part, Route, operation_of

GONE = "(gone)"
"""What follows the last phase of an object that was deleted."""
PHASE_FIELDS = {"sandboxes": "phase", "agents": "status", "snapshots": "status"}


class Times(NamedTuple):
    """When a request was sent and its answer was received, by the monotonic clock."""

    sent: float
    received: float


class Operation(NamedTuple):
    """An operation on one kind of objects: `pause` of `sandboxes`."""

    kind: str
    verb: str

    def __str__(self) -> str:
        return f"{self.verb} of {self.kind}"


@dataclass
class PhaseSequence:
    """The phases of one object since an operation, each with the seconds after which it was first observed."""

    operation: Operation
    started_at: float
    observed_at: float
    """When the latest request was sent whose answer counts: a request that overlaps with it may be outdated."""
    phases: list[tuple[str, float]] = field(default_factory=list)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the phases in order."""
        return tuple(phase for phase, _ in self.phases)

    @property
    def transitions(self) -> Iterator[tuple[str, str]]:
        """Yield each phase with the next one."""
        yield from zip(self.names, self.names[1:], strict=False)

    @property
    def seconds(self) -> float | None:
        """Return the time until the last phase, or ``None`` if there was no transition."""
        return self.phases[-1][1] if len(self.phases) > 1 else None

    def end(self, at: float) -> None:
        """Drop what was observed from this time on, when the next operation was sent: it may be of that one."""
        self.phases = [(phase, seconds) for phase, seconds in self.phases if self.started_at + seconds <= at]


class PhaseLog:
    """The sequences of all objects."""

    def __init__(self) -> None:
        self.sequences: list[PhaseSequence] = []
        self._open: dict[tuple[str, str], PhaseSequence] = {}

    def add_answer(
        self, route: Route, target: str | None, parts: list[Part], times: Times, *, is_filtered: bool
    ) -> None:
        """Add what a successful answer says about phases. A list that is filtered does not say what is gone."""
        verb = operation_of(route)
        for kind, item in parts:
            phase = item.get(PHASE_FIELDS.get(kind, ""))
            if isinstance(phase, str) and isinstance(item.get("id"), str):
                if verb is None:
                    self._observe(kind, item["id"], phase, times)
                else:
                    first = [(phase, times.received - times.sent)]
                    self._start(Operation(kind, verb), item["id"], first, times)
        if verb == "delete" and target is not None:
            self._start(Operation(route.template.split("/")[1], verb), target, [], times)
        if not is_filtered:
            self._note_missing(route, parts, times)

    def add_not_found(self, route: Route, target: str | None, times: Times) -> None:
        """Add that an object that is being deleted is gone."""
        self._note_gone(route.template.split("/")[1], target or "", times)

    def by_operation(self) -> Mapping[Operation, list[PhaseSequence]]:
        """Return the sequences by their operation."""
        found: defaultdict[Operation, list[PhaseSequence]] = defaultdict(list)
        for sequence in self.sequences:
            found[sequence.operation].append(sequence)
        return found

    def _start(self, operation: Operation, id: str, phases: list[tuple[str, float]], times: Times) -> None:
        before = self._open.get((operation.kind, id))
        if before is not None:
            before.end(times.sent)
        # an answer to a request that was sent before this one was answered may be older
        sequence = PhaseSequence(operation, times.sent, times.received, phases)
        self._open[operation.kind, id] = sequence
        self.sequences.append(sequence)

    def _observe(self, kind: str, id: str, phase: str, times: Times) -> None:
        sequence = self._open.get((kind, id))
        if sequence is None or times.sent < sequence.observed_at:
            return
        sequence.observed_at = times.sent
        if not sequence.phases or sequence.phases[-1][0] != phase:
            sequence.phases.append((phase, times.received - sequence.started_at))

    def _note_gone(self, kind: str, id: str, times: Times) -> None:
        sequence = self._open.get((kind, id))
        if sequence is not None and sequence.operation.verb == "delete":
            self._observe(kind, id, GONE, times)
            del self._open[kind, id]

    def _note_missing(self, route: Route, parts: list[Part], times: Times) -> None:
        """Note that objects that are being deleted are no longer in a whole list."""
        kind = route.template.removeprefix("/")
        page: Mapping[str, Any] = next((part.value for part in parts if part.kind == "page"), {})
        ids = {part.value.get("id") for part in parts if part.kind == kind}
        if route.method == "GET" and kind in PHASE_FIELDS and page.get("total") == len(ids):
            for id in [id for open_kind, id in self._open if open_kind == kind and id not in ids]:
                self._note_gone(kind, id, times)
