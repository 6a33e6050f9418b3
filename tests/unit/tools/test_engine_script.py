"""tools/engine/engine.py: the order in which engines are found, and the errors of a build."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from tools.engine import engine

if TYPE_CHECKING:
    from pathlib import Path


def write_program(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def write_finished_engine(root: Path, stamp: str) -> Path:
    write_program(root / "bin" / "pulumi", "echo v3.259.0")
    (root / "bin" / ".stamp").write_text(stamp)
    return root / "bin"


def test_the_configured_engine_is_preferred_to_the_one_on_path(tmp_path: Path) -> None:
    named = write_program(tmp_path / "named" / "bin" / "pulumi", "echo v3.1.0")
    write_program(tmp_path / "path" / "pulumi", "echo v3.300.0")
    env = {"PULUMI_NEEV_ENGINE": str(tmp_path / "named"), "PATH": str(tmp_path / "path")}
    assert engine.find_engine(env, tmp_path / ".engine") == named.parent


def test_a_configured_directory_without_an_engine_is_an_error_with_the_variable(tmp_path: Path) -> None:
    with pytest.raises(engine.NoEngineError, match=r"PULUMI_NEEV_ENGINE=.* has no executable bin/pulumi"):
        engine.find_engine({"PULUMI_NEEV_ENGINE": str(tmp_path)}, tmp_path)


@pytest.mark.parametrize("version", ["v3.259.0", "3.272.0", "v3.300.1-alpha.2+dirty"])
def test_an_engine_on_path_is_preferred_to_a_built_one(tmp_path: Path, version: str) -> None:
    write_program(tmp_path / "path" / "pulumi", f"echo {version}")
    write_program(tmp_path / "path" / "pulumi-language-python", "")
    write_finished_engine(tmp_path / ".engine", engine.pins_digest())
    assert engine.find_engine({"PATH": str(tmp_path / "path")}, tmp_path / ".engine") == tmp_path / "path"


def test_a_symbolic_link_on_path_uses_the_language_hosts_of_its_target(tmp_path: Path) -> None:
    real = write_program(tmp_path / "opt" / "pulumi", "echo v3.260.0")
    write_program(tmp_path / "opt" / "pulumi-language-python", "")
    (tmp_path / "path").mkdir()
    (tmp_path / "path" / "pulumi").symlink_to(real)
    assert engine.find_on_path({"PATH": str(tmp_path / "path")}) == tmp_path / "path"


@pytest.mark.parametrize("version", ["v3.258.9", "v2.300.0", "v4.0.0", "broken"])
def test_an_unsupported_engine_version_on_path_is_skipped_with_a_warning(
    tmp_path: Path, version: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_program(tmp_path / "path" / "pulumi", f"echo {version}")
    write_program(tmp_path / "path" / "pulumi-language-python", "")
    built = write_finished_engine(tmp_path / ".engine", engine.pins_digest())
    assert engine.find_engine({"PATH": str(tmp_path / "path")}, tmp_path / ".engine") == built
    assert f"{tmp_path}/path/pulumi is version" in capsys.readouterr().err


def test_an_engine_on_path_without_language_hosts_is_skipped(tmp_path: Path) -> None:
    write_program(tmp_path / "path" / "pulumi", "echo v3.272.0")
    assert engine.find_on_path({"PATH": str(tmp_path / "path")}) is None


def test_an_incomplete_build_of_the_engine_is_not_used(tmp_path: Path) -> None:
    write_program(tmp_path / "bin" / "pulumi", "echo v3.259.0")
    assert engine.find_earlier(tmp_path) is None


def test_an_engine_that_was_built_from_other_versions_is_not_used(tmp_path: Path) -> None:
    write_finished_engine(tmp_path, "other pins")
    assert engine.find_earlier(tmp_path) is None


GO = """case $1 in
  env) echo go1.99.1 ;;
  list) if [ "$3" = -f ]; then case $4 in *Dir*) echo "$SDK" ;; *) echo v3.259.0 ;; esac; fi ;;
  build) while [ "$1" != -o ]; do shift; done; echo "$(basename "$2")" >> "$BUILT"; touch "$2"; chmod +x "$2" ;;
