"""The command `neev-emulator`."""

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
import pytest

RUN = [sys.executable, "-c", "from neev_emulator.cli import main; main()"]
NAMES = ["NEEV_BASE_URL", "NEEV_API_KEY", "NEEV_ORG_ID", "NEEV_PROJECT_ID", "NEEV_REGION"]


def run_emulator(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*RUN, *arguments], capture_output=True, text=True, timeout=60, check=False, **options)


@contextmanager
def start_emulator(*arguments: str, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """Start the command in its own session, so that it gets no signals of the terminal."""
    command = [*RUN, *arguments]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, **options
    )
    with process:
        try:
            yield process
        finally:
            process.terminate()
            process.wait(30)


def read_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline()


def remove_notices(output: str) -> str:
    """Return the output without the notices about isolation and mount namespaces."""
    lines = output.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("neev-emulator: commands in sandboxes "))


def test_a_missing_workspace_mount_is_reported_once(tmp_path: Path) -> None:
    result = run_emulator("--", "/bin/echo", "done", env={**os.environ, "PATH": str(tmp_path)})
    assert result.stdout == "done\n"
    assert result.stderr == (
        "neev-emulator: commands in sandboxes run as you, with your files and your network; --isolate confines them\n"
        "neev-emulator: commands in sandboxes have no /workspace on this machine (the program nsenter is not "
        "installed): the real path replaces it in their arguments and variables, but not in scripts and other files\n"
    )


def test_the_help_describes_state_isolation_and_egress() -> None:
    output = " ".join(run_emulator("--help", env={**os.environ, "COLUMNS": "200"}).stdout.split())
    for sentence in [
        "Its state ends with it, unless --data is given.",
        "commands in its sandboxes are processes of yours, with your files, processes and network.",
        "Egress policies are stored, not enforced.",
    ]:
        assert sentence in output


@pytest.mark.parametrize(
    ("words", "completions"),
    [
        ("neev-emulator st", "start stop status state"),
        ("neev-emulator env --shell f", "fish"),
        ("neev-emulator faults reset", "reset_before reset_after"),
        ("neev-emulator start --q", "--quota"),
    ],
)
def test_completion_covers_commands_options_and_values(words: str, completions: str) -> None:
    request = {"COMP_WORDS": words, "COMP_CWORD": str(words.count(" ")), "_NEEV_EMULATOR_COMPLETE": "complete_bash"}
    result = run_emulator(env={**os.environ, **request})
    assert set(result.stdout.split()) == set(completions.split())


