"""The output, completion and help of all executables."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from neev_provider.adapters.shared.launchers import Installation

SCRIPTS = Installation.find().scripts
EXECUTABLES = ("pulumi-neev", "pulumi-resource-neev", "terraform-provider-neev", "neev-emulator")
COLOURFUL = {"FORCE_COLOR": "1", "GITHUB_ACTIONS": "true", "PY_COLORS": "1", "CLICOLOR_FORCE": "1"}
"""Variables that make other programs write colours to a pipe."""
OUTPUTS = [
    *([name, argument] for name in EXECUTABLES for argument in ("--help", "--unknown")),
    ["pulumi-neev", "doctor", "--help"],
    ["pulumi-neev", "doctor", "--json", "--cwd", "/"],
    ["pulumi-neev", "sweep", "--older-than", "x"],
    ["pulumi-neev", "unknown"],
    ["pulumi-neev", "emulator", "--help"],
    ["terraform-provider-neev", "install", "--help"],
    ["neev-emulator", "--host", "0.0.0.0"],
    ["neev-emulator", "faults", "--unknown"],
]


def run(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    program = SCRIPTS / command[0]
    env = {**os.environ, **variables}
    return subprocess.run([program, *command[1:]], env=env, capture_output=True, text=True, check=False)


def run_in_terminal(*command: str, **variables: str) -> str:
    """Return what the command writes to a terminal."""
    terminal, side_of_program = pytest.importorskip("pty").openpty()
    env = {**os.environ, "TERM": "xterm-256color", **variables}
    with subprocess.Popen(
        [SCRIPTS / command[0], *command[1:]],
        env=env,
        stdin=side_of_program,
        stdout=side_of_program,
        stderr=side_of_program,
    ):
        os.close(side_of_program)
        return _read_to_end(terminal)


def _read_to_end(terminal: int) -> str:
    written = b""
    with open(terminal, "rb", buffering=0) as stream:
        try:
            while part := stream.read(4096):
                written += part
        except OSError:  # Linux raises it when the other side is closed
            pass
    return written.decode()


@pytest.mark.parametrize("command", OUTPUTS, ids=" ".join)
def test_output_to_a_pipe_has_no_escape_sequences(command: list[str]) -> None:
    result = run(*command, **COLOURFUL)
    assert result.stdout + result.stderr
    assert "\x1b" not in result.stdout + result.stderr


@pytest.mark.parametrize("command", OUTPUTS[::4], ids=" ".join)
def test_output_to_a_terminal_has_no_escape_sequences_with_no_color(command: list[str]) -> None:
    output = run_in_terminal(*command, NO_COLOR="1")
    assert output
    assert "\x1b" not in output


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
@pytest.mark.parametrize("name", ["pulumi-neev", "neev-emulator"])
def test_show_completion_prints_the_script_of_each_shell(name: str, shell: str) -> None:
    shown = run(name, "--show-completion", shell, _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1").stdout
    assert f"_{name.replace('-', '_').upper()}_COMPLETE" in shown


@pytest.mark.parametrize("name", ["pulumi-neev", "neev-emulator"])
def test_install_completion_reports_a_write_error_in_one_line(name: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.touch()
    refused = run(
        name, "--install-completion", "bash", HOME=str(home), _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1"
    )
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith(f"{name}: cannot write {home}")
    assert refused.stderr.count("\n") == 1


@pytest.mark.parametrize("command", [["pulumi-neev"], ["pulumi-neev", "doctor"], ["neev-emulator"]], ids=" ".join)
def test_the_help_has_a_short_option(command: list[str]) -> None:
    assert run(*command, "-h").stdout == run(*command, "--help").stdout != ""