esac"""
"""A script in the place of `go` that records what it builds."""


def test_a_build_for_python_only_is_completed_by_a_full_build(tmp_path: Path) -> None:
    write_program(tmp_path / "path" / "go", GO)
    for script in engine.PYTHON_HELPERS:
        write_program(tmp_path / "sdk" / script, "")
    path = f"{tmp_path / 'path'}{os.pathsep}{os.environ['PATH']}"
    notes, root = tmp_path / "built", tmp_path / ".engine"
    root.mkdir()
    env = {"PATH": path, "SDK": str(tmp_path / "sdk"), "BUILT": str(notes)}
    directory = engine.build_engine(env, root, only="python")
    assert notes.read_text().split() == ["pulumi", "pulumi-language-python-host", "pulumi-language-python"]
    assert engine.find_earlier(root, only="python") == directory
    assert engine.find_earlier(root) is None
    # only the missing programs are built
    assert engine.build_engine(env, root) == directory
    assert sorted(notes.read_text().split()) == sorted(binary.name for binary in engine.BINARIES)
    assert engine.find_earlier(root) == engine.find_earlier(root, only="python") == directory


def test_a_build_for_python_only_from_other_versions_is_not_used(tmp_path: Path) -> None:
    write_finished_engine(tmp_path, "other pins python")
    assert engine.find_earlier(tmp_path, only="python") is None


def test_every_call_of_uv_uses_the_certificate_authorities_of_the_machine() -> None:
    makefile = (engine.ROOT.parent / "Makefile").read_text()
    assert {"export UV_SYSTEM_CERTS ?= true", "export UV_NATIVE_TLS ?= true"} <= set(makefile.splitlines())


def test_a_complete_build_replaces_the_directory_of_the_old_engine(tmp_path: Path) -> None:
    write_finished_engine(tmp_path, "other pins")
    (tmp_path / "bin" / "old").touch()
    partial = engine.new_directory(tmp_path)
    write_program(partial / "bin" / "pulumi", "echo v3.259.0")
    assert engine.move_into_place(partial, tmp_path, stamp=engine.pins_digest()) == engine.find_earlier(tmp_path)
    assert sorted(file.name for file in tmp_path.rglob("*")) == [".stamp", "bin", "pulumi"]


def test_the_directory_of_a_killed_build_is_deleted_by_the_next_build(tmp_path: Path) -> None:
    remaining = engine.new_directory(tmp_path)
    assert engine.new_directory(tmp_path).is_dir()
    assert not remaining.exists()


def test_the_check_of_a_silent_server_ends_after_its_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        start = time.monotonic()
        assert not engine.is_reachable(f"http://127.0.0.1:{silent.getsockname()[1]}/", seconds=0.2)
    assert time.monotonic() - start < 5


@pytest.mark.parametrize(
    ("go", "message"),
    [
        (None, "no Go to build one: install Go 1.26.6"),
        ("echo go1.26.5", "go1.26.5 cannot build one: install Go 1.26.6"),
        ("echo go: toolchain not available >&2; exit 1", "toolchain not available cannot build one"),
        (
            'test $1 = env && echo go1.99.1 || { echo "Get x: dial tcp: lookup x: no such host" >&2; exit 1; }',
            r"failed at modules of pulumi, .*the Go modules cannot be fetched \(network, or GOPROXY\)",
        ),
        (
            'test $1 = env && echo go1.99.1 || { echo "write a.o: no space left on device" >&2; exit 1; }',
            "the disk is full",
        ),
        (
            'test $1 = env && echo go1.99.1 || { echo "tls: x509: unknown authority" >&2; exit 1; }',
            "a certificate is not trusted: .* SSL_CERT_FILE",
        ),
    ],
)
def test_the_error_of_a_failed_build_names_its_cause(tmp_path: Path, go: str | None, message: str) -> None:
    if go:
        write_program(tmp_path / "path" / "go", go)
    with pytest.raises(engine.NoEngineError, match=message):
        engine.build_engine({"PATH": str(tmp_path / "path")}, tmp_path)
    assert engine.find_earlier(tmp_path) is None


def test_the_directory_is_the_last_line_on_stdout_and_an_error_has_no_traceback(tmp_path: Path) -> None:
    directory = write_finished_engine(tmp_path, "any").resolve()
    command = [sys.executable, engine.__file__]
    good = subprocess.run(
        command,
        env={**os.environ, "PULUMI_NEEV_ENGINE": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert good.stdout.splitlines()[-1] == str(directory)
    bad = subprocess.run(
        command,
        env={**os.environ, "PULUMI_NEEV_ENGINE": "/nowhere"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert bad.returncode == 1
    assert bad.stderr.startswith("no Pulumi engine: PULUMI_NEEV_ENGINE=/nowhere")
