"""The commands that control a running emulator."""

import json
import os
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from neev_emulator import Emulator, serve
from neev_emulator.cli import app


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with serve() as running:
        yield running


def run_control(*arguments: str, url: str | None = None) -> Result:
    env = dict.fromkeys(name for name in os.environ if name.startswith("NEEV")) | {"NEEV_BASE_URL": url}
    return CliRunner().invoke(app, arguments, env=env)


def read_control_output(*arguments: str, emulator: Emulator) -> Any:
    result = run_control(*arguments, url=emulator.base_url)
    assert (result.exit_code, result.stderr) == (0, "")
    return json.loads(result.stdout)


def test_the_faults_command_adds_lists_and_clears_faults(emulator: Emulator) -> None:
    (fault,) = read_control_output(
        "faults", "status", "method=POST", "path=/sandboxes", "status=503", "times=2", emulator=emulator
    )
    assert (fault["kind"], fault["method"], fault["status"], fault["times"]) == ("status", "POST", 503, 2)
    assert read_control_output("faults", emulator=emulator) == [fault]
    assert run_control("faults", "--clear", url=emulator.base_url).stdout == ""
    assert read_control_output("faults", emulator=emulator) == []


def test_the_advance_command_advances_the_clock(emulator: Emulator) -> None:
    before = read_control_output("state", emulator=emulator)["now"]
    assert read_control_output("advance", "2d", emulator=emulator)["now"] > before


def test_the_log_command_shows_counts_and_clears_requests(emulator: Emulator) -> None:
    assert run_control("log", "--clear", url=emulator.base_url).exit_code == 0
    assert (
        read_control_output("log", emulator=emulator),
        read_control_output("log", "--mutating", emulator=emulator),
    ) == (
        [],
        [],
    )
    assert read_control_output("log", "--counts", emulator=emulator) == {}


def test_the_settings_command_changes_settings_by_their_path(emulator: Emulator) -> None:
    changed = read_control_output("settings", "durations.create=2.5", "sandbox_quota=3", "api=0.8", emulator=emulator)
    assert (changed["durations"]["create"], changed["sandbox_quota"], changed["api"]) == (2.5, 3, "0.8")
    assert read_control_output("settings", emulator=emulator) == changed


def test_the_url_option_selects_the_emulator(emulator: Emulator) -> None:
    assert json.loads(run_control("state", "--url", emulator.base_url).stdout)["agents"] == 0


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("state", "--url", "http://127.0.0.1:1/agent"), 1, "no emulator answers at"),
        (("state", "--url", "nonsense"), 1, "no emulator answers at"),
        (("advance", "soon"), 2, "not a duration"),
        (("settings", "quota"), 2, "is not NAME=VALUE"),
    ],
)
def test_an_unreachable_emulator_or_invalid_argument_is_reported(
    arguments: tuple[str, ...], status: int, message: str
) -> None:
    result = run_control(*arguments)
    assert result.exit_code == status
    assert message in " ".join(result.stderr.split())


def test_a_request_that_the_emulator_rejects_is_reported(emulator: Emulator) -> None:
    result = run_control("faults", "colour", url=emulator.base_url)
    assert result.exit_code == 1
    assert result.stderr.startswith(
        "neev-emulator: the emulator rejected the request: kind: Input should be 'status', "
    )
    assert "list[" not in result.stderr


def test_a_server_that_is_not_an_emulator_is_reported() -> None:
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        Thread(target=server.handle_request).start()
        result = run_control("state", url=f"http://127.0.0.1:{server.server_port}/agent")
    assert (result.exit_code, "no emulator answers at" in result.stderr) == (1, True)
    assert "501" in result.stderr
