"""`mock_neev` with the official client, as a program would use it."""

import os
import subprocess
import sys
import threading
from typing import Any

import httpx
import pytest
from neevai import AsyncNeevAI, AuthenticationError, NeevAI

from neev_emulator import ControlError, Emulator, mock_neev
from neev_emulator.state.tokens import LIFETIME_SECONDS

FOREIGN_ACCOUNT: dict[str, Any] = {"api_key": "sk-nc-1", "org_id": "org-1", "project_id": "project-1"}
SANDBOXES = "https://api.ai.neevcloud.com/agent/api/v1beta1/orgs/org-1/projects/project-1/sandboxes"
SEND = httpx.HTTPTransport.handle_request
SEND_ASYNC = httpx.AsyncHTTPTransport.handle_async_request


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the variables of an account, which a mock replaces and restores, and of a proxy that is not reachable."""
    for name in [name for name in os.environ if name.startswith("NEEV")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NEEV_API_KEY", "sk-nc-own")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")


def assert_nothing_is_mocked() -> None:
    assert httpx.HTTPTransport.handle_request is SEND
    assert httpx.AsyncHTTPTransport.handle_async_request is SEND_ASYNC
    assert os.environ["NEEV_API_KEY"] == "sk-nc-own"
    assert "NEEV_BASE_URL" not in os.environ


def create_sandbox(name: str) -> None:
    with mock_neev(api="0.8"), NeevAI() as client:
        client.sandboxes.create({"name": name})


@mock_neev
def count_after_create(name: str) -> int:
    create_sandbox(name)
    return count_sandboxes()


def count_sandboxes() -> int:
    with mock_neev() as emulator:
        return int(emulator.state()["sandboxes"])


def test_a_program_configured_by_its_environment_uses_the_emulator() -> None:
    with mock_neev() as emulator:
        assert os.environ["NEEV_BASE_URL"] == emulator.base_url
        create_sandbox("web")
        assert emulator.counts()["POST /sandboxes"] == 1
    assert_nothing_is_mocked()


def test_control_plane_and_runtime_requests_of_a_client_are_redirected() -> None:
    with NeevAI(**FOREIGN_ACCOUNT) as client, mock_neev(api="0.8") as emulator:
        sandbox = client.sandboxes.create({"name": "web"})
        sandbox.wait_until_ready()
        assert sandbox.exec(["echo", "done"]).stdout == "done\n"
        assert {request["status"] for request in emulator.requests} <= {200, 201}


async def test_control_plane_and_runtime_requests_of_an_async_client_are_redirected() -> None:
    async with AsyncNeevAI(**FOREIGN_ACCOUNT) as client:
        with mock_neev(api="0.8") as emulator:
            sandbox = await client.sandboxes.create({"name": "web"})
            await sandbox.wait_until_ready()
            assert (await sandbox.exec(["echo", "done"])).stdout == "done\n"
            assert emulator.counts()["POST /sandboxes"] == 1
    assert_nothing_is_mocked()


def test_requests_to_other_hosts_are_not_redirected() -> None:
    with mock_neev(), pytest.raises(httpx.ConnectError), httpx.Client(trust_env=False) as http:
        http.get("http://127.0.0.1:1/notneevcloud.com")


async def test_asynchronous_requests_to_other_hosts_are_not_redirected() -> None:
    with mock_neev(), pytest.raises(httpx.ConnectError):
        async with httpx.AsyncClient(trust_env=False) as http:
            await http.get("http://127.0.0.1:1/")


def test_no_key_is_added_to_a_request_without_a_key() -> None:
    with mock_neev():
        assert httpx.get("https://api.ai.neevcloud.com/agent/api/v1beta1/sandbox-templates").status_code == 401


def test_a_client_of_the_emulator_with_a_wrong_key_is_rejected() -> None:
    with mock_neev(api="0.8"), NeevAI(api_key="wrong") as client, pytest.raises(AuthenticationError):
        client.sandboxes.create({"name": "web"})


def test_keys_are_replaced_but_connect_tokens_are_unchanged() -> None:
    with mock_neev(durations={"create": 0}) as emulator, httpx.Client(headers={"authorization": "Bearer own"}) as http:
        sandbox_id = http.post(SANDBOXES, json={"name": "web"}).json()["id"]
        token = http.post(f"{SANDBOXES}/web/connect-token").json()["token"]

        def list_files(**headers: str) -> int:
            url = "https://api.ai.neevcloud.com/sandboxes-runtime/v1/files/list"
            return httpx.post(url, json={"path": "."}, headers={"x-sandbox-id": sandbox_id, **headers}).status_code

        assert list_files(**{"x-api-key": "own"}) == 200
        assert list_files(authorization=f"Bearer {token}") == 200
        emulator.advance(LIFETIME_SECONDS)
        assert list_files(authorization=f"Bearer {token}") == 401
        assert list_files(authorization="Bearer own") == 200


def test_child_processes_inherit_the_variables() -> None:
    with mock_neev() as emulator:
        command = [sys.executable, "-c", "import os; print(os.environ['NEEV_BASE_URL'])"]
        assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == emulator.base_url


def test_each_call_of_a_decorated_function_has_an_empty_emulator() -> None:
    assert [count_after_create("one"), count_after_create("two")] == [1, 1]
    assert_nothing_is_mocked()


async def test_a_coroutine_function_can_be_decorated() -> None:
    @mock_neev(api="0.8", sandbox_quota=1)
    async def create_sandbox_async() -> Emulator:
        async with AsyncNeevAI() as client:
            await client.sandboxes.create({"name": "web"})
        with mock_neev() as emulator:
            assert emulator.settings["sandbox_quota"] == 1
            return emulator

    first = await create_sandbox_async()
    assert await create_sandbox_async() != first
    assert_nothing_is_mocked()


def test_each_test_of_a_class_has_an_empty_emulator() -> None:
    @mock_neev
    class Tests:
        prefix = "in-a-class"

        def test_first(self) -> int:
            return self.create()

        def test_second(self) -> int:
            return self.create()

        def create(self) -> int:
            create_sandbox(self.prefix)
            return count_sandboxes()

    assert [Tests().test_first(), Tests().test_second()] == [1, 1]


def test_only_plain_test_functions_of_a_class_are_decorated() -> None:
    @mock_neev
    class Tests:
        test_data = dict
        test_number = 1

        @staticmethod
        def test_static() -> str:
            return "static"

        @classmethod
        def test_class(cls) -> str:
            return cls.__name__

    assert (Tests.test_data, Tests.test_number) == (dict, 1)
    assert (Tests().test_static(), Tests().test_class()) == ("static", "Tests")


def test_a_nested_block_shares_the_emulator_and_can_change_its_settings() -> None:
    with mock_neev() as outer:
        create_sandbox("web")
        with mock_neev(sandbox_quota=5) as inner:
            assert inner is outer
        assert count_after_create("other") == 2
        assert outer.settings["sandbox_quota"] == 5
    assert_nothing_is_mocked()


def test_the_mock_of_two_threads_ends_with_the_last_block() -> None:
    begun, end = threading.Event(), threading.Event()

    def hold() -> None:
        with mock_neev():
            begun.set()
            end.wait(30)

    thread = threading.Thread(target=hold)
    with mock_neev() as emulator:
        thread.start()
        assert begun.wait(30)
    assert os.environ["NEEV_BASE_URL"] == emulator.base_url
    end.set()
    thread.join(30)
    assert_nothing_is_mocked()


def test_transports_and_environment_are_restored_after_an_error() -> None:
    def fail() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        mock_neev(fail)()
    with pytest.raises(ControlError, match=r"^colour: Extra inputs are not permitted$"), mock_neev(colour="blue"):
        pytest.fail("the block was entered")
    assert_nothing_is_mocked()
    assert count_sandboxes() == 0


def test_a_variable_that_the_block_removes_is_restored() -> None:
    with mock_neev():
        del os.environ["NEEV_API_KEY"], os.environ["NEEV_REGION"]
    assert_nothing_is_mocked()
