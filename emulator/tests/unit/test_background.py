"""The commands that start, find and stop an emulator in the background."""

import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer import Exit
from typer.testing import CliRunner, Result

from neev_emulator import Emulator, serve
from neev_emulator.background import Shell, to_arguments
from neev_emulator.cli import app
from neev_emulator.server_file import RunningServer, ServerFile, default_directory

DIRECTORY = "neev-emulator"


@pytest.fixture(autouse=True)
def state_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Set the environment of a user without an emulator; return the directory of states."""
    for name in [name for name in os.environ if name.startswith("NEEV")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def start() -> Iterator[Callable[..., str]]:
    """Yield a function that starts an emulator; stop all of them after the test."""
    started: list[list[str]] = []

    def start_emulator(*options: str, data: str | Path | None = None) -> str:
        started.append(["--data", str(data)] if data else [])
        command = [sys.executable, "-m", "neev_emulator", "start", *started[-1], *options]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    yield start_emulator
    for options in started:
        run("stop", *options)


@contextmanager
def lock_server_file(state_home: Path, env: dict[str, str], **options: Any) -> Iterator[None]:
    """Lock the server file of an emulator with these options in the default directory during the block."""
    directory = state_home / DIRECTORY
    directory.mkdir()
    server_file = ServerFile(directory)
    with server_file.lock():
        server_file.write(env, options)
        yield


@pytest.fixture
def running_options(state_home: Path) -> Iterator[None]:
    """Hold the server file of an emulator with some options."""
    options = {"api": "0.8", "allow_host": ["a", "b"], "quota": 2, "create_seconds": None, "isolate": False}
    with lock_server_file(state_home, {"NEEV_BASE_URL": "http://127.0.0.1:1/agent"}, **options):
        yield


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})


def read_output(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def read_env(*options: str) -> dict[str, str]:
    """Return the variables that a shell has after it evaluated the output of `env`."""
    script = f"{read_output('env', *options)}\nprintenv | grep ^NEEV_"
    found = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    return dict(line.split("=", 1) for line in found.stdout.splitlines())


def create_sandbox(emulator: Emulator) -> None:
    base = f"{emulator.base_url}/api/v1beta1/orgs/{emulator.org_id}/projects/{emulator.project_id}"
    headers = {"authorization": f"Bearer {emulator.api_key}"}
    httpx.post(f"{base}/sandboxes", json={"name": "web"}, headers=headers).raise_for_status()


def read_status(*options: str) -> dict[str, str]:
    return dict(line.split(maxsplit=1) for line in read_output("status", *options).splitlines())


def test_a_background_emulator_keeps_its_state_over_a_restart(start: Callable[..., str], state_home: Path) -> None:
    text = start()
    first = Emulator.from_env(read_env())
    create_sandbox(first)
    status = read_status()
    assert list(status) == ["address", "api", "isolation", "sandboxes", "process", "data"]
    assert (status["address"], status["api"], status["sandboxes"]) == (first.base_url, "0.9", "1")
    assert status["isolation"] == "no"
    assert status["data"] == str(state_home / DIRECTORY)
    assert f"runs at {first.base_url} (process {status['process']})" in text
    assert read_output("stop") == f"The emulator at {first.base_url} has stopped.\n"
    start("--api", "0.8", data=state_home / DIRECTORY)
    assert Emulator.from_env(read_env()) == first
    assert (read_status()["api"], read_status()["sandboxes"]) == ("0.8", "1")


def test_a_second_start_reports_the_running_emulator(start: Callable[..., str]) -> None:
    start()
    process = read_status()["process"]
    text = start()
    assert f"already runs at {read_env()['NEEV_BASE_URL']} (process {process})" in text
    assert "neev-emulator stop\n" in text


@pytest.mark.usefixtures("running_options")
@pytest.mark.parametrize(
    ("options", "different"),
    [
        (("--isolate",), "--isolate"),
        (("--allow-host", "a", "--create-seconds", "3"), "--allow-host, --create-seconds"),
        (("--api", "0.9", "--quota", "2"), "--api"),
    ],
)
def test_a_second_start_with_other_options_is_an_error(options: tuple[str, ...], different: str) -> None:
    result = run("start", *options)
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"an emulator with another {different} already runs at" in result.stderr
    assert result.stderr.endswith("stop it first: neev-emulator stop\n")


@pytest.mark.usefixtures("running_options")
def test_the_api_version_of_the_environment_counts_as_an_option(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEEV_EMULATOR_API", "0.9")
    result = run("start")
    assert (result.exit_code, "with another --api already runs" in result.stderr) == (1, True)


@pytest.mark.usefixtures("running_options")
def test_a_second_start_with_the_same_options_reports_the_running_emulator() -> None:
    assert "already runs at" in read_output("start", "--api", "0.8", "--allow-host", "a", "--allow-host", "b")


def test_status_reports_the_isolation_of_sandboxes(state_home: Path) -> None:
    with serve() as emulator, lock_server_file(state_home, emulator.env, isolate=True):
        assert read_status()["isolation"] == "yes"


def test_a_directory_that_cannot_be_created_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for directory in ("/proc/x", tmp_path / "file" / "x"):
        result = run("start", "--data", str(directory))
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.startswith(f"neev-emulator: cannot create {directory}/emulator.log: ")
        assert result.stderr.count("\n") == 1


def test_the_default_directory_is_private(start: Callable[..., str], state_home: Path) -> None:
    start()
    directory = state_home / DIRECTORY
    paths = [directory, *directory.iterdir()]
    assert {"emulator.log", "server.json", "state.sqlite"} <= {path.name for path in paths}
    assert [path.name for path in paths if path.stat().st_mode & 0o077] == []


def test_a_killed_emulator_can_be_started_again(start: Callable[..., str]) -> None:
    start()
    status, env = read_status(), read_env()
    descriptor = os.pidfd_open(int(status["process"]))
    os.kill(int(status["process"]), signal.SIGKILL)
    assert select.select([descriptor], [], [], 30)[0]
    os.close(descriptor)
    for command in ("status", "stop", "env"):
        result = run(command)
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.endswith("start one: neev-emulator start\n")
    start()
    assert read_env() == env
    assert read_status()["process"] != status["process"]


def test_the_process_in_a_stale_server_file_is_not_signalled(state_home: Path) -> None:
    server_file = ServerFile(state_home)
    server_file.write({"NEEV_BASE_URL": "http://127.0.0.1:1/agent"}, {})  # it contains the id of this process
    assert server_file.read() is None
    assert run("stop", "--data", str(state_home)).exit_code == 1


def test_terminating_an_exited_emulator_succeeds() -> None:
    RunningServer(2**23, {}, {}).terminate()  # no process id is as high


def test_a_process_that_locks_the_file_and_does_not_start_is_reported(
    state_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server_file = ServerFile(state_home, start_timeout=0)
    with server_file.lock(), pytest.raises(Exit):
        server_file.read()
    assert f"the process that locks {state_home / 'server.json'} has not started" in capsys.readouterr().err


def test_reset_empties_the_state_of_a_running_or_stopped_emulator(
    start: Callable[..., str], state_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(state_home)
    options = ("--data", "it's kept")
    result = run("reset", *options)
    assert (result.exit_code, "has no state of an emulator" in result.stderr) == (1, True)
    start(data="it's kept")
    emulator = Emulator.from_env(read_env(*options))
    create_sandbox(emulator)
    assert read_output("reset", *options) == "The state is empty.\n"
    assert read_status(*options)["sandboxes"] == "0"
    create_sandbox(emulator)
    read_output("stop", *options)
    read_output("reset", *options)
    start(data="it's kept")
    assert read_status(*options)["sandboxes"] == "0"
    assert Emulator.from_env(read_env(*options)) == emulator


def test_reset_fails_if_another_program_uses_the_state(state_home: Path) -> None:
    with serve(data=state_home):
        result = run("reset", "--data", str(state_home))
    assert (result.exit_code, "in use by another emulator" in result.stderr) == (1, True)


def test_a_failed_start_reports_the_reason() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = run("start", "--port", port)
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"cannot listen on port {port}" in result.stderr
    assert run("status").exit_code == 1


def test_status_fails_if_the_emulator_rejects_connections(start: Callable[..., str]) -> None:
    start()
    Emulator.from_env(read_env()).reject_connections(600)
    result = run("status")
    assert (result.exit_code, "does not respond" in result.stderr) == (1, True)


def test_control_commands_use_the_background_emulator(start: Callable[..., str]) -> None:
    result = run("state")
    assert (result.exit_code, "no emulator runs in the background" in result.stderr) == (1, True)
    start()
    assert '"sandboxes": 0' in read_output("state")


def test_env_prints_the_variables_for_each_shell(state_home: Path) -> None:
    server_file = ServerFile(state_home)
    with server_file.lock():
        server_file.write({"NEEV_REGION": "as-south-1"}, {})
        printed = {shell: read_output("env", "--data", str(state_home), "--shell", shell) for shell in Shell}
    assert printed == {
        "posix": "export NEEV_REGION=as-south-1\n",
        "fish": "set -gx NEEV_REGION as-south-1\n",
        "powershell": "$env:NEEV_REGION = 'as-south-1'\n",
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--port", "1", "start"), "it belongs after start"),
        (("--data", "x", "status"), "it belongs after status"),
    ],
)
def test_an_option_before_the_command_is_rejected(arguments: tuple[str, ...], message: str) -> None:
    result = run(*arguments)
    assert (result.exit_code, message in result.stderr) == (2, True)


def test_start_rejects_a_command_after_the_dashes() -> None:
    result = run("start", "--", "true")
    assert (result.exit_code, "it runs no command" in result.stderr) == (2, True)


@pytest.mark.parametrize("home", ["", "relative"])
def test_the_default_directory_is_in_home_if_xdg_state_home_is_invalid(
    home: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", home)
    assert default_directory() == Path.home() / ".local" / "state" / DIRECTORY


@pytest.mark.parametrize(
    ("options", "arguments"),
    [
        ({"create_seconds": 0.5, "quota": None}, ["--create-seconds", "0.5"]),
        ({"allow_host": ["a", "b"]}, ["--allow-host", "a", "--allow-host", "b"]),
        ({"allow_remote": True, "other": False}, ["--allow-remote"]),
    ],
)
def test_options_are_converted_to_arguments_of_the_process(options: dict[str, Any], arguments: list[str]) -> None:
    assert to_arguments(options) == arguments
