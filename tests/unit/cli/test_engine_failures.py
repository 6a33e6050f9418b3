"""The errors for an engine that does not start or that fails."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from neev_provider.cli.pulumi_cli import PulumiCli
from neev_provider.cli.terraform_cli import TerraformCli
from neev_provider.core.errors import NeevError

COMMANDS: dict[str, Callable[[Path], object]] = {
    "pulumi": lambda directory: PulumiCli(directory).read_version(),
    "terraform": lambda directory: TerraformCli(directory, "terraform").read_version(),
}


@pytest.fixture
def bin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a directory that is first on PATH."""
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return tmp_path


def fail(bin: Path, name: str, program: bytes) -> NeevError:
    (bin / name).write_bytes(program)
    (bin / name).chmod(0o755)
    with pytest.raises(NeevError) as caught:
        COMMANDS[name](bin)
    return caught.value


@pytest.mark.parametrize(("name", "remedy"), [("pulumi", "Install Pulumi for"), ("terraform", "Install Terraform or")])
def test_an_executable_for_another_architecture_is_an_error(bin: Path, name: str, remedy: str) -> None:
    error = fail(bin, name, b"\x7fELF of another machine")
    assert str(error).startswith(f"{bin}/{name} cannot be started (Exec format error). {remedy}")


@pytest.mark.parametrize(("name", "command"), [("pulumi", "version"), ("terraform", "version -json")])
def test_a_failure_without_a_message_is_reported_with_its_exit_code(bin: Path, name: str, command: str) -> None:
    error = fail(bin, name, b"#!/bin/sh\nexit 3\n")
    assert str(error).startswith(f"`{name} {command}`")
    assert str(error).endswith(" failed with exit code 3 and no message.")


@pytest.mark.parametrize(
    ("message", "remedy"),
    [
        ("error: no stack named 'x' found", "`pulumi stack ls` lists them."),
        ("error: installing [resource plugin neev-0.1.0] from x: creating plugin root: x", "Make PULUMI_HOME (or"),
        ("error: something else", ""),
    ],
)
def test_a_failure_of_pulumi_has_a_remedy(bin: Path, message: str, remedy: str) -> None:
    error = fail(bin, "pulumi", f'#!/bin/sh\necho "{message}" >&2\nexit 1\n'.encode())
    assert error.message.endswith(message)
    assert error.hint.startswith(remedy) if remedy else not error.hint
