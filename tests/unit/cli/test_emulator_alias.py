"""The command `pulumi-neev emulator`, which runs `neev-emulator` if it is installed."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version

RUN = [sys.executable, "-c", "from neev_provider.cli import main; main()"]
MISSING = "import importlib.metadata as m, neev_provider.cli.app as app; app.entry_points = lambda **_: (); app.main()"


def run(*arguments: str, command: list[str] = RUN, **variables: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, **variables}
    return subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=60, check=False, env=env)


def test_the_emulator_command_forwards_all_arguments() -> None:
    ended = run(
        "emulator",
        "--",
        sys.executable,
        "-c",
        "import os, sys; print(sys.argv[1:], os.environ['NEEV_BASE_URL'])",
        "--x",
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("['--x'] http://127.0.0.1:")


def test_the_help_of_the_emulator_command_shows_its_full_name() -> None:
    assert "pulumi-neev emulator" in run("emulator", "--help").stdout


def test_shell_completion_includes_the_commands_of_the_emulator() -> None:
    for words, completions in [
        ("pulumi-neev emu", {"emulator"}),
        ("pulumi-neev doctor --st", {"--stack"}),
        ("pulumi-neev doctor --engine ", {"terraform", "tofu"}),
        ("pulumi-neev sweep --phase Paus", {"Paused", "Pausing"}),
        ("pulumi-neev emulator st", {"start", "stop", "status", "state"}),
    ]:
        ended = run(COMP_WORDS=words, COMP_CWORD=str(words.count(" ")), _PULUMI_NEEV_COMPLETE="complete_bash")
        assert set(ended.stdout.split()) == completions, ended.stderr


def test_the_error_for_a_missing_emulator_has_the_install_command() -> None:
    ended = run("emulator", command=[sys.executable, "-c", MISSING])
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "pip install 'pulumi-neev[emulator]'" in ended.stderr


def test_help_shows_the_commands_without_loading_the_emulator() -> None:
    assert "emulator" in run("--help").stdout
    code = "import sys, neev_provider.cli; print(sorted({'starlette', 'uvicorn', 'pydantic'} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert loaded == "[]\n"


def test_the_version_is_that_of_the_package() -> None:
    assert run("--version").stdout == f"{version('pulumi-neev')}\n"
