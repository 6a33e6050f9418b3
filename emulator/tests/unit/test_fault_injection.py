"""Each kind of fault on a real connection, with or without execution of the operation."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from neev_emulator import Durations, Emulator, Settings, serve


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with serve(Settings(durations=Durations(create=1000, snapshot=1000))) as running:
        yield running


@pytest.fixture
def http(emulator: Emulator) -> Iterator[httpx.Client]:
    emulator.reset()
    base = f"{emulator.base_url}/api/v1beta1/orgs/{emulator.org_id}/projects/{emulator.project_id}"
    headers = {"authorization": f"Bearer {emulator.api_key}"}
    with httpx.Client(base_url=base, headers=headers, verify=False) as client:
        yield client


def count_sandboxes(emulator: Emulator) -> int:
    return int(emulator.state()["sandboxes"])


def test_a_status_fault_returns_retry_after_without_executing_the_request(
    emulator: Emulator, http: httpx.Client
) -> None:
    emulator.inject("status", method="POST", status=503, retry_after=7)
    response = http.post("/sandboxes", json={})
    assert (response.status_code, response.headers["retry-after"]) == (503, "7")
    assert response.json()["code"] == "service_unavailable"
    assert count_sandboxes(emulator) == 0


def test_a_status_fault_can_execute_the_request_first(emulator: Emulator, http: httpx.Client) -> None:
    emulator.inject("status", status=502, execute_first=True, body={"error": "bad gateway"})
    assert http.post("/sandboxes", json={}).json() == {"error": "bad gateway"}
    assert count_sandboxes(emulator) == 1


def test_reset_before_closes_the_connection_without_executing_the_request(
    emulator: Emulator, http: httpx.Client
) -> None:
    emulator.inject("reset_before", path="/sandboxes")
    with pytest.raises(httpx.RemoteProtocolError):
        http.post("/sandboxes", json={})
    assert count_sandboxes(emulator) == 0


def test_reset_after_closes_the_connection_after_executing_the_request(emulator: Emulator, http: httpx.Client) -> None:
    emulator.inject("reset_after", path="/sandboxes")
    with pytest.raises(httpx.RemoteProtocolError):
        http.post("/sandboxes", json={})
    assert count_sandboxes(emulator) == 1


def test_truncate_body_ends_the_response_early(emulator: Emulator, http: httpx.Client) -> None:
    emulator.inject("truncate_body", path="/sandboxes", times=2)
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        http.post("/sandboxes", json={})
    assert count_sandboxes(emulator) == 1
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        http.get("/sandboxes")


def test_truncate_body_applies_to_a_response_without_a_body(emulator: Emulator, http: httpx.Client) -> None:
    http.post("/sandboxes", json={"name": "web"})
    emulator.inject("truncate_body", method="DELETE")
    with pytest.raises(httpx.RemoteProtocolError):
        http.delete("/sandboxes/web")
    assert emulator.state()["phases"] == {"Terminating": 1}


def test_malformed_body_returns_invalid_json(emulator: Emulator, http: httpx.Client) -> None:
    emulator.inject("malformed_body", times=2)
    for response in (http.post("/sandboxes", json={"name": "web"}), http.delete("/sandboxes/web")):
        assert response.headers["content-type"] == "application/json"
        with pytest.raises(json.JSONDecodeError):
            response.json()
    assert count_sandboxes(emulator) == 1


def test_wrong_content_type_returns_text_html(emulator: Emulator, http: httpx.Client) -> None:
    emulator.inject("wrong_content_type")
    response = http.get("/sandboxes")
    assert (response.status_code, response.headers["content-type"]) == (200, "text/html")


@pytest.mark.parametrize("execute_first", [False, True])
def test_page_returns_a_web_page_instead_of_the_api_response(
    emulator: Emulator, http: httpx.Client, *, execute_first: bool
) -> None:
    emulator.inject("page", status=404, execute_first=execute_first)
    response = http.post("/sandboxes", json={})
    assert (response.status_code, response.headers["content-type"].partition(";")[0]) == (404, "text/html")
    assert count_sandboxes(emulator) == execute_first


def test_media_type_changes_the_case_and_charset_of_the_content_type(emulator: Emulator, http: httpx.Client) -> None:
    emulator.inject("media_type", times=2)
    response = http.post("/sandboxes", json={"name": "web"})
    assert response.headers["content-type"] == "Application/JSON; Charset=UTF-8"
    assert response.json()["name"] == "web"
    assert http.delete("/sandboxes/web").status_code == 204


def test_truncated_list_omits_half_of_the_items(emulator: Emulator, http: httpx.Client) -> None:
    for _ in range(4):
        http.post("/sandboxes", json={})
    emulator.inject("truncated_list")
    response = http.get("/sandboxes").json()
    assert (response["total"], len(response["items"])) == (4, 2)
    assert len(http.get("/sandboxes").json()["items"]) == 4


def test_a_delayed_request_is_not_executed_after_the_client_disconnects(emulator: Emulator, http: httpx.Client) -> None:
    emulator.inject("delay", seconds=600)
    with pytest.raises(httpx.ReadTimeout):
        http.post("/sandboxes", json={}, timeout=0.1)
    assert http.get("/sandboxes").json()["total"] == 0


def test_a_delay_can_execute_the_request_first(emulator: Emulator, http: httpx.Client) -> None:
    emulator.inject("delay", seconds=600, execute_first=True)
    with pytest.raises(httpx.ReadTimeout):
        http.post("/sandboxes", json={}, timeout=0.2)
    assert count_sandboxes(emulator) == 1


def test_a_delayed_request_is_logged_once_while_it_waits(emulator: Emulator, http: httpx.Client) -> None:
    emulator.inject("delay", seconds=600)
    with ThreadPoolExecutor() as caller:
        response_future = caller.submit(http.post, "/sandboxes", json={}, timeout=2)
        while not response_future.done() and not emulator.requests:
            time.sleep(0.01)
        assert not response_future.done()
        assert isinstance(response_future.exception(), httpx.ReadTimeout)
    http.get("/sandboxes")
    assert [(entry["method"], entry["fault"]) for entry in emulator.requests] == [("POST", "delay"), ("GET", None)]


@pytest.mark.parametrize("execute_first", [True, False])
def test_a_delayed_request_returns_its_response(emulator: Emulator, http: httpx.Client, *, execute_first: bool) -> None:
    emulator.inject("delay", seconds=0.05, execute_first=execute_first)
    assert http.post("/sandboxes", json={"name": "web"}).json()["name"] == "web"
    assert count_sandboxes(emulator) == 1


def test_unknown_phase_on_a_read_does_not_change_the_sandbox(emulator: Emulator, http: httpx.Client) -> None:
    http.post("/sandboxes", json={"name": "web"})
    emulator.inject("unknown_phase", method="GET", phase="Migrating", times=2)
    assert http.get("/sandboxes/web").json()["phase"] == "Migrating"
    assert http.get("/sandboxes").json()["items"][0]["phase"] == "Migrating"
    assert http.get("/sandboxes/web").json()["phase"] == "Pending"


def test_unknown_phase_on_a_create_replaces_the_first_phase(emulator: Emulator, http: httpx.Client) -> None:
    emulator.inject("unknown_phase", method="POST", phase="Migrating")
    assert http.post("/sandboxes", json={"name": "web"}).json()["phase"] == "Migrating"
    assert http.get("/sandboxes/web").json()["phase"] == "Migrating"
    emulator.advance(1000)
    assert http.get("/sandboxes/web").json()["phase"] == "Ready"


def test_stuck_phase_on_a_create_keeps_the_sandbox_pending(emulator: Emulator, http: httpx.Client) -> None:
    emulator.inject("stuck_phase", method="POST")
    http.post("/sandboxes", json={"name": "web", "lifecycle": {"idle_timeout_seconds": 10}})
    emulator.advance(10**6)
    stuck = http.get("/sandboxes/web").json()
    assert (stuck["phase"], stuck["addressable"], stuck["connect_url"]) == ("Pending", False, None)


@pytest.mark.parametrize(
    ("method", "path", "phase"),
    [("POST", "", "Pending"), ("POST", "/web/pause", "Pausing"), ("POST", "/web/resume", "Resuming")],
)
def test_slow_phase_lasts_until_the_clock_is_advanced(
    emulator: Emulator, http: httpx.Client, method: str, path: str, phase: str
) -> None:
    emulator.inject("slow_phase", method=method, path=f"/sandboxes{path}", seconds=10**6)
    for item in ("", "/web/pause", "/web/resume"):
        http.post(f"/sandboxes{item}", json={} if item else {"name": "web"})
        emulator.advance(5000)
        if item == path:
            break
    assert http.get("/sandboxes/web").json()["phase"] == phase
    emulator.advance(10**6)
    settled = http.get("/sandboxes/web").json()
    assert settled["phase"] == ("Paused" if phase == "Pausing" else "Ready")
    assert settled["addressable"]


def test_slow_phase_on_a_delete_lasts_until_the_clock_is_advanced(emulator: Emulator, http: httpx.Client) -> None:
    http.post("/sandboxes", json={"name": "web"})
    emulator.inject("slow_phase", method="DELETE", seconds=10**6)
    http.delete("/sandboxes/web")
    emulator.advance(5000)
    assert http.get("/sandboxes/web").json()["phase"] == "Terminating"
    emulator.advance(10**6)
    assert http.get("/sandboxes/web").status_code == 404


def test_stuck_phase_can_set_an_unknown_phase(emulator: Emulator, http: httpx.Client) -> None:
    emulator.inject("stuck_phase", method="POST", phase="Hibernating")
    assert http.post("/sandboxes", json={"name": "web"}).json()["phase"] == "Hibernating"
    emulator.advance(10**6)
    assert http.get("/sandboxes/web").json()["phase"] == "Hibernating"


def test_stuck_phase_on_a_delete_keeps_the_sandbox_terminating(emulator: Emulator, http: httpx.Client) -> None:
    http.post("/sandboxes", json={"name": "web"})
    emulator.inject("stuck_phase", method="DELETE")
    assert http.delete("/sandboxes/web").status_code == 204
    emulator.advance(10**6)
    assert http.get("/sandboxes/web").json()["phase"] == "Terminating"


def test_stuck_phase_on_a_pause_keeps_the_sandbox_pausing(emulator: Emulator, http: httpx.Client) -> None:
    http.post("/sandboxes", json={"name": "web"})
    emulator.advance(2000)
    emulator.inject("stuck_phase", path="/sandboxes/{id}/pause")
    http.post("/sandboxes/web/pause")
    emulator.advance(10**6)
    paused = http.get("/sandboxes/web").json()
    assert (paused["phase"], paused["addressable"]) == ("Pausing", True)


def test_failed_phase_on_a_snapshot_sets_the_error_message(emulator: Emulator, http: httpx.Client) -> None:
    http.post("/sandboxes", json={"name": "web"})
    emulator.inject("failed_phase", path="/sandboxes/{id}/snapshots", reason="the disk is on fire")
    path = f"/snapshots/{http.post('/sandboxes/web/snapshots', json={}).json()['id']}"
    assert (http.get(path).json()["status"], http.get(path).json()["error_message"]) == ("Pending", None)
    emulator.advance(2000)
    failed = http.get(path).json()
    assert (failed["status"], failed["error_message"], failed["size_bytes"]) == ("Failed", "the disk is on fire", None)


def test_failed_phase_on_a_rollback_ends_in_restore_failed(emulator: Emulator, http: httpx.Client) -> None:
    http.post("/sandboxes", json={"name": "web"})
    snapshot = http.post("/sandboxes/web/snapshots", json={}).json()["id"]
    emulator.advance(2000)
    emulator.inject("failed_phase", path="/sandboxes/*/rollback")
    assert http.post("/sandboxes/web/rollback", json={"snapshot_id": snapshot}).json()["phase"] == "NotReady"
    emulator.advance(10)
    assert http.get("/sandboxes/web").json()["phase"] == "RestoreFailed"
    assert http.post("/sandboxes/web/rollback", json={"snapshot_id": snapshot}).status_code == 200
    emulator.advance(10)
    assert http.get("/sandboxes/web").json()["phase"] == "Ready"


def test_failed_phase_on_an_agent_ends_in_failed(emulator: Emulator, http: httpx.Client) -> None:
    emulator.inject("failed_phase", path="/agents")
    http.post("/agents", json={"name": "coder", "agent_template": "claude-code"})
    emulator.advance(2000)
    assert http.get("/agents/coder").json()["status"] == "Failed"


def test_a_phase_fault_does_not_change_a_rejected_request(emulator: Emulator, http: httpx.Client) -> None:
    emulator.inject("stuck_phase", method="POST")
    assert http.post("/sandboxes", json={"name": "Not A Name"}).status_code == 400
    assert count_sandboxes(emulator) == 0


def test_the_log_contains_the_fault_of_each_request(emulator: Emulator, http: httpx.Client) -> None:
    emulator.inject("reset_after", method="POST")
    emulator.inject("status", method="GET", status=500)
    with pytest.raises(httpx.RemoteProtocolError):
        http.post("/sandboxes", json={})
    http.get("/sandboxes")
    fault_count = [(entry["fault"], entry["status"], entry["mutating"]) for entry in emulator.requests]
    assert fault_count == [("reset_after", None, True), ("status", 500, False)]


def test_a_request_over_the_rate_limit_returns_429_with_retry_after(emulator: Emulator, http: httpx.Client) -> None:
    emulator.change_settings(rate_limit=1)
    responses = [http.get("/sandboxes") for _ in range(5)]
    assert responses[0].status_code == 200
    limited = next(response for response in responses if response.status_code == 429)
    assert int(limited.headers["retry-after"]) >= 1
    assert limited.headers["x-request-id"]


def test_random_faults_apply_only_to_the_control_plane(emulator: Emulator, http: httpx.Client) -> None:
    emulator.change_settings(random_faults={"rate": 1, "kinds": ["500"]})
    assert http.get("/sandboxes").status_code == 500
    runtime = emulator.base_url.replace("/agent", "/sandboxes-runtime/v1/exec")
    assert http.post(runtime).status_code == 400