def test_the_command_prints_one_export_line_when_it_is_ready() -> None:
    with start_emulator() as process:
        export, *pairs = shlex.split(read_line(process))
        env = dict(pair.split("=", 1) for pair in pairs)
        assert (export, list(env)) == ("export", NAMES)
        url = f"{env['NEEV_BASE_URL']}/api/v1beta1/sandbox-templates"
        assert httpx.get(url, headers={"authorization": f"Bearer {env['NEEV_API_KEY']}"}).status_code == 200
        process.terminate()
        output, errors = process.communicate(timeout=30)
        assert (output, remove_notices(errors)) == ("", "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_the_emulator_and_deletes_its_files(number: int, tmp_path: Path) -> None:
    with start_emulator(env={**os.environ, "TMPDIR": str(tmp_path)}) as process:
        assert read_line(process)
        assert len(list(tmp_path.iterdir())) == 1
        process.send_signal(number)
        assert process.wait(30) == 0
    assert list(tmp_path.iterdir()) == []


def test_a_wrapped_command_gets_the_variables_and_its_exit_code_is_returned(tmp_path: Path) -> None:
    result = run_emulator(
        "--",
        "sh",
        "-c",
        "env | grep ^NEEV_ | cut -d= -f1; exit 7",
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert (sorted(result.stdout.split()), remove_notices(result.stderr), result.returncode) == (
        sorted(NAMES),
        "",
        7,
    )
    assert list(tmp_path.iterdir()) == []


def test_arguments_after_the_dashes_are_passed_to_the_command() -> None:
    result = run_emulator("--create-seconds", "1", "--", "echo", "--port", "--", "--help")
    assert result.stdout == "--port -- --help\n"


def test_dashes_without_a_command_are_rejected() -> None:
    refused = run_emulator("--")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "Invalid value for --: a command must follow" in refused.stderr


def test_options_change_the_settings_of_the_emulator() -> None:
    script = (
        "import os, urllib.request as http\n"
        "url = os.environ['NEEV_BASE_URL'].removesuffix('/agent') + '/_emulator/settings'\n"
        "print(http.urlopen(url).read().decode())"
    )
    result = run_emulator("--create-seconds", "2.5", "--quota", "4", "--", sys.executable, "-c", script)
    assert '"create":2.5,"fork":2.5' in result.stdout
    assert '"sandbox_quota":4' in result.stdout


def test_the_exit_code_of_a_killed_command_is_128_plus_the_signal() -> None:
    assert run_emulator("--", "sh", "-c", "kill -9 $$").returncode == 128 + 9


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_is_forwarded_to_the_wrapped_command(number: int) -> None:
    script = (
        "import signal, sys\n"
        "signal.signal(int(sys.argv[1]), lambda *_: sys.exit(42))\n"
        "print('up', flush=True)\n"
        "signal.pause()"
    )
    with start_emulator("--", sys.executable, "-c", script, str(int(number))) as process:
        assert read_line(process) == "up\n"
        process.send_signal(number)
        assert process.wait(30) == 42


@pytest.mark.parametrize(("command", "status"), [("no-such-command", 127), ("/dev/null", 126)])
def test_a_command_that_cannot_be_executed_exits_with_126_or_127(command: str, status: int) -> None:
    result = run_emulator("--", command)
    assert result.returncode == status
    assert remove_notices(result.stderr).startswith(f"neev-emulator: {command}: ")


def test_the_port_option_fails_if_the_port_is_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run_emulator("--port", str(port))
        assert result.returncode == 1
        assert result.stderr == f"neev-emulator: cannot listen on port {port} of 127.0.0.1: Address already in use\n"
    with start_emulator("--port", str(port)) as process:
        assert f":{port}/agent" in read_line(process)


def test_a_remote_address_requires_allow_remote() -> None:
    result = run_emulator("--host", "0.0.0.0")
    assert result.returncode == 1
    assert "other machines can reach 0.0.0.0" in result.stderr
    assert result.stderr.endswith("with --allow-remote\n")
    allowed = run_emulator("--host", "0.0.0.0", "--allow-remote", "--", "printenv", "NEEV_BASE_URL")
    assert allowed.stdout.startswith("http://127.0.0.1:")
    assert "anyone who reaches it and has the key runs processes on this machine" in allowed.stderr
    assert remove_notices(run_emulator("--allow-remote", "--", "true").stderr) == ""


def test_a_directory_can_be_used_by_one_emulator_at_a_time(tmp_path: Path) -> None:
    with start_emulator("--data", str(tmp_path)) as process:
        assert read_line(process)
        result = run_emulator("--data", str(tmp_path))
        assert result.returncode == 1
        assert "in use by another emulator" in result.stderr


def test_an_unusable_data_directory_is_reported_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "state.sqlite").write_text("junk " * 1000)
    for data, words in (("file/below", "cannot store the state in"), (".", "is not the state of an emulator")):
        result = run_emulator("--data", str(tmp_path / data))
        assert result.returncode == 1
        assert words in result.stderr
        assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    "options", [["--port", "70000"], ["--create-seconds", "-1"], ["--quota", "-1"], ["--colour"], ["up"]]
)
def test_invalid_options_are_rejected(options: list[str]) -> None:
    result = run_emulator(*options)
    assert (result.returncode, result.stdout) == (2, "")


@pytest.mark.parametrize(
    ("arguments", "variables", "version"),
    [((), {}, "0.9"), (("--api", "0.8"), {}, "0.8"), ((), {"NEEV_EMULATOR_API": "0.8"}, "0.8")],
)
def test_the_api_version_is_set_by_an_option_or_a_variable(
    arguments: tuple[str, ...], variables: dict[str, str], version: str
) -> None:
    show = [*RUN, "settings"]
    result = run_emulator(*arguments, "--", *show, env={**os.environ, **variables})
    assert json.loads(result.stdout)["api"] == version


def test_the_version_option_prints_the_version_of_the_package() -> None:
    assert run_emulator("--version").stdout == f"{version('neev-emulator')}\n"
