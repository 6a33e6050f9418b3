"""The assignment of faults to requests."""

import pytest

from neev_emulator import RandomFaults
from neev_emulator.faults.queue import Fault, FaultQueue, RandomFaultSource


def take_faults(faults: FaultQueue, *calls: tuple[str, str]) -> list[str | None]:
    return [fault.kind if (fault := faults.take(*call)) else None for call in calls]


def test_a_fault_applies_only_to_the_next_matching_request() -> None:
    faults = FaultQueue()
    faults.add(Fault(kind="truncate_body", method="POST", path="/sandboxes"))
    calls = [("GET", "/sandboxes"), ("POST", "/agents"), ("POST", "/sandboxes"), ("POST", "/sandboxes")]
    assert take_faults(faults, *calls) == [None, None, "truncate_body", None]


def test_a_fault_can_skip_requests_and_apply_several_times() -> None:
    faults = FaultQueue()
    faults.add(Fault(kind="truncate_body", skip=1, times=2))
    assert take_faults(faults, *[("GET", "/sandboxes")] * 4) == [None, "truncate_body", "truncate_body", None]


def test_faults_apply_in_the_order_in_which_they_were_added() -> None:
    faults = FaultQueue()
    faults.add(Fault(kind="truncate_body"), Fault(kind="delay"))
    assert [item["kind"] for item in faults.pending()] == ["truncate_body", "delay"]
    assert take_faults(faults, *[("GET", "/sandboxes")] * 3) == ["truncate_body", "delay", None]


def test_cleared_faults_do_not_apply() -> None:
    faults = FaultQueue()
    faults.add(Fault(kind="truncate_body"))
    faults.clear()
    assert take_faults(faults, ("GET", "/sandboxes")) == [None]


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("*", "/sandboxes/web/pause", True),
        ("/sandboxes/{id}", "/sandboxes/web", True),
        ("/sandboxes/{id}", "/sandboxes/web/pause", False),
        ("/sandboxes/*/pause", "/sandboxes/web/pause", True),
        ("/sandboxes/web", "/sandboxes/web", True),
        ("/sandboxes/web", "/sandboxes/other", False),
        ("/sandboxes", "/sandboxes/web", False),
        ("/v1/exec", "/v1/exec", True),
    ],
)
def test_a_path_pattern_matches_paths_templates_and_wildcards(pattern: str, path: str, matches: bool) -> None:  # noqa: FBT001
    faults = FaultQueue()
    faults.add(Fault(kind="truncate_body", path=pattern))
    assert (take_faults(faults, ("GET", path)) == ["truncate_body"]) is matches


def test_the_same_seed_draws_the_same_faults() -> None:
    def draw_faults(seed: int) -> list[str | None]:
        source = RandomFaultSource(RandomFaults(rate=0.5, seed=seed))
        return [f"{fault.kind} {fault.status}" if fault else None for fault in (source.draw() for _ in range(50))]

    assert draw_faults(1) == draw_faults(1) != draw_faults(2)


def test_random_faults_have_about_the_set_rate_and_every_kind() -> None:
    source = RandomFaultSource(RandomFaults(rate=0.2))
    faults = [fault for fault in (source.draw() for _ in range(5000)) if fault]
    assert 800 < len(faults) < 1200
    kinds = {(fault.kind, fault.status if fault.kind == "status" else None) for fault in faults}
    statuses = {("status", status) for status in (429, 500, 502, 503)}
    assert kinds == statuses | {("reset_before", None), ("reset_after", None), ("truncate_body", None)}
    assert {fault.retry_after for fault in faults if fault.status in (429, 503)} == {1}
