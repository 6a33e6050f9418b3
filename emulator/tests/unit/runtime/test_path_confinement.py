"""Path confinement: no path or symlink leads outside the workspace."""

import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.runtime_harness import count_open_descriptors
from neev_emulator.runtime import file_tree
from neev_emulator.runtime.errors import RuntimeApiError
from neev_emulator.runtime.filesystem import WorkspaceFiles
from neev_emulator.runtime.path_confinement import Workspace, open_directory

SECRET = b"outside"


def get_status(attempt: Callable[[], object]) -> int:
    try:
        attempt()
    except RuntimeApiError as failure:
        return failure.status
    return 200


@contextmanager
def create_linked_workspace() -> Iterator[Path]:
    """Create a workspace with many symlinks, most of them to the outside, beside a secret file."""
    with tempfile.TemporaryDirectory() as name:
        top = Path(name).resolve()
        (top / "secret").write_bytes(SECRET)
        root = top / "workspace"
        (root / "a" / "b").mkdir(parents=True)
        (root / "a" / "file").write_bytes(b"inside")
        links = {"out": "../..", "abs": str(top), "up": "..", "loop": "loop", "in": "a/b", "real": str(root / "a")}
        links |= {"mounted": "/workspace/a", "escape": "/workspace/../secret", "secret": "../secret", "gone": "a/none"}
        for link, target in links.items():
            (root / link).symlink_to(target)
        (root / "a" / "out").symlink_to("../../secret")
        (root / "a" / "b" / "back").symlink_to(root / "a")
        yield root


@pytest.fixture
def root() -> Iterator[Path]:
    with create_linked_workspace() as root:
        yield root


@pytest.fixture
def files(root: Path) -> WorkspaceFiles:
    return WorkspaceFiles(Workspace(root), trash=root.parent)


PARTS = st.sampled_from(
    ["..", ".", "", "a", "b", "file", "out", "abs", "up", "loop", "in", "real", "mounted", "escape", "secret", "gone"]
)
PATHS = st.one_of(
    st.text(max_size=20),
    st.lists(PARTS, min_size=1, max_size=8).map("/".join),
    st.lists(PARTS, min_size=1, max_size=8).map(lambda parts: "/workspace/" + "/".join(parts)),
)


@settings(max_examples=200, deadline=None)
@given(path=PATHS, other=PATHS, cwd=st.one_of(st.none(), PATHS))
def test_no_path_reads_or_changes_a_file_outside_the_workspace(path: str, other: str, cwd: str | None) -> None:
    with create_linked_workspace() as root:
        files = WorkspaceFiles(Workspace(root), trash=root.parent)

        def read() -> None:
            with files.open_reader(path, cwd=cwd) as file:
                assert file.read() != SECRET

        def list_entries() -> None:
            assert "workspace" not in {entry["name"] for entry in files.list_entries(path, cwd=cwd)}

        attempts = (
            read,
            list_entries,
            lambda: files.stat(path, cwd=cwd),
            lambda: files.exists(path, cwd=cwd),
            lambda: files.write(path, b"mine", cwd=cwd),
            lambda: files.mkdir(path, cwd=cwd),
            lambda: files.move(path, other, cwd=cwd),
            lambda: files.remove(other, cwd=cwd, recursive=True),
        )
        for attempt in attempts:
            assert get_status(attempt) < 500
        assert sorted(entry.name for entry in root.parent.iterdir()) == ["secret", "workspace"]
        assert (root.parent / "secret").read_bytes() == SECRET


@pytest.mark.parametrize(
    ("path", "display_path"),
    [
        ("a/file", "a/file"),
        ("/workspace/a//./file", "a/file"),
        ("in/../file", "a/file"),  # ".." begins at the link's target, as in the kernel
        ("real/file", "a/file"),
        ("mounted/file", "a/file"),
        ("a/b/back/file", "a/file"),
        ("a/b/../../a/file", "a/file"),
        ("gone", "a/none"),
        ("/workspace", "."),
        (".", "."),
    ],
)
def test_a_path_within_the_workspace_is_resolved(root: Path, path: str, display_path: str) -> None:
    with Workspace(root).resolve(path) as confined_path:
        assert confined_path.display_path == display_path


