"""`terraform-provider-neev install`: the files that it writes and keeps, and its output."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from tests.unit.adapters.terraform.test_process import PLAIN

from neev_provider.adapters.shared.launchers import HEADER, Installation
from neev_provider.adapters.terraform.local_mirror import LAUNCHER, find_plugins_directory, install, main

COMMAND = Path(sys.prefix) / "bin" / "terraform-provider-neev"
OTHER = "9.9.9"
LINUX = Installation("linux", Path("unused"))
VERSION = metadata.version("pulumi-neev")
NAME = f"terraform-provider-neev_v{VERSION}"
ERROR_NOT_OWN = "was not written by this command. It may come from the archive of a release"


def list_files(directory: Path) -> list[str]:
    return sorted(str(file.relative_to(directory)) for file in directory.rglob("*") if file.is_file())


def run_install(home: Path, *arguments: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "HOME": str(home), "PATH": f"{COMMAND.parent}:/usr/bin:/bin" if path is None else path}
    return subprocess.run([COMMAND, "install", *arguments], env=env, capture_output=True, text=True, check=False)


def write_launcher(directory: Path, version: str = VERSION) -> Path:
    launcher = directory / NAME
    launcher.write_text(LAUNCHER.format(version=version))
    return launcher


def test_install_writes_the_same_launcher_for_both_engines_and_every_architecture(tmp_path: Path) -> None:
    result = run_install(tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    plugins = tmp_path / ".terraform.d" / "plugins"
    assert list_files(plugins) == [
        f"{host}/neevcloud/neev/{VERSION}/{sys.platform}_{architecture}/{NAME}"
        for host in ("registry.opentofu.org", "registry.terraform.io")
        for architecture in ("amd64", "arm64")
    ]
    assert {(plugins / file).read_text() for file in list_files(plugins)} == {LAUNCHER.format(version=VERSION)}
    assert all(os.access(plugins / file, os.X_OK) for file in list_files(plugins))


def test_the_launcher_has_the_hash_that_lock_files_record() -> None:
    """If the hash of a version changes, a configuration with a lock file cannot start the provider."""
    digest = "7dcdeb1bd80a42e264ebe8cb907a77d95b4b4a7c0c12d107b43c10539c030fb1"
    assert hashlib.sha256(LAUNCHER.format(version="0.1.0").encode()).hexdigest() == digest


def test_the_output_of_install_has_the_next_steps(tmp_path: Path) -> None:
    output = run_install(tmp_path).stdout
    assert f"The provider {VERSION} is in {tmp_path}/.terraform.d/plugins" in output
    assert 'source  = "neevcloud/neev"\n        version = "' + VERSION in output
    assert "Commit .terraform.lock.hcl." in output
    assert "not on PATH" not in output
    assert output.endswith("incomplete.\n")
    assert "terraform-provider-neev is not on PATH: activate" in run_install(tmp_path, path="/usr/bin").stdout


def test_install_replaces_only_an_earlier_launcher(tmp_path: Path) -> None:
    install(tmp_path, VERSION, LINUX, force=False)
    files = [tmp_path / file for file in list_files(tmp_path)]
    files[0].write_text(HEADER + "exit 1\n")
    install(tmp_path, VERSION, LINUX, force=False)
    assert files[0].read_text() == LAUNCHER.format(version=VERSION)
    install(tmp_path, "0.0.1", LINUX, force=False)
    assert len(list_files(tmp_path)) == 2 * len(files)


@pytest.mark.parametrize("file", [NAME, "_internal/base_library.zip"])
def test_install_keeps_foreign_files_without_force(tmp_path: Path, file: str) -> None:
    package = tmp_path / f".terraform.d/plugins/registry.terraform.io/neevcloud/neev/{VERSION}/{sys.platform}_arm64"
    foreign = package / file
    foreign.parent.mkdir(parents=True)
    foreign.write_bytes(b"\x7fELF")
    result = run_install(tmp_path)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("terraform-provider-neev: ")
    assert ERROR_NOT_OWN in result.stderr
    assert list_files(tmp_path) == [str(foreign.relative_to(tmp_path))]
    assert run_install(tmp_path, "--force").returncode == 0
    assert list_files(package) == [NAME]


def test_install_copies_the_console_script_on_windows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "terraform-provider-neev.exe").write_bytes(b"MZ")
    windows = Installation("windows", tmp_path)
    environ = {"APPDATA": str(tmp_path / "roaming")}
    assert main([], environ, windows) == 0
    plugins = find_plugins_directory(environ, windows)
    assert plugins == tmp_path / "roaming" / "terraform.d" / "plugins"
    name = f"registry.opentofu.org/neevcloud/neev/{VERSION}/windows_amd64/{NAME}.exe"
    assert (plugins / name).read_bytes() == b"MZ"
    assert main([], environ, windows) == 0
    # the copy names the environment, so its hash differs
    assert "lock.hcl" not in capsys.readouterr().out


def test_install_from_a_release_archive_is_rejected(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The executable may not be on PATH and needs no launcher: the engines read the archive."""
    assert main([], {"HOME": str(tmp_path)}, Installation("linux", tmp_path, is_bundle=True)) == 1
    message = capsys.readouterr().err
    assert f"copy the .zip to {tmp_path}/.terraform.d/plugins/HOST/neevcloud/neev, where HOST is registry." in message
    assert list_files(tmp_path) == []


def test_install_rejects_an_empty_home_variable(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([], {"HOME": ""}, LINUX) == 1
    assert capsys.readouterr().err == "terraform-provider-neev: the variable HOME is empty: set it.\n"


def test_the_error_of_an_unwritable_directory_names_it(tmp_path: Path) -> None:
    (tmp_path / ".terraform.d").touch()
    result = run_install(tmp_path)
    assert result.returncode == 1
    assert result.stderr.startswith(f"terraform-provider-neev: cannot write to {tmp_path}/.terraform.d/plugins: ")


def test_the_launcher_prints_on_stdout_that_the_provider_is_not_on_path(tmp_path: Path) -> None:
    """An engine shows the first line of stdout if it is not a handshake."""
    launcher = write_launcher(tmp_path)
    result = subprocess.run(
        ["/bin/sh", launcher], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert result.stdout.startswith("terraform-provider-neev is not on PATH: ")
    assert "|" not in result.stdout


def test_the_launcher_starts_the_provider_on_path(tmp_path: Path) -> None:
    launcher = write_launcher(tmp_path)
    command = ["/bin/sh", str(launcher), "--version"]
    result = subprocess.run(command, env={"PATH": str(COMMAND.parent)}, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (0, f"{VERSION}\n")


def test_the_launcher_prints_on_stdout_that_the_version_differs_from_the_lock_file(tmp_path: Path) -> None:
    """All versions have the name `terraform-provider-neev` on PATH, and the lock file selects one."""
    command = ["/bin/sh", str(write_launcher(tmp_path, OTHER))]
    env = {**os.environ, "PATH": str(COMMAND.parent), **PLAIN}
    result = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stdout.startswith(
        f"the lock file selects {OTHER}, and the terraform-provider-neev on PATH is {VERSION}"
    )
    assert result.stdout.count("\n") == 1
    assert "|" not in result.stdout


def test_the_launcher_starts_a_provider_of_the_selected_version(tmp_path: Path) -> None:
    env = {"PATH": str(COMMAND.parent), **PLAIN}
    command = ["/bin/sh", str(write_launcher(tmp_path))]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("1|6|")
        process.terminate()
