"""The file operations and their effect on the disk."""

import os
import socket
import stat
from pathlib import Path

import pytest

from neev_emulator.runtime.errors import RuntimeApiError
from neev_emulator.runtime.filesystem import WorkspaceFiles, _format_time
from neev_emulator.runtime.path_confinement import Workspace


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "workspace").mkdir()
    return tmp_path / "workspace"


@pytest.fixture
def files(root: Path) -> WorkspaceFiles:
    return WorkspaceFiles(Workspace(root), trash=root.parent)


def get_reason(caught: pytest.ExceptionInfo[RuntimeApiError]) -> str:
    return caught.value.reason_code


def test_a_write_replaces_the_content_and_keeps_the_mode(files: WorkspaceFiles, root: Path) -> None:
    (root / "script").write_bytes(b"a longer text than the next")
    (root / "script").chmod(0o755)
    assert files.write("script", b"short") == 5
    assert (root / "script").read_bytes() == b"short"
    assert stat.S_IMODE((root / "script").stat().st_mode) == 0o755


def test_a_write_replaces_the_file_atomically(files: WorkspaceFiles, root: Path) -> None:
    files.write("page", b"before")
    with (root / "page").open("rb") as reading:
        files.write("page", b"after, and longer")
        assert reading.read() == b"before"
    assert (root / "page").read_bytes() == b"after, and longer"
    assert [path.name for path in root.parent.iterdir()] == ["workspace"]


def test_a_failed_write_leaves_no_temporary_file(files: WorkspaceFiles, root: Path) -> None:
    with pytest.raises(RuntimeApiError):
        files.write("a" * 300, b"x")
    (root / "folder").mkdir()
    with pytest.raises(RuntimeApiError):
        files.write("folder", b"x")
    assert [path.name for path in root.parent.iterdir()] == ["workspace"]


def test_an_upload_replaces_the_file_and_keeps_its_mode(files: WorkspaceFiles, root: Path, tmp_path: Path) -> None:
    (root / "script").touch(mode=0o755)
    (tmp_path / "staged").write_bytes(b"new")
    files.install_upload("script", tmp_path / "staged")
    assert ((root / "script").read_bytes(), (root / "script").stat().st_mode & 0o777) == (b"new", 0o755)


def test_only_regular_files_can_be_read_and_written(files: WorkspaceFiles, root: Path) -> None:
    os.mkfifo(root / "pipe")
    (root / "folder").mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(root / "socket"))
    for path in ("pipe", "folder", "socket", "."):
        for attempt in (lambda path=path: files.open_reader(path), lambda path=path: files.write(path, b"x")):
            with pytest.raises(RuntimeApiError) as caught:
                attempt()
            assert get_reason(caught) == "failed_precondition"


def test_entries_are_sorted_by_name_and_symlinks_are_not_followed(files: WorkspaceFiles, root: Path) -> None:
    (root / "b" / "c").mkdir(parents=True)
    (root / "a").write_bytes(b"1")
    (root / "b" / "link").symlink_to("..")
    assert [entry["path"] for entry in files.list_entries(".", recursive=True)] == ["a", "b", "b/c", "b/link"]
    assert [entry["path"] for entry in files.list_entries("b")] == ["b/c", "b/link"]
    assert [entry["path"] for entry in files.list_entries(".", recursive=True, max_count=3)] == ["a", "b", "b/c"]


def test_listing_a_file_is_rejected(files: WorkspaceFiles, root: Path) -> None:
    (root / "a").touch()
    with pytest.raises(RuntimeApiError) as caught:
        files.list_entries("a")
    assert get_reason(caught) == "failed_precondition"


def test_a_file_name_that_is_not_utf_8_is_listed_with_replacement_characters(files: WorkspaceFiles, root: Path) -> None:
    odd = os.fsencode(root) + b"/\xff"
    os.close(os.open(odd, os.O_CREAT))
    assert [entry["path"] for entry in files.list_entries(".")] == ["\ufffd"]


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.5, "1970-01-01T00:00:00.500000Z"),
        (2.0**60, "9998-12-31T00:00:00Z"),
        (-(2.0**60), "0001-12-31T00:00:00Z"),
    ],
)
def test_times_are_formatted_as_rfc_3339_within_its_range(seconds: float, shown: str) -> None:
    assert _format_time(seconds) == shown


def test_stat_of_the_workspace_returns_a_directory_entry(files: WorkspaceFiles) -> None:
    entry = files.stat("/workspace")
    assert (entry["name"], entry["path"], entry["type"]) == (".", ".", "directory")


def test_permissions_are_formatted_like_ls(files: WorkspaceFiles, root: Path) -> None:
    (root / "a").touch()
    (root / "a").chmod(0o4750)
    entry = files.stat("a")
    assert (entry["mode"], entry["permissions"]) == (0o4750, "rwsr-x---")


def test_mkdir_succeeds_if_the_directory_exists(files: WorkspaceFiles, root: Path) -> None:
    files.mkdir("a/b/c")
    assert files.mkdir("a/b/c")["type"] == "directory"
    (root / "file").touch()
    for path in ("file", "file/below"):
        with pytest.raises(RuntimeApiError) as caught:
            files.mkdir(path)
        assert get_reason(caught) == "failed_precondition"


def test_a_path_below_a_file_does_not_exist(files: WorkspaceFiles, root: Path) -> None:
    (root / "file").touch()
    (root / "dangling").symlink_to("none")
    assert not files.exists("file/below")
    assert not files.exists("none/below")
    assert files.exists("dangling")


def test_a_move_replaces_a_file_but_not_a_directory_with_entries(files: WorkspaceFiles, root: Path) -> None:
    (root / "new").write_bytes(b"new")
    (root / "old").write_bytes(b"old")
    assert files.move("new", "old")["path"] == "old"
    assert (root / "old").read_bytes() == b"new"
    (root / "full" / "x").mkdir(parents=True)
    (root / "other").mkdir()
    with pytest.raises(RuntimeApiError) as caught:
        files.move("other", "full")
    assert get_reason(caught) == "failed_precondition"
    with pytest.raises(RuntimeApiError) as caught:
        files.move("full", "full/x/y")
    assert get_reason(caught) == "invalid_argument"


def test_the_workspace_itself_cannot_be_removed_or_moved(files: WorkspaceFiles, root: Path) -> None:
    for attempt in (
        lambda: files.remove(".", recursive=True),
        lambda: files.remove("/workspace", recursive=True),
        lambda: files.move(".", "elsewhere"),
    ):
        with pytest.raises(RuntimeApiError) as caught:
            attempt()
        assert get_reason(caught) == "invalid_argument"
    assert root.is_dir()


def test_a_directory_with_entries_is_removed_only_if_recursive(files: WorkspaceFiles, root: Path) -> None:
    (root / "a" / "b").mkdir(parents=True)
    (root / "a" / "b" / "file").touch()
    with pytest.raises(RuntimeApiError) as caught:
        files.remove("a")
    assert get_reason(caught) == "failed_precondition"
    files.remove("a", recursive=True)
    assert list(root.iterdir()) == []
    assert list(root.parent.iterdir()) == [root]


def test_require_writable_rejects_an_invalid_path(files: WorkspaceFiles, root: Path) -> None:
    (root / "folder").mkdir()
    files.require_writable("new/file")
    with pytest.raises(RuntimeApiError):
        files.require_writable("folder")
    with pytest.raises(RuntimeApiError):
        files.require_writable("../out")
