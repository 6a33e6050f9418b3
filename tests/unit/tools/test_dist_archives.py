"""tools/dist/archives.py: the bytes of an archive depend on the content of its files alone."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tools.dist.archives import Entry, list_folder, write_checksums, write_tar, write_zip

TIMESTAMP = 1_700_000_000
Write = Callable[[Path, Iterable[Entry], int], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a program and its libraries."""
    folder = tmp_path / "bundle"
    (folder / "_internal" / "b").mkdir(parents=True)
    for name in ("program", "_internal/lib.so", "_internal/b/data.txt"):
        (folder / name).write_text(f"The content of {name}.")
    return folder


def list_entries(folder: Path) -> list[Entry]:
    return list_folder(folder, executable="program")


@pytest.mark.parametrize("write", [write_tar, write_zip])
def test_the_same_content_gives_the_same_bytes(tmp_path: Path, folder: Path, write: Write) -> None:
    write(tmp_path / "first", list_entries(folder), TIMESTAMP)
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    for file in copy.rglob("*"):
        file.chmod(0o700)
        os.utime(file, (1, 1))
    write(tmp_path / "folder" / "second", reversed(list_entries(copy)), TIMESTAMP)
    assert (tmp_path / "first").read_bytes() == (tmp_path / "folder" / "second").read_bytes()


def test_a_tar_file_has_sorted_files_with_fixed_modes_owners_and_times(tmp_path: Path, folder: Path) -> None:
    write_tar(tmp_path / "plugin.tar.gz", list_entries(folder), TIMESTAMP)
    with tarfile.open(tmp_path / "plugin.tar.gz", "r:gz") as archive:
        items = archive.getmembers()
        content = archive.extractfile("program")
        assert content is not None
        assert content.read() == b"The content of program."
    assert [(item.name, item.mode) for item in items] == [
        ("_internal/b/data.txt", 0o644),
        ("_internal/lib.so", 0o644),
        ("program", 0o755),
    ]
    assert {(item.uid, item.gid, item.uname, item.gname, item.mtime) for item in items} == {(0, 0, "", "", TIMESTAMP)}


def test_a_zip_file_has_sorted_files_with_fixed_modes_and_times(tmp_path: Path, folder: Path) -> None:
    write_zip(tmp_path / "provider.zip", list_entries(folder), TIMESTAMP)
    with zipfile.ZipFile(tmp_path / "provider.zip") as archive:
        items = archive.infolist()
        assert archive.read("program") == b"The content of program."
    assert [(item.filename, item.external_attr >> 16, item.create_system) for item in items] == [
        ("_internal/b/data.txt", 0o644, 3),
        ("_internal/lib.so", 0o644, 3),
        ("program", 0o755, 3),
    ]
    built = datetime.fromtimestamp(TIMESTAMP, UTC)
    assert {item.date_time for item in items} == {
        (built.year, built.month, built.day, built.hour, built.minute, built.second)
    }


def test_the_checksums_are_accepted_by_sha256sum(tmp_path: Path, folder: Path) -> None:
    write_checksums(tmp_path / "SHA256SUMS", [folder / "program", folder / "_internal" / "lib.so"])
    digest = hashlib.sha256(b"The content of program.").hexdigest()
    assert (tmp_path / "SHA256SUMS").read_text().splitlines()[1] == f"{digest}  bundle/program"
    if command := shutil.which("sha256sum"):
        subprocess.run([command, "--check", "--quiet", "SHA256SUMS"], cwd=tmp_path, check=True)
