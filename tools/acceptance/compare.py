"""The differences between what the emulator and the service answered to the same story.

Which requests there are depends on moments: an engine polls one object or a list. So only routes that both sides
answered are compared, and what the emulator knows of a kind of objects is taken from all of its routes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from tools.acceptance.phases import GONE, Operation, PhaseSequence
from tools.acceptance.recording import Recording
from tools.acceptance.routes import Route
from tools.acceptance.shape import NULL, OBJECT, Shape

SLOWER_FACTOR = 4.0
"""A time of the service is a difference if it is this many times that of the emulator, …"""
SLOWER_SECONDS = 3.0
"""… and this many seconds longer: below that, the network and the load of this machine decide."""


@dataclass(frozen=True, order=True)
class Difference:
    """One difference, and the routes where it was found."""

    topic: str
    """What differs: `status`, `field`, `type`, `value`, `phases` or `time`."""
    text: str
    routes: tuple[Route, ...] = ()


def compare(emulator: Recording, service: Recording, phases: Mapping[Operation, tuple[str, ...]]) -> list[Difference]:
    """Return the differences. `phases` are those of the emulator after each operation."""
    found: defaultdict[tuple[str, str], set[Route]] = defaultdict(set)
    known = {kind: emulator.shape_of(kind) for record in emulator.routes.values() for kind in record.shapes}
    for route in sorted(emulator.routes.keys() & service.routes.keys()):
        for topic, text in _compare_route(emulator, service, route, known):
            found[topic, text].add(route)
    for topic, text in (*_compare_values(emulator, service, phases), *_compare_phases(service, phases)):
        found[topic, text] |= set()
    for topic, text in _compare_operation_times(emulator, service):
        found[topic, text] |= set()
    return sorted(Difference(topic, text, tuple(sorted(routes))) for (topic, text), routes in found.items())


def list_uncompared(emulator: Recording, service: Recording) -> list[tuple[Route, str]]:
    """Return the routes that only one side answered, with its name."""
    sides = ((emulator, service, "the emulator"), (service, emulator, "the service"))
    return sorted((route, name) for one, other, name in sides for route in one.routes.keys() - other.routes.keys())


def is_slower(emulator: Sequence[float], service: Sequence[float]) -> bool:
    """Return whether the median of the service's times is beyond both limits."""
    if not (emulator and service):
        return False
    ours, theirs = median(emulator), median(service)
    return theirs > ours * SLOWER_FACTOR and theirs > ours + SLOWER_SECONDS


def operation_seconds(sequences: Sequence[PhaseSequence]) -> list[float]:
    """Return the time of each operation until its last phase."""
    return [sequence.seconds for sequence in sequences if sequence.seconds is not None]


def _compare_route(
    emulator: Recording, service: Recording, route: Route, known: Mapping[str, Shape]
) -> Iterator[tuple[str, str]]:
    ours, theirs = emulator.routes[route], service.routes[route]
    for status in sorted(theirs.statuses.keys() - ours.statuses.keys()):
        yield "status", f"the service answered {status}; the emulator answers {', '.join(sorted(ours.statuses))}"
    for kind, shape in theirs.shapes.items():
        if kind in known:
            yield from _compare_shapes(kind, ours.shapes.get(kind, Shape()), shape, known[kind])
    if is_slower(ours.seconds, theirs.seconds):
        yield "time", _describe_times(ours.seconds, theirs.seconds)


def _compare_shapes(kind: str, ours: Shape, theirs: Shape, known: Shape) -> Iterator[tuple[str, str]]:
    """Compare the answers of one route. A field may be absent or null at another moment, in either of them."""
    for path, types in theirs.fields.items():
        known_types = known.fields.get(path)
        extra = types - (known_types or set()) - {NULL}
        if known_types is None:
            if _is_new_parent(path, known):
                yield "field", f"{kind}: only the service has `{path}` ({', '.join(sorted(types))})"
        elif extra:
            expected = ", ".join(sorted(known_types))
            yield "type", f"{kind}: `{path}` is {', '.join(sorted(extra))}; the emulator has {expected}"
    for path in ours.fields.keys() - theirs.fields.keys():
        parent = path.rpartition(".")[0]
        has_parent = not parent or OBJECT in theirs.fields.get(parent, ())
        if ours.is_required(path) and has_parent and not path.endswith("[]"):
            yield "field", f"{kind}: the service has no `{path}`"


def _is_new_parent(path: str, known: Shape) -> bool:
    """Return whether the field is not within another one that only the service has."""
    parent = path.removesuffix("[]") if path.endswith("[]") else path.rpartition(".")[0]
    return not parent or parent in known.fields


def _compare_values(
    emulator: Recording, service: Recording, phases: Mapping[Operation, tuple[str, ...]]
) -> Iterator[tuple[str, str]]:
    for (kind, name), values in service.values.items():
        known = set(emulator.values.get((kind, name), ()))
        if name in ("phase", "status"):
            known |= _phases_of(kind, phases) - {GONE}
        if known and values - known:
            shown = ", ".join(sorted(values - known))
            yield "value", f"{kind}: `{name}` is {shown}; the emulator has {', '.join(sorted(known))}"


def _compare_phases(service: Recording, phases: Mapping[Operation, tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    for operation, sequences in service.phases.by_operation().items():
        names = phases.get(operation, ())
        known = _phases_of(operation.kind, phases)
        # what lies between two reads is not observed, so any later phase may follow
        possible = {(names[i], names[j]) for i in range(len(names)) for j in range(i + 1, len(names))}
        for sequence in sequences:
            # a phase that the emulator does not have at all is reported as a value
            if any(pair not in possible and known.issuperset(pair) for pair in sequence.transitions):
                order = " → ".join(sequence.names)
                yield "phases", f"{operation}: {order}; the emulator has {' → '.join(names)}"


def _phases_of(kind: str, phases: Mapping[Operation, tuple[str, ...]]) -> set[str]:
    return {phase for operation, names in phases.items() if operation.kind == kind for phase in names}


def _compare_operation_times(emulator: Recording, service: Recording) -> Iterator[tuple[str, str]]:
    ours, theirs = emulator.phases.by_operation(), service.phases.by_operation()
    for operation in ours.keys() & theirs.keys():
        seconds = operation_seconds(ours[operation]), operation_seconds(theirs[operation])
        if is_slower(*seconds):
            yield "time", f"{operation}: {_describe_times(*seconds)}"


def _describe_times(emulator: Sequence[float], service: Sequence[float]) -> str:
    return f"the service took {median(service):.1f} s; the emulator took {median(emulator):.1f} s"
