"""The controls under /_emulator."""

import httpx
import pytest

from helpers.emulator_harness import START, ApiDriver
from neev_emulator import Backend


async def send_control(api: ApiDriver, method: str, path: str, body: object = None) -> httpx.Response:
    return await api.client.request(method, f"/_emulator/{path}", json=body)


async def test_a_settings_update_changes_only_the_given_fields(api: ApiDriver) -> None:
    before = (await send_control(api, "GET", "settings")).json()
    after = (await send_control(api, "PUT", "settings", {"durations": {"pause": 77}, "sandbox_quota": 3})).json()
    expected = {**before, "durations": {**before["durations"], "pause": 77}, "sandbox_quota": 3}
    assert after == expected == (await send_control(api, "GET", "settings")).json()


@pytest.mark.parametrize(
    "settings",
    [{"durations": {"pause": -1}}, {"durations": {"nap": 1}}, {"rate_limit": 0}, {"random_faults": {"rate": 2}}],
)
async def test_invalid_settings_are_rejected_and_change_nothing(api: ApiDriver, settings: dict[str, object]) -> None:
    before = (await send_control(api, "GET", "settings")).json()
    refusal = await send_control(api, "PUT", "settings", settings)
    assert (refusal.status_code, refusal.json()["code"]) == (400, "validation_error")
    assert (await send_control(api, "GET", "settings")).json() == before


async def test_faults_can_be_added_listed_and_cleared(api: ApiDriver) -> None:
    await send_control(api, "POST", "faults", {"kind": "truncate_body"})
    waiting = (
        await send_control(api, "POST", "faults", [{"kind": "delay", "times": 2}, {"kind": "stuck_phase"}])
    ).json()
    assert [(fault["kind"], fault["times"]) for fault in waiting] == [
        ("truncate_body", 1),
        ("delay", 2),
        ("stuck_phase", 1),
    ]
    assert (await send_control(api, "DELETE", "faults")).status_code == 204
    assert (await send_control(api, "GET", "faults")).json() == []


@pytest.mark.parametrize(
    "fault", [{}, {"kind": "earthquake"}, {"kind": "truncate_body", "times": 0}, {"kind": "truncate_body", "colour": 1}]
)
async def test_an_invalid_fault_is_rejected(api: ApiDriver, fault: dict[str, object]) -> None:
    assert (await send_control(api, "POST", "faults", fault)).status_code == 400
    assert (await send_control(api, "GET", "faults")).json() == []


async def test_advance_runs_the_timers_that_are_due(api: ApiDriver) -> None:
    await api.create(name="web", lifecycle={"idle_timeout_seconds": 30})
    state = (await send_control(api, "POST", "advance", {"seconds": 100})).json()
    assert state["phases"] == {"Paused": 1}
    assert state["now"].startswith("2026-05-28T20:28:20")


@pytest.mark.parametrize("body", [{}, {"seconds": -1}, {"seconds": "1h"}, {"seconds": 1e300}])
async def test_advance_rejects_an_invalid_number_of_seconds(
    api: ApiDriver, backend: Backend, body: dict[str, object]
) -> None:
    assert (await send_control(api, "POST", "advance", body)).status_code == 400
    assert backend.clock.now() == START


async def test_the_log_contains_api_requests_but_no_control_requests(api: ApiDriver) -> None:
    response = await api.send("POST", "/sandboxes", {"name": "web"})
    await api.read("/sandboxes/web")
    entries = (await send_control(api, "GET", "log")).json()
    assert [(entry["method"], entry["template"], entry["status"]) for entry in entries] == [
        ("POST", "/sandboxes", 201),
        ("GET", "/sandboxes/{id}", 200),
    ]
    assert entries[0]["request_id"] == response.headers["x-request-id"]
    assert entries[1]["path"] == f"{api.project}/sandboxes/web"
    mutating = (await send_control(api, "GET", "log?mutating=true")).json()
    assert mutating == entries[:1]
    assert (await send_control(api, "GET", "counts")).json() == {"GET /sandboxes/{id}": 1, "POST /sandboxes": 1}
    await send_control(api, "DELETE", "log")
    assert (await send_control(api, "GET", "log")).json() == []
    assert (await send_control(api, "GET", "counts")).json() == {}


async def test_the_state_counts_objects_and_phases(api: ApiDriver) -> None:
    await api.create_ready(name="web")
    await api.create("/sandboxes/web/snapshots")
    await api.create("/agents", name="coder", agent_template="claude-code")
    state = (await send_control(api, "GET", "state")).json()
    assert (state["sandboxes"], state["snapshots"], state["agents"]) == (2, 1, 1)
    assert state["phases"] == {"Pending": 1, "Ready": 1}


async def test_reset_deletes_all_objects_and_restores_the_initial_settings(api: ApiDriver, backend: Backend) -> None:
    first = backend.settings
    await api.create_ready(name="web")
    await api.create("/sandboxes/web/snapshots")
    await api.create("/agents", name="coder", agent_template="claude-code")
    await send_control(api, "PUT", "settings", {"sandbox_quota": 0})
    await send_control(api, "POST", "faults", {"kind": "truncate_body"})
    state = (await send_control(api, "POST", "reset")).json()
    assert (state["sandboxes"], state["snapshots"], state["agents"]) == (0, 0, 0)
    assert backend.settings == first
    assert list((backend.directory / "files").iterdir()) == []
    assert (await send_control(api, "GET", "faults")).json() == (await send_control(api, "GET", "log")).json() == []


@pytest.mark.parametrize(
    "header",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:8123"},  # a page in a preview sends this origin
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-origin"},
    ],
)
async def test_a_control_request_of_a_web_page_is_rejected(api: ApiDriver, header: dict[str, str]) -> None:
    assert (await api.client.post("/_emulator/reset", headers=header)).status_code == 403


async def test_a_control_url_can_be_opened_in_a_browser(api: ApiDriver) -> None:
    assert (await api.client.get("/_emulator/state", headers={"sec-fetch-site": "none"})).status_code == 200
