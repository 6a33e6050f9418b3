"""The emulator as a server in this process."""

import asyncio
import operator
import socket
import threading
from pathlib import Path

import httpx
import pytest

from helpers.poll import poll_until
from neev_emulator import Backend, ControlError, Settings, serve, serve_backend


def test_env_contains_the_key_but_repr_does_not() -> None:
    with serve() as emulator:
        assert emulator.env == {
            "NEEV_BASE_URL": emulator.base_url,
            "NEEV_API_KEY": emulator.api_key,
            "NEEV_ORG_ID": "org-emulator",
            "NEEV_PROJECT_ID": "project-emulator",
            "NEEV_REGION": "as-south-1",
        }
        assert emulator.base_url.startswith("http://127.0.0.1:")
        assert emulator.base_url.endswith("/agent")
        assert emulator.api_key not in repr(emulator)


def test_due_timers_run_without_a_request() -> None:
    backend = Backend(Settings())
    with serve_backend(backend) as emulator:
        assert emulator.change_settings(durations={"create": 0})["durations"]["create"] == 0
        base = f"{emulator.base_url}/api/v1beta1/orgs/{emulator.org_id}/projects/{emulator.project_id}"
        headers = {"authorization": f"Bearer {emulator.api_key}"}
        idle = {"name": "web", "lifecycle": {"idle_timeout_seconds": 1, "on_idle": "delete"}}
        assert httpx.post(f"{base}/sandboxes", json=idle, headers=headers).status_code == 201
        poll_until(lambda: len(backend.sandboxes), operator.not_)
        assert [entry["method"] for entry in emulator.requests] == ["POST"]


async def test_async_code_in_the_same_thread_can_use_the_emulator() -> None:
    with serve(create_seconds=0, quota=3) as emulator:
        base = f"{emulator.base_url}/api/v1beta1/orgs/{emulator.org_id}/projects/{emulator.project_id}"
        async with httpx.AsyncClient(headers={"authorization": f"Bearer {emulator.api_key}"}, verify=False) as http:
            responses = await asyncio.gather(*(http.post(f"{base}/sandboxes", json={}) for _ in range(5)))
    assert sorted(response.status_code for response in responses) == [201, 201, 201, 403, 403]


def test_stopping_leaves_no_thread_directory_or_open_port() -> None:
    backend = Backend()
    before = threading.active_count()
    with serve_backend(backend) as emulator:
        port = httpx.URL(emulator.base_url).port
    assert threading.active_count() == before
    assert not backend.directory.exists()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port or 0)) != 0


def test_the_emulator_stops_while_a_request_is_delayed() -> None:
    hanging = threading.Event()
    outcome: list[str] = []

    def call(url: str, key: str) -> None:
        hanging.set()
        try:
            httpx.get(url, headers={"authorization": f"Bearer {key}"}, timeout=60)
        except httpx.TransportError as error:
            outcome.append(type(error).__name__)

    with serve() as emulator:
        emulator.inject("delay", seconds=600)
        base = f"{emulator.base_url}/api/v1beta1/sandbox-templates"
        thread = threading.Thread(target=call, args=(base, emulator.api_key))
        thread.start()
        assert hanging.wait(10)
        while emulator.control("GET", "faults"):
            pass
    thread.join(10)
    assert outcome == ["RemoteProtocolError"]


def test_a_port_in_use_raises_an_error_and_leaves_no_directory() -> None:
    backend = Backend()
    taken = socket.create_server(("127.0.0.1", 0))
    with taken, pytest.raises(OSError, match="in use"), serve_backend(backend, port=taken.getsockname()[1]):
        pytest.fail("the emulator started")
    assert not backend.directory.exists()


def test_an_emulator_with_a_data_directory_reuses_its_address(tmp_path: Path) -> None:
    with serve(data=tmp_path) as emulator:
        first = emulator.base_url
    with serve(data=tmp_path) as emulator:
        assert emulator.base_url == first
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", httpx.URL(first).port or 0))
        taken.listen()
        with serve(data=tmp_path) as emulator:
            second = emulator.base_url
        assert second != first
    with serve(data=tmp_path) as emulator:
        assert emulator.base_url == second


def test_create_seconds_and_quota_change_the_settings(tmp_path: Path) -> None:
    with serve(create_seconds=2.5, quota=7, data=tmp_path) as emulator:
        settings = emulator.control("GET", "settings")
        assert isinstance(settings, dict)
        durations = settings["durations"]
        assert (durations["create"], durations["fork"], settings["sandbox_quota"]) == (2.5, 2.5, 7)


def test_a_control_error_contains_only_the_message() -> None:
    with serve() as emulator, pytest.raises(ControlError) as rejection:
        emulator.inject("status", status=1)
    assert str(rejection.value) == "status: Input should be greater than or equal to 400"
    assert rejection.value.__suppress_context__
