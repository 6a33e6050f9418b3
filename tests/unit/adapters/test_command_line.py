"""The arguments of the plugin's process."""

import subprocess
import sysconfig
from importlib.metadata import version
from pathlib import Path

import pytest

from neev_provider.adapters.pulumi.plugin.command_line import engine_address

COMMAND = str(Path(sysconfig.get_path("scripts")) / "pulumi-resource-neev")


@pytest.mark.parametrize(
    ("arguments", "address"),
    [
        ([], None),
        (["127.0.0.1:4711"], "127.0.0.1:4711"),
        (["--logtostderr", "-v=9", "--tracing", "http://trace:1/api", "[::1]:4711"], "[::1]:4711"),
        (["--an-option-of-a-newer-engine", "127.0.0.1:4711"], "127.0.0.1:4711"),
        (["--logtostderr", "--logflow", "-v=9", "--tracing=x"], None),
    ],
)
def test_the_last_argument_is_the_address_of_the_engine(arguments: list[str], address: str | None) -> None:
    assert engine_address(arguments) == address


@pytest.mark.parametrize("argument", ["--bogus", "-x", "serve"])
def test_the_error_of_an_unknown_argument_names_it(argument: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        engine_address(["-v=1", argument])
    assert caught.value.code == 2
    message = capsys.readouterr().err
    assert message == f"pulumi-resource-neev: unknown argument {argument}: see pulumi-resource-neev --help\n"


@pytest.mark.parametrize(
    ("argument", "words"), [("--help", "Usage: pulumi-resource-neev"), ("-h", "Usage: "), ("--version", None)]
)
def test_help_and_version_need_no_engine(argument: str, words: str | None) -> None:
    ended = subprocess.run([COMMAND, argument], capture_output=True, text=True, check=False, timeout=60)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith(words) if words else ended.stdout == f"{version('pulumi-neev')}\n"


def test_help_and_version_exit_with_code_0(capsys: pytest.CaptureFixture[str]) -> None:
    for argument in ("--help", "--version"):
        with pytest.raises(SystemExit) as caught:
            engine_address([argument])
        assert caught.value.code == 0
    assert version("pulumi-neev") in capsys.readouterr().out
