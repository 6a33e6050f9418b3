"""tools/engine/terraform.py finds OpenTofu and Terraform, and builds OpenTofu if it has to."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.unit.tools.test_engine_script import write_program
from tools.engine import engine, terraform

REPOSITORY = engine.ROOT.parent


def write_engines(folder: Path, **versions: str) -> str:
    """Write executables that report these versions, and return the PATH on which they are."""
    for name, version in versions.items():
        write_program(folder / name, f"echo '{name} v{version}'; echo 'on linux_amd64'")
    return str(folder)


def write_built(root: Path, stamp: str) -> Path:
    built = write_program(root / "opentofu" / "tofu", "echo OpenTofu v1.12.6")
    built.with_name(".stamp").write_text(stamp)
    return built


def test_the_configured_executable_is_preferred_to_the_one_on_path(tmp_path: Path) -> None:
    named = write_program(tmp_path / "named", "echo v0.1")
    env = {"PULUMI_NEEV_TOFU": str(named), "PATH": write_engines(tmp_path / "path", tofu="1.12.0")}
    assert terraform.find_tofu(env, tmp_path / ".engine") == named


@pytest.mark.parametrize("named", [".", "missing"])
def test_a_configured_path_without_an_executable_is_an_error_with_the_variable(tmp_path: Path, named: str) -> None:
    with pytest.raises(engine.NoEngineError, match=r"PULUMI_NEEV_TOFU=.* is no executable"):
        terraform.find_tofu({"PULUMI_NEEV_TOFU": str(tmp_path / named)}, tmp_path)


@pytest.mark.parametrize("version", ["1.11.0", "1.12.6", "1.20.1-beta2"])
def test_opentofu_on_path_is_preferred_to_a_built_one(tmp_path: Path, version: str) -> None:
    write_built(tmp_path / ".engine", terraform.pins_digest())
    env = {"PATH": write_engines(tmp_path / "path", tofu=version)}
    assert terraform.find_tofu(env, tmp_path / ".engine") == tmp_path / "path" / "tofu"


@pytest.mark.parametrize("version", ["1.10.9", "2.0.0", "broken"])
def test_an_unsupported_opentofu_version_on_path_is_skipped_with_a_warning(
    tmp_path: Path, version: str, capsys: pytest.CaptureFixture[str]
) -> None:
    built = write_built(tmp_path / ".engine", terraform.pins_digest())
    env = {"PATH": write_engines(tmp_path / "path", tofu=version)}
    assert terraform.find_tofu(env, tmp_path / ".engine") == built
    assert f"{tmp_path}/path/tofu is version" in capsys.readouterr().err


def test_opentofu_that_was_built_from_other_versions_is_not_used(tmp_path: Path) -> None:
    write_built(tmp_path, "other pins")
    assert terraform.find_earlier(tmp_path) is None


def test_terraform_is_used_only_from_path_and_in_a_supported_version(tmp_path: Path) -> None:
    built = write_built(tmp_path / ".engine", terraform.pins_digest())
    for version, expected in (("1.11.4", [built, tmp_path / "path" / "terraform"]), ("1.10.0", [built])):
        env = {"PATH": write_engines(tmp_path / "path", terraform=version)}
        assert terraform.find_all(env, tmp_path / ".engine") == expected
    assert terraform.find_all({"PATH": ""}, tmp_path / ".engine") == [built]


def test_find_any_prefers_opentofu_and_does_not_build_it(tmp_path: Path) -> None:
    env = {"PATH": write_engines(tmp_path / "path", terraform="1.11.4")}
    assert terraform.find_any(env, tmp_path / ".engine") == [tmp_path / "path" / "terraform"]
    built = write_built(tmp_path / ".engine", terraform.pins_digest())
    assert terraform.find_any(env, tmp_path / ".engine") == [built]


GO = """case $1 in
  env) echo go1.99.1 ;;
  build) while [ "$1" != -o ]; do shift; done; touch "$2"; chmod +x "$2"; echo "$PWD $*" >> "$BUILT" ;;
esac"""
"""A script in the place of `go` that records what it builds, and where."""


def test_opentofu_is_built_once_and_kept_if_the_pulumi_engine_is_replaced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root, notes = tmp_path / ".engine", tmp_path / "built"
    write_program(root / "bin" / "pulumi", "echo v3.259.0")
    (root / "bin" / ".stamp").write_text(engine.pins_digest())
    path = os.pathsep.join((write_engines(tmp_path / "path"), "/usr/bin", "/bin"))
    write_program(tmp_path / "path" / "go", GO)
    env = {"PATH": path, "BUILT": str(notes)}
    built = terraform.find_tofu(env, root)
    assert built == root / "opentofu" / "tofu"
    assert os.access(built, os.X_OK)
    assert terraform.find_tofu(env, root) == built
    assert notes.read_text().count("\n") == 1
    assert notes.read_text().startswith(str(engine.OPENTOFU))
    assert "building OpenTofu 1.12.6 from Go modules" in capsys.readouterr().err
    assert engine.find_earlier(root) == root / "bin"
    # OpenTofu is not built again if the engine is replaced
    partial = engine.new_directory(root)
    write_program(partial / "bin" / "pulumi", "echo v3.259.0")
    engine.move_into_place(partial, root, stamp=engine.pins_digest())
    assert terraform.find_earlier(root) == built


@pytest.mark.parametrize(
    ("go", "message"),
    [
        (None, "no Go to build one: install Go 1.26.6 or newer, or OpenTofu 1.11 or newer, or set PULUMI_NEEV_TOFU"),
        ("echo go1.26.5", "go1.26.5 cannot build one: install Go 1.26.6"),
        (
            'test $1 = env && echo go1.99.1 || { echo "Get x: dial tcp: lookup x: no such host" >&2; exit 1; }',
            r"failed at modules of tofu: the Go modules cannot be fetched \(network, or GOPROXY\)",
        ),
    ],
)
def test_the_error_of_a_failed_build_names_its_cause(tmp_path: Path, go: str | None, message: str) -> None:
    if go:
        write_program(tmp_path / "path" / "go", go)
    with pytest.raises(engine.NoEngineError, match=message):
        terraform.find_tofu({"PATH": str(tmp_path / "path")}, tmp_path)
    assert terraform.find_earlier(tmp_path) is None


def test_each_executable_is_a_line_on_stdout_and_an_error_has_no_traceback(tmp_path: Path) -> None:
    path = write_engines(tmp_path / "path", tofu="1.12.6", terraform="1.11.4")
    write_program(tmp_path / "named", "")

    def run(*options: str, **env: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "tools.engine.terraform", *options]
        env = {"PATH": f"{path}{os.pathsep}/usr/bin{os.pathsep}/bin", **env}
        return subprocess.run(command, cwd=REPOSITORY, env=env, capture_output=True, text=True, check=False)

    assert run().stdout.splitlines() == [f"{path}/tofu", f"{path}/terraform"]
    assert run("--any").stdout.splitlines() == [f"{path}/tofu"]
    bad = run(PULUMI_NEEV_TOFU="/nowhere")
    assert (bad.returncode, bad.stderr) == (1, "no OpenTofu: PULUMI_NEEV_TOFU=/nowhere is no executable\n")
