"""Copy, size and deletion of directory trees with symlinks, pipes and deep paths."""

import os
from pathlib import Path

import pytest

from neev_emulator.runtime import file_tree


@pytest.fixture
def source(tmp_path: Path) -> Path:
    source = tmp_path / "source"
    (source / "a" / "b").mkdir(parents=True)
    (source / "a" / "run").write_bytes(b"#!/bin/sh\n")
    (source / "a" / "run").chmod(0o750)
    os.utime(source / "a" / "run", ns=(10**18, 10**18 + 5))
    (source / "a" / "link").symlink_to("../a/run")
    (source / "absolute").symlink_to("/nowhere/at/all")
    (source / "folder").symlink_to("a")
    (source / "a" / "b").chmod(0o500)
    os.utime(source / "a", ns=(10**18, 10**18))
    return source


def create_deep_tree(top: Path, *, levels: int) -> None:
    """Create directories deeper than the maximum length of a path."""
    here = os.open(top, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir("d" * 60, dir_fd=here)
        deeper = os.open("d" * 60, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(os.open("bottom", os.O_CREAT, dir_fd=here))
    os.close(here)


def test_copy_preserves_files_symlinks_modes_and_times(source: Path, tmp_path: Path) -> None:
    copy = tmp_path / "new" / "copy"
    file_tree.copy(source, copy)
    assert (copy / "a" / "run").read_bytes() == b"#!/bin/sh\n"
    assert (copy / "a" / "run").stat().st_mode & 0o7777 == 0o750
    assert (copy / "a" / "run").stat().st_mtime_ns == 10**18 + 5
    assert (copy / "a").stat().st_mtime_ns == 10**18
    assert (copy / "a" / "b").stat().st_mode & 0o7777 == 0o500
    assert os.readlink(copy / "a" / "link") == "../a/run"  # noqa: PTH115 - the text, not the path
    assert os.readlink(copy / "absolute") == "/nowhere/at/all"  # noqa: PTH115
    assert (copy / "folder").is_symlink()


def test_a_copy_does_not_change_with_its_source(source: Path, tmp_path: Path) -> None:
    file_tree.copy(source, tmp_path / "copy")
    (source / "a" / "run").write_bytes(b"changed")
    assert (tmp_path / "copy" / "a" / "run").read_bytes() == b"#!/bin/sh\n"


def test_copy_fails_if_the_destination_exists(source: Path, tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    with pytest.raises(FileExistsError):
        file_tree.copy(source, tmp_path / "copy")


def test_copy_omits_pipes(source: Path, tmp_path: Path) -> None:
    os.mkfifo(source / "pipe")
    file_tree.copy(source, tmp_path / "copy")
    assert not (tmp_path / "copy" / "pipe").exists()


def test_a_tree_deeper_than_the_maximum_path_length_is_copied_and_deleted(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    create_deep_tree(tmp_path / "deep", levels=120)
    (tmp_path / "trash").mkdir()
    file_tree.copy(tmp_path / "deep", tmp_path / "copy")
    assert file_tree.measure_size(tmp_path / "copy") == 0
    with file_tree.open_top(tmp_path) as parent:
        for name in ("deep", "copy"):
            file_tree.discard(name, parent, tmp_path / "trash")
    assert [entry.name for entry in tmp_path.iterdir()] == ["trash"]
    assert list((tmp_path / "trash").iterdir()) == []


def test_discard_does_not_follow_symlinks(source: Path, tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").touch()
    (source / "out").symlink_to(tmp_path / "precious")
    with file_tree.open_top(tmp_path) as parent:
        file_tree.discard("source", parent, tmp_path)
    assert not source.exists()
    assert (tmp_path / "precious" / "file").exists()


def test_measure_size_returns_the_sum_of_the_file_sizes(source: Path) -> None:
    (source / "a" / "more").write_bytes(b"x" * 1000)
    assert file_tree.measure_size(source) == 1000 + len(b"#!/bin/sh\n")


def test_the_size_of_a_missing_directory_is_zero(tmp_path: Path) -> None:
    assert file_tree.measure_size(tmp_path / "gone") == 0