def test_the_real_path_of_the_workspace_is_accepted(root: Path) -> None:
    with Workspace(root).resolve(f"{root}/a/file") as path:
        assert path.display_path == "a/file"


def test_a_path_is_resolved_relative_to_cwd(root: Path) -> None:
    with Workspace(root).resolve("../file", "a/b") as path:
        assert path.display_path == "a/file"


@pytest.mark.parametrize(
    "path",
    [
        "..",
        "../secret",
        "a/../../secret",
        "none/../../secret",
        "/",
        "/etc",
        "/workspace/..",
        "/workspacesecret",
        "out",
        "out/secret",
        "abs/secret",
        "up/secret",
        "escape",
        "secret",
        "a/out",
        "in/../../../secret",
    ],
)
def test_a_path_that_leads_outside_the_workspace_is_denied(files: WorkspaceFiles, path: str) -> None:
    with pytest.raises(RuntimeApiError) as caught:
        files.open_reader(path)
    assert (caught.value.status, caught.value.reason_code) == (403, "permission_denied")


@pytest.mark.parametrize("path", ["", "a\0b", "x" * 256, "y/" * 2049, "\ud800", "loop", "loop/x"])
def test_an_unusable_path_is_an_invalid_argument(files: WorkspaceFiles, path: str) -> None:
    with pytest.raises(RuntimeApiError) as caught:
        files.open_reader(path)
    assert caught.value.reason_code == "invalid_argument"


def test_stat_move_and_remove_do_not_follow_a_symlink(files: WorkspaceFiles, root: Path) -> None:
    assert files.stat("secret")["symlink_target"] == "../secret"
    files.move("secret", "renamed")
    files.remove("renamed")
    assert not os.path.lexists(root / "renamed")


def test_opening_a_directory_never_follows_a_symlink(root: Path) -> None:
    """Assert it for every step: a directory may be replaced by a symlink after its check."""
    with file_tree.open_top(root) as directory:
        for names in (("in",), ("a", "out"), ("up", "workspace")):
            with pytest.raises(OSError, match=r"Not a directory|Too many levels"):
                open_directory(directory, names)


def test_a_directory_replaced_by_a_symlink_during_a_read_is_not_followed(files: WorkspaceFiles, root: Path) -> None:
    outside = root.parent / "elsewhere"
    outside.mkdir()
    (outside / "file").write_bytes(SECRET)
    (root / "flip").symlink_to(outside)
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            os.rename(root / "a", root / "kept")  # noqa: PTH104 - as fast as can be
            os.rename(root / "flip", root / "a")  # noqa: PTH104
            os.rename(root / "a", root / "flip")  # noqa: PTH104
            os.rename(root / "kept", root / "a")  # noqa: PTH104

    swapping = threading.Thread(target=swap)
    swapping.start()
    outcomes: set[bytes | str] = set()
    deadline = time.monotonic() + 10
    while not outcomes >= {b"inside", "permission_denied"} and time.monotonic() < deadline:
        try:
            with files.open_reader("a/file") as file:
                outcomes.add(file.read())
        except RuntimeApiError as failure:
            outcomes.add(failure.reason_code)
    stop.set()
    swapping.join()
    assert outcomes >= {b"inside", "permission_denied"}
    assert SECRET not in outcomes


def test_path_resolution_leaves_no_file_descriptor_open(files: WorkspaceFiles) -> None:
    before = count_open_descriptors()
    for path in ("a/b/../file", "in", "none/x", "../x", "mounted/file"):
        with suppress(RuntimeApiError):
            files.exists(path)
    assert count_open_descriptors() == before
