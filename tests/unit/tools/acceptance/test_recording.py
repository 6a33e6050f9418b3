"""What is recorded of responses: routes, statuses, shapes, enum values and phases, and no other values."""

from __future__ import annotations

from typing import Any

import pytest
from tools.acceptance.phases import GONE, Times
from tools.acceptance.recording import Exchange, Recording
from tools.acceptance.routes import Route, creates_sandbox, kind_of, operation_of, route_of, target_of
from tools.acceptance.shape import Shape

ROOT = "/api/v1beta1/orgs/o/projects/p"
ID, NAME = "11111111-2222-3333-4444-555555555555", "acc-box"


class Player:
    """Adds exchanges to a recording, each a second after the last one."""

    def __init__(self) -> None:
        self.recording = Recording()
        self.now = 0.0

    def add(self, method: str, path: str, body: Any = None, status: int = 200, **options: Any) -> None:
        """Add an exchange that begins now and takes half a second."""
        times = options.pop("times", Times(self.now, self.now + 0.5))
        self.recording.add(
            Exchange(method, path if path.startswith("/v1") else ROOT + path, status, body, times, **options)
        )
        self.now += 1

    def list_phases(self) -> list[tuple[str, tuple[str, ...]]]:
        """Return the operations with their phases."""
        return [(str(item.operation), item.names) for item in self.recording.phases.sequences]


@pytest.fixture
def player() -> Player:
    """Return a player with an empty recording."""
    return Player()


@pytest.mark.parametrize(
    ("method", "path", "template", "kind"),
    [
        ("GET", f"{ROOT}/sandboxes", "/sandboxes", "sandboxes"),
        ("POST", f"{ROOT}/sandboxes/{ID}/pause", "/sandboxes/{id}/pause", "sandboxes"),
        ("GET", f"{ROOT}/sandboxes/{ID}/snapshots", "/sandboxes/{id}/snapshots", "snapshots"),
        ("DELETE", f"{ROOT}/sandboxes/{ID}/ports/8080", "/sandboxes/{id}/ports/{id}", "ports"),
        ("GET", f"{ROOT}/sandboxes/{ID}/audit", "/sandboxes/{id}/audit", "audit"),
        ("GET", "/api/v1beta1/agent-templates", "/agent-templates", "agent-templates"),
        ("POST", "/v1/exec", "/v1/exec", "/v1/exec"),
        ("PATCH", "/v1/files/uploads/abc", "/v1/files/uploads/{id}", "/v1/files/uploads/{id}"),
    ],
)
def test_a_route_has_a_template_and_a_kind(method: str, path: str, template: str, kind: str) -> None:
    route = route_of(method, path)
    assert route == Route(method, template)
    assert kind_of(route) == kind


def test_the_id_of_the_target_is_read_from_the_path() -> None:
    assert target_of(f"{ROOT}/sandboxes/{ID}/pause") == ID
    assert target_of(f"{ROOT}/sandboxes") is None
    assert target_of("/v1/exec") is None


def test_forks_and_agents_create_sandboxes_and_snapshots_do_not() -> None:
    assert creates_sandbox(Route("POST", "/agents"))
    assert creates_sandbox(Route("POST", "/sandboxes/{id}/fork"))
    assert not creates_sandbox(Route("POST", "/sandboxes/{id}/snapshots"))
    assert not creates_sandbox(Route("GET", "/sandboxes"))


def test_only_routes_that_change_phases_start_an_operation() -> None:
    assert operation_of(Route("POST", "/sandboxes/{id}/snapshots")) == "create"
    assert operation_of(Route("DELETE", "/agents/{id}")) == "delete"
    assert operation_of(Route("DELETE", "/sandboxes/{id}/ports/{id}")) is None
    assert operation_of(Route("POST", "/sandboxes/{id}/keepalive")) is None
    assert operation_of(Route("PATCH", "/sandboxes/{id}")) is None


def test_a_shape_has_types_and_no_values() -> None:
    shape = Shape()
    shape.add({"id": ID, "at": "2026-11-30T14:00:00Z", "cpu": 1, "on": True, "labels": {"mine": "x"}, "none": None})
    shape.add({"id": "box", "cpu": 0.5, "allow": [{"host": "a"}, {"host": "b", "ports": [1]}]})
    assert {path: set(types) for path, types in shape.fields.items()} == {
        "id": {"UUID", "string"},
        "at": {"time"},
        "cpu": {"number"},
        "on": {"boolean"},
        "labels": {"object"},
        "none": {"null"},
        "allow": {"array"},
        "allow[]": {"object"},
        "allow[].host": {"string"},
        "allow[].ports": {"array"},
        "allow[].ports[]": {"number"},
    }
    assert [path for path in shape.fields if shape.is_required(path)] == ["id", "cpu", "allow[]", "allow[].host"]
    assert not shape.is_required("absent")


