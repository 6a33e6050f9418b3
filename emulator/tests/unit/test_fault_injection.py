"""Each fault on a real connection, and whether the operation was executed."""

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


def test_a_status_comes_with_its_header_and_nothing_was_done(emulator: Emulator, http: httpx.Client) -> None:
    emulator.inject("status", method="POST", status=503, retry_after=7)
    response = http.post("/sandboxes", json={})
    assert (response.status_code, response.headers["retry-after"]) == (503, "7")
    assert response.json()["code"] == "service_unavailable"
    assert count_sandboxes(emulator) == 0


def test_a_status_may_be_answered_although_it_was_done(emulator: Emulator, http: httpx.Client) -> None:
    emulator.inject("status", status=502, execute_first=True, body={"error": "bad gateway"})
    assert http.post("/sandboxes", json={}).json() == {"error": "bad gateway"}
    assert count_sandboxes(emulator) == 1


def test_a_connection_is_dropped_before_anything_was_done(emulator: Emulator, http: httpx.Client) -> None:
    emulator.inject("reset_before", path="/sandboxes")
    with pytest.raises(httpx.RemoteProtocolError):
        http.post("/sandboxes", json={})
    assert count_sandboxes(emulator) == 0


def test_a_connection_is_dropped_after_it_was_done(emulator: Emulator, http: httpx.Client) -> None:
    emulator.inject("reset_after", path="/sandboxes")
    with pytest.raises(httpx.RemoteProtocolError):
        http.post("/sandboxes", json={})
    assert count_sandboxes(emulator) == 1


def test_an_answer_is_cut_in_the_middle(emulator: Emulator, http: httpx.Client) -> None:
    emulator.inject("truncate_body", path="/sandboxes", times=2)
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        http.post("/sandboxes", json={})
    assert count_sandboxes(emulator) == 1
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        http.get("/sandboxes")


def test_an_answer_without_a_body_is_cut_too(emulator: Emulator, http: httpx.Client) -> None:
    http.post("/sandboxes", json={"name": "web"})
    emulator.inject("truncate_body", method="DELETE")
    with pytest.raises(httpx.RemoteProtocolError):
        http.delete("/sandboxes/web")
    assert emulator.state()["phases"] == {"Terminating": 1}


def test_an_answer_is_not_json(emulator: Emulator, http: httpx.Client) -> None:
    emulator.inject("malformed_body", times=2)
    for response in (http.post("/sandboxes", json={"name": "web"}), http.delete("/sandboxes/web")):
        assert response.headers["content-type"] == "application/json"
        with pytest.raises(json.JSONDecodeError):
            response.json()
    assert count_sandboxes(emulator) == 1


def test_an_answer_is_a_web_page(emulator: Emulator, http: httpx.Client) -> None:
    emulator.inject("wrong_content_type")
    response = http.get("/sandboxes")
    assert (response.status_code, response.headers["content-type"]) == (200, "text/html")


@pytest.mark.parametrize("execute_first", [False, True])
def test_a_web_page_stands_in_the_place_of_the_api(
    emulator: Emulator, http: httpx.Client, *, execute_first: bool
) -> None:
    emulator.inject("page", status=404, execute_first=execute_first)
    response = http.post("/sandboxes", json={})
    assert (response.status_code, response.headers["content-type"].partition(";")[0]) == (404, "text/html")
    assert count_sandboxes(emulator) == execute_first


def test_a_content_type_may_be_written_in_another_way(emulator: Emulator, http: httpx.Client) -> None:
    emulator.inject("media_type", times=2)
    response = http.post("/sandboxes", json={"name": "web"})
    assert response.headers["content-type"] == "Application/JSON; Charset=UTF-8"
    assert response.json()["name"] == "web"
    assert http.delete("/sandboxes/web").status_code == 204


