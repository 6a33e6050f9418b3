"""Each kind of difference is found, and differences of timing alone are ignored."""

from __future__ import annotations

from typing import Any

import pytest
from tools.acceptance.compare import compare, is_slower, list_uncompared
from tools.acceptance.emulator_phases import read_emulator_phases
from tools.acceptance.phases import GONE, Operation, Times
from tools.acceptance.recording import Exchange, Recording
from tools.acceptance.routes import Route

ROOT = "/api/v1beta1/orgs/o/projects/p"
BOX = {"id": "1", "name": "box", "phase": "Ready", "resources": {"cpu": 1}, "command": None, "allow": [{"host": "a"}]}
PHASES = {
    Operation("sandboxes", "create"): ("Pending", "Ready"),
    Operation("sandboxes", "rollback"): ("NotReady", "Ready"),
    Operation("sandboxes", "delete"): ("Terminating", GONE),
}


def record(*exchanges: tuple[str, str, int, Any], seconds: float = 0.1) -> Recording:
    """Return a recording of these exchanges, in this order."""
    recording = Recording()
    for number, (method, path, status, body) in enumerate(exchanges):
        recording.add(Exchange(method, ROOT + path, status, body, Times(number, number + seconds)))
    return recording


def read(body: Any, status: int = 200) -> tuple[str, str, int, Any]:
    """Return the exchange of a read of one sandbox."""
    return ("GET", "/sandboxes/1", status, body)


def list_differences(emulator: Recording, service: Recording) -> list[tuple[str, str]]:
    """Return the topic and text of each difference."""
    return [(item.topic, item.text) for item in compare(emulator, service, PHASES)]


def test_identical_responses_have_no_differences() -> None:
    assert list_differences(record(read(BOX)), record(read(BOX), read(BOX))) == []


def test_an_additional_field_is_one_difference_without_its_nested_fields() -> None:
    other = {**BOX, "node": {"zone": "a"}, "resources": {"cpu": 1, "gpu": 2}}
    found = compare(record(read(BOX)), record(read(other), ("PATCH", "/sandboxes/1", 200, other)), PHASES)
    assert [(item.text, [str(route) for route in item.routes]) for item in found] == [
        ("sandboxes: only the service has `node` (object)", ["GET /sandboxes/{id}"]),
        ("sandboxes: only the service has `resources.gpu` (number)", ["GET /sandboxes/{id}"]),
    ]


def test_a_missing_field_is_one_difference_without_its_nested_fields() -> None:
    other = {key: value for key, value in BOX.items() if key != "resources"}
    assert list_differences(record(read(BOX)), record(read({**other, "allow": [{}]}))) == [
        ("field", "sandboxes: the service has no `allow[].host`"),
        ("field", "sandboxes: the service has no `resources`"),
    ]


def test_an_optional_field_of_the_emulator_may_be_missing() -> None:
    emulator = record(read({**BOX, "labels": {}}), read(BOX))
    assert list_differences(emulator, record(read(BOX))) == []


def test_a_field_that_the_emulator_has_in_another_route_is_ignored() -> None:
    emulator = record(read(BOX), ("GET", "/sandboxes", 200, {"items": [{**BOX, "labels": {}}], "total": 1}))
    assert list_differences(emulator, record(read({**BOX, "labels": {}}))) == []


def test_another_type_is_a_difference_unless_it_is_null() -> None:
    other = {**BOX, "id": None, "resources": {"cpu": "1"}, "command": ["x"], "allow": []}
    assert list_differences(record(read(BOX)), record(read(other))) == [
        ("field", "sandboxes: only the service has `command[]` (string)"),
        ("type", "sandboxes: `command` is array; the emulator has null"),
        ("type", "sandboxes: `resources.cpu` is string; the emulator has number"),
    ]


def test_another_status_or_error_code_is_a_difference() -> None:
    emulator = record(read(BOX), read({"code": "not_found"}, 404))
    service = record(read(BOX, 203), read({"code": "gone"}, 404))
    assert [text for _, text in list_differences(emulator, service)] == [
        "the service answered 203; the emulator answers 200, 404 not_found",
        "the service answered 404 gone; the emulator answers 200, 404 not_found",
    ]


def test_an_enum_value_that_the_emulator_lacks_is_a_difference() -> None:
    service = record(read({**BOX, "phase": "Waking"}), read({**BOX, "phase": "Terminating"}))
    assert list_differences(record(read(BOX)), service) == [
        ("value", "sandboxes: `phase` is Waking; the emulator has NotReady, Pending, Ready, Terminating")
    ]


def test_another_order_of_phases_is_a_difference_and_missed_phases_are_ignored() -> None:
    created = ("POST", "/sandboxes", 201, {**BOX, "phase": "Pending"})
    service = record(created, read({**BOX, "phase": "NotReady"}), read(BOX))
    emulator = record(created, read(BOX))
    assert list_differences(emulator, service) == [
        ("phases", "create of sandboxes: Pending → NotReady → Ready; the emulator has Pending → Ready")
    ]
    deleted = record(("DELETE", "/sandboxes/1", 204, None), read({"code": "not_found"}, 404))
    assert list_differences(deleted, deleted) == []


def test_a_route_that_exceeds_both_time_limits_is_a_difference() -> None:
    assert list_differences(record(read(BOX)), record(read(BOX), seconds=4)) == [
        ("time", "the service took 4.0 s; the emulator took 0.1 s")
    ]


def test_an_operation_that_exceeds_both_time_limits_is_a_difference() -> None:
    exchanges = [("POST", "/sandboxes", 201, {**BOX, "phase": "Pending"}), *[read({**BOX, "phase": "Pending"})] * 6]
    emulator = record(exchanges[0], read(BOX))
    assert list_differences(emulator, record(*exchanges, read(BOX))) == [
        ("time", "create of sandboxes: the service took 7.1 s; the emulator took 1.1 s")
    ]


@pytest.mark.parametrize(
    ("emulator", "service", "expected"),
    [([0.1], [3.0], False), ([2.0], [7.0], False), ([1.0], [5.0], True), ([], [9.0], False), ([1.0], [], False)],
)
def test_is_slower_requires_both_limits_to_be_exceeded(
    emulator: list[float], service: list[float], *, expected: bool
) -> None:
    assert is_slower(emulator, service) is expected


def test_a_route_with_responses_of_one_side_only_is_not_compared() -> None:
    emulator, service = record(read(BOX)), record(("GET", "/agents", 200, {"items": [], "total": 0}))
    assert list_differences(emulator, service) == []
    assert list_uncompared(emulator, service) == [
        (Route("GET", "/agents"), "the service"),
        (Route("GET", "/sandboxes/{id}"), "the emulator"),
    ]


async def test_the_phases_of_the_emulator_are_read_for_each_operation() -> None:
    phases = await read_emulator_phases()
    assert phases[Operation("sandboxes", "create")] == ("Pending", "Ready")
    assert phases[Operation("sandboxes", "rollback")] == ("NotReady", "Ready")
    assert phases[Operation("snapshots", "create")] == ("Pending", "Running", "Ready")
    assert phases[Operation("agents", "resume")] == ("Provisioning", "Ready")
    assert phases[Operation("sandboxes", "delete")] == ("Terminating", GONE)