def test_list_items_and_stream_lines_are_recorded_under_their_kind(player: Player) -> None:
    page = {"items": [{"id": ID, "name": NAME}], "total": 1, "page": 1, "limit": 20}
    player.add("GET", "/sandboxes", page)
    player.add("GET", f"/sandboxes/{ID}/ports", {"ports": [{"port": 1}]})
    player.add("POST", "/v1/exec", [{"type": "stdout", "data": ""}, {"type": "exit", "exit_code": 0}])
    player.add("GET", "/sandboxes/x", {"code": "not_found", "message": "no"}, 404)
    player.add("POST", "/v1/files/stat", {"reason_code": "not_found"}, 404)
    recording = player.recording
    assert set(recording.shape_of("sandboxes").fields) == {"id", "name"}
    assert set(recording.shape_of("page").fields) == {"total", "page", "limit"}
    assert set(recording.shape_of("ports").fields) == {"port"}
    assert set(recording.shape_of("/v1/exec").fields) == {"type", "data", "exit_code"}
    assert set(recording.shape_of("error").fields) == {"code", "message"}
    assert set(recording.shape_of("runtime error").fields) == {"reason_code"}
    assert recording.routes[Route("GET", "/sandboxes/{id}")].statuses == {"404 not_found": 1}
    assert recording.values["/v1/exec", "type"] == {"stdout", "exit"}
    assert recording.requests == 5


def test_a_missing_response_is_counted(player: Player) -> None:
    player.recording.add(Exchange("GET", f"{ROOT}/sandboxes", None, None, Times(0, 1)))
    assert player.recording.routes[Route("GET", "/sandboxes")].statuses == {"no answer": 1}


def test_enum_values_and_secrets_are_collected_at_any_depth(player: Player) -> None:
    box = {"id": ID, "phase": "Ready", "egress": {"mode": "deny_all"}, "web": [{"slug": "q7zk2m9x"}]}
    player.add("GET", f"/sandboxes/{ID}", box)
    assert dict(player.recording.values) == {("sandboxes", "phase"): {"Ready"}, ("sandboxes", "mode"): {"deny_all"}}
    assert player.recording.secrets == {"q7zk2m9x"}


def test_the_phases_of_each_operation_are_in_order(player: Player) -> None:
    player.add("POST", "/sandboxes", {"id": ID, "phase": "Pending"}, 201)
    player.add("GET", f"/sandboxes/{ID}", {"id": ID, "phase": "Pending"})
    player.add("GET", "/sandboxes", {"items": [{"id": ID, "phase": "Ready"}], "total": 1})
    player.add("POST", f"/sandboxes/{ID}/pause", {"id": ID, "phase": "Pausing"})
    player.add("GET", f"/sandboxes/{ID}", {"id": ID, "phase": "Paused"})
    player.add("DELETE", f"/sandboxes/{ID}", None, 204)
    player.add("GET", f"/sandboxes/{ID}", {"id": ID, "phase": "Terminating"})
    player.add("GET", f"/sandboxes/{ID}", {"code": "not_found"}, 404)
    player.add("GET", f"/sandboxes/{ID}", {"code": "not_found"}, 404)
    assert player.list_phases() == [
        ("create of sandboxes", ("Pending", "Ready")),
        ("pause of sandboxes", ("Pausing", "Paused")),
        ("delete of sandboxes", ("Terminating", GONE)),
    ]
    assert [item.seconds for item in player.recording.phases.sequences] == [2.5, 1.5, 2.5]


def test_an_object_is_gone_only_if_it_is_missing_in_a_complete_list(player: Player) -> None:
    player.add("DELETE", f"/sandboxes/{ID}", None, 204)
    player.add("GET", "/sandboxes", {"items": [], "total": 0}, is_filtered=True)
    assert player.list_phases() == [("delete of sandboxes", ())]
    player.add("GET", "/sandboxes", {"items": [], "total": 3})
    assert player.list_phases() == [("delete of sandboxes", ())]
    player.add("GET", "/sandboxes", {"items": [], "total": 0})
    assert player.list_phases() == [("delete of sandboxes", (GONE,))]


def test_a_response_that_may_be_older_than_the_operation_is_ignored(player: Player) -> None:
    player.add("POST", "/sandboxes", {"id": ID, "phase": "Pending"}, 201, times=Times(10, 12))
    player.add("GET", f"/sandboxes/{ID}", {"id": ID, "phase": "Unknown"}, times=Times(11, 13))
    player.add("GET", f"/sandboxes/{ID}", {"id": ID, "phase": "Ready"}, times=Times(14, 15))
    player.add("GET", f"/sandboxes/{ID}", {"id": ID, "phase": "Pending"}, times=Times(13, 16))
    assert player.list_phases() == [("create of sandboxes", ("Pending", "Ready"))]


def test_a_phase_observed_during_the_next_request_is_ignored(player: Player) -> None:
    """A list whose response arrives before that of the pause may show the new phase."""
    player.add("POST", "/sandboxes", {"id": ID, "phase": "Pending"}, 201, times=Times(10, 12))
    player.add("GET", f"/sandboxes/{ID}", {"id": ID, "phase": "Ready"}, times=Times(13, 14))
    player.add("GET", f"/sandboxes/{ID}", {"id": ID, "phase": "Pausing"}, times=Times(16, 17))
    player.add("POST", f"/sandboxes/{ID}/pause", {"id": ID, "phase": "Pausing"}, times=Times(15, 18))
    player.add("GET", f"/sandboxes/{ID}", {"id": ID, "phase": "Paused"}, times=Times(19, 20))
    assert player.list_phases() == [
        ("create of sandboxes", ("Pending", "Ready")),
        ("pause of sandboxes", ("Pausing", "Paused")),
    ]


def test_an_object_without_an_operation_has_no_phases(player: Player) -> None:
    player.add("GET", f"/sandboxes/{ID}", {"id": ID, "phase": "Ready"})
    player.add("GET", "/snapshots/x", {"code": "not_found"}, 404)
    assert player.list_phases() == []