def test_a_list_lacks_a_half_of_what_it_counts(emulator: Emulator, http: httpx.Client) -> None:
    for _ in range(4):
        http.post("/sandboxes", json={})
    emulator.inject("truncated_list")
    response = http.get("/sandboxes").json()
    assert (response["total"], len(response["items"])) == (4, 2)
    assert len(http.get("/sandboxes").json()["items"]) == 4


def test_a_call_hangs_and_does_nothing_once_its_caller_left(emulator: Emulator, http: httpx.Client) -> None:
    emulator.inject("delay", seconds=600)
    with pytest.raises(httpx.ReadTimeout):
        http.post("/sandboxes", json={}, timeout=0.1)
    assert http.get("/sandboxes").json()["total"] == 0


def test_a_call_hangs_after_it_was_done(emulator: Emulator, http: httpx.Client) -> None:
    emulator.inject("delay", seconds=600, execute_first=True)
    with pytest.raises(httpx.ReadTimeout):
        http.post("/sandboxes", json={}, timeout=0.2)
    assert count_sandboxes(emulator) == 1


def test_a_call_is_in_the_log_while_it_hangs_and_not_again_once_its_caller_left(
    emulator: Emulator, http: httpx.Client
) -> None:
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
def test_a_call_that_hung_for_a_while_is_answered(
    emulator: Emulator, http: httpx.Client, *, execute_first: bool
) -> None:
    emulator.inject("delay", seconds=0.05, execute_first=execute_first)
    assert http.post("/sandboxes", json={"name": "web"}).json()["name"] == "web"
    assert count_sandboxes(emulator) == 1


def test_an_unknown_phase_is_shown_on_a_read_and_changes_nothing(emulator: Emulator, http: httpx.Client) -> None:
    http.post("/sandboxes", json={"name": "web"})
    emulator.inject("unknown_phase", method="GET", phase="Migrating", times=2)
    assert http.get("/sandboxes/web").json()["phase"] == "Migrating"
    assert http.get("/sandboxes").json()["items"][0]["phase"] == "Migrating"
    assert http.get("/sandboxes/web").json()["phase"] == "Pending"


def test_an_unknown_phase_takes_the_place_of_the_first_one(emulator: Emulator, http: httpx.Client) -> None:
    emulator.inject("unknown_phase", method="POST", phase="Migrating")
    assert http.post("/sandboxes", json={"name": "web"}).json()["phase"] == "Migrating"
    assert http.get("/sandboxes/web").json()["phase"] == "Migrating"
    emulator.advance(1000)
    assert http.get("/sandboxes/web").json()["phase"] == "Ready"


def test_a_phase_never_comes(emulator: Emulator, http: httpx.Client) -> None:
    emulator.inject("stuck_phase", method="POST")
    http.post("/sandboxes", json={"name": "web", "lifecycle": {"idle_timeout_seconds": 10}})
    emulator.advance(10**6)
    stuck = http.get("/sandboxes/web").json()
    assert (stuck["phase"], stuck["addressable"], stuck["connect_url"]) == ("Pending", False, None)


@pytest.mark.parametrize(
    ("method", "path", "phase"),
    [("POST", "", "Pending"), ("POST", "/web/pause", "Pausing"), ("POST", "/web/resume", "Resuming")],
)
def test_a_phase_lasts_until_the_clock_is_advanced(
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


def test_a_delete_lasts_until_the_clock_is_advanced(emulator: Emulator, http: httpx.Client) -> None:
    http.post("/sandboxes", json={"name": "web"})
    emulator.inject("slow_phase", method="DELETE", seconds=10**6)
    http.delete("/sandboxes/web")
    emulator.advance(5000)
    assert http.get("/sandboxes/web").json()["phase"] == "Terminating"
    emulator.advance(10**6)
    assert http.get("/sandboxes/web").status_code == 404


def test_a_phase_that_nobody_knows_stays(emulator: Emulator, http: httpx.Client) -> None:
    emulator.inject("stuck_phase", method="POST", phase="Hibernating")
    assert http.post("/sandboxes", json={"name": "web"}).json()["phase"] == "Hibernating"
    emulator.advance(10**6)
    assert http.get("/sandboxes/web").json()["phase"] == "Hibernating"


def test_a_delete_never_ends(emulator: Emulator, http: httpx.Client) -> None:
    http.post("/sandboxes", json={"name": "web"})
    emulator.inject("stuck_phase", method="DELETE")
    assert http.delete("/sandboxes/web").status_code == 204
    emulator.advance(10**6)
    assert http.get("/sandboxes/web").json()["phase"] == "Terminating"


def test_a_pause_never_ends(emulator: Emulator, http: httpx.Client) -> None:
    http.post("/sandboxes", json={"name": "web"})
    emulator.advance(2000)
    emulator.inject("stuck_phase", path="/sandboxes/{id}/pause")
    http.post("/sandboxes/web/pause")
    emulator.advance(10**6)
    paused = http.get("/sandboxes/web").json()
    assert (paused["phase"], paused["addressable"]) == ("Pausing", True)


def test_a_snapshot_fails_with_its_reason(emulator: Emulator, http: httpx.Client) -> None:
    http.post("/sandboxes", json={"name": "web"})
    emulator.inject("failed_phase", path="/sandboxes/{id}/snapshots", reason="the disk is on fire")
    path = f"/snapshots/{http.post('/sandboxes/web/snapshots', json={}).json()['id']}"
    assert (http.get(path).json()["status"], http.get(path).json()["error_message"]) == ("Pending", None)
    emulator.advance(2000)
    failed = http.get(path).json()
    assert (failed["status"], failed["error_message"], failed["size_bytes"]) == ("Failed", "the disk is on fire", None)


def test_a_rollback_fails(emulator: Emulator, http: httpx.Client) -> None:
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


def test_an_agent_fails(emulator: Emulator, http: httpx.Client) -> None:
    emulator.inject("failed_phase", path="/agents")
    http.post("/agents", json={"name": "coder", "agent_template": "claude-code"})
    emulator.advance(2000)
    assert http.get("/agents/coder").json()["status"] == "Failed"


def test_a_fault_that_strikes_a_refused_call_leaves_the_refusal(emulator: Emulator, http: httpx.Client) -> None:
    emulator.inject("stuck_phase", method="POST")
    assert http.post("/sandboxes", json={"name": "Not A Name"}).status_code == 400
    assert count_sandboxes(emulator) == 0


def test_what_the_log_says_of_calls_that_were_struck(emulator: Emulator, http: httpx.Client) -> None:
    emulator.inject("reset_after", method="POST")
    emulator.inject("status", method="GET", status=500)
    with pytest.raises(httpx.RemoteProtocolError):
        http.post("/sandboxes", json={})
    http.get("/sandboxes")
    fault_count = [(entry["fault"], entry["status"], entry["mutating"]) for entry in emulator.requests]
    assert fault_count == [("reset_after", None, True), ("status", 500, False)]


def test_a_rate_limit_turns_calls_away_and_says_when_to_come_again(emulator: Emulator, http: httpx.Client) -> None:
    emulator.change_settings(rate_limit=1)
    responses = [http.get("/sandboxes") for _ in range(5)]
    assert responses[0].status_code == 200
    limited = next(response for response in responses if response.status_code == 429)
    assert int(limited.headers["retry-after"]) >= 1
    assert limited.headers["x-request-id"]


def test_random_faults_strike_the_control_plane_only(emulator: Emulator, http: httpx.Client) -> None:
    emulator.change_settings(random_faults={"rate": 1, "kinds": ["500"]})
    assert http.get("/sandboxes").status_code == 500
    runtime = emulator.base_url.replace("/agent", "/sandboxes-runtime/v1/exec")
    assert http.post(runtime).status_code == 400
