"""Source trees: folders, archives, symbolic links, exclude patterns and limits."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import os
import struct
import tarfile
import zipfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from neev_provider.core.assets import Archive, Asset, AssetOrArchive
from neev_provider.core.errors import InputError
from neev_provider.resources.file import source_tree
from neev_provider.resources.file.source_tree import SourceTree

A, B = hashlib.sha256(b"a").hexdigest(), hashlib.sha256(b"b").hexdigest()


def read_digests(source: AssetOrArchive | Path, *exclude: str) -> dict[str, str]:
    """Read every file while the tree is open, and return the digests by path."""
    with ExitStack() as kept:
        found = SourceTree(source, "source", exclude).files(kept)
        for leaf in found.values():
            with leaf.open() as content:
                read = content.read()
                assert leaf.digest in (
                    f"-> {read.decode()}",
                    *(hashlib.sha256(read).hexdigest() + x for x in ("", "+x")),
                )
        assert SourceTree(source, "source", exclude).find_unmatched_patterns() == []
        return {path: leaf.digest for path, leaf in found.items()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Create a folder with a file, and an executable file in a subfolder."""
    place = tmp_path / "folder"
    (place / "deep").mkdir(parents=True)
    (place / "x").write_bytes(b"a")
    (place / "deep" / "run").write_bytes(b"b")
    (place / "deep" / "run").chmod(0o755)
    return place


def write_zip(path: Path, folder: Path) -> Path:
    with zipfile.ZipFile(path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, file.relative_to(folder))
    return path / "a.zip"


def write_tar(path: Path, folder: Path) -> Path:
    with tarfile.open(path / "a.tar.gz", "w:gz") as archive:
        archive.add(folder, ".")
    return path / "a.tar.gz"


@pytest.mark.parametrize("pack", [lambda _, folder: folder, write_zip, write_tar], ids=["folder", "zip", "tar"])
def test_a_folder_and_its_archives_have_the_same_digests(
    tmp_path: Path, folder: Path, pack: Callable[[Path, Path], Path]
) -> None:
    packed = pack(tmp_path, folder)
    expected = {"deep/run": f"{B}+x", "x": A}
    assert read_digests(packed) == read_digests(Archive(path=str(packed))) == expected


def test_nested_assets_and_archives_are_merged_by_their_paths(tmp_path: Path, folder: Path) -> None:
    inner = Archive(assets={"text": Asset(text="a"), "file": Asset(path=str(folder / "deep" / "run"))})
    packed = Archive(path=str(write_tar(tmp_path, folder)))
    assert read_digests(Archive(assets={"in/here": inner, "packed": packed})) == {
        "in/here/file": f"{B}+x",
        "in/here/text": A,
        "packed/deep/run": f"{B}+x",
        "packed/x": A,
    }


@pytest.mark.parametrize("patterns", [["deep"], ["d*p"], ["run"], ["deep/run"], ["d*/*"]])
def test_excluded_paths_are_omitted_with_their_content(tmp_path: Path, folder: Path, patterns: list[str]) -> None:
    assert read_digests(folder, *patterns) == {"x": A}
    assert read_digests(write_tar(tmp_path, folder), *patterns) == {"x": A}
    assert read_digests(Archive(assets={"x": Asset(text="a"), "deep/run": Asset(text="b")}), "run") == {"x": A}


def write_zip_with_link(path: Path, target: str | bytes) -> Path:
    link = zipfile.ZipInfo("deep/link")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path / "link.zip", "w") as archive:
        archive.writestr(link, target)
    return path / "link.zip"


def test_a_symbolic_link_within_the_folder_is_preserved(tmp_path: Path, folder: Path) -> None:
    (folder / "deep" / "up").symlink_to("../x")
    (folder / "to-folder").symlink_to("deep")
    (folder / "to-nothing").symlink_to("gone+x")
    expected = {"deep/run": f"{B}+x", "deep/up": "-> ../x", "to-folder": "-> deep", "to-nothing": "-> gone+x", "x": A}
    assert read_digests(folder) == read_digests(write_tar(tmp_path, folder)) == expected
    assert read_digests(write_zip_with_link(tmp_path, "../x")) == {"deep/link": "-> ../x"}


@pytest.mark.parametrize("target", ["/etc/passwd", "../../x", "..", "../deep/../../x", "x/.."])
def test_a_symbolic_link_out_of_the_folder_is_rejected_unless_it_is_excluded(
    tmp_path: Path, folder: Path, target: str
) -> None:
    link = "deep/link" if target != ".." else "link"
    (folder / link).symlink_to(target)
    for source in (folder, write_tar(tmp_path, folder)):
        with pytest.raises(InputError, match="link is a symbolic link that leads out of the folder"):
            SourceTree(source, "source").find_unmatched_patterns()
    assert (
        set(read_digests(folder, "link")) == set(read_digests(write_tar(tmp_path, folder), "link")) == {"x", "deep/run"}
    )


def test_an_invalid_symbolic_link_in_a_zip_is_rejected(tmp_path: Path) -> None:
    for target in ("/etc/passwd", "", "a\0b"):
        with pytest.raises(InputError, match="deep/link is a symbolic link that leads out"):
            read_digests(write_zip_with_link(tmp_path, target))
    with pytest.raises(InputError, match="deep/link is a hard link or a device"):
        read_digests(write_zip_with_link(tmp_path, "x" * 5000))
    with pytest.raises(InputError, match="not UTF-8"):
        read_digests(write_zip_with_link(tmp_path, b"\xff"))


def test_hard_links_pipes_and_devices_are_rejected(tmp_path: Path, folder: Path) -> None:
    with tarfile.open(tmp_path / "hard.tar", "w") as archive:
        archive.add(folder / "x", "x")
        member = tarfile.TarInfo("hard")
        member.type, member.linkname = tarfile.LNKTYPE, "x"
        archive.addfile(member)
    with pytest.raises(InputError, match="hard is a hard link or a device"):
        read_digests(tmp_path / "hard.tar")
    os.mkfifo(folder / "pipe")
    with pytest.raises(InputError, match="pipe is neither a file nor a folder"):
        read_digests(folder)
    for source in (folder / "pipe", Path("/dev/zero"), Archive(path=str(folder / "pipe"))):
        with pytest.raises(InputError, match="is not a regular file"):
            SourceTree(source, "source").find_unmatched_patterns()
    with pytest.raises(InputError, match="is not a regular file"):
        read_digests(Archive(assets={"x": Asset(path=str(folder / "pipe"))}))


def test_a_path_below_a_file_is_rejected() -> None:
    with pytest.raises(InputError, match="a/b is below a, which is not a folder"):
        read_digests(Archive(assets={"a": Asset(text=""), "a/b": Asset(text="")}))


def test_the_size_limit_applies_to_the_sizes_in_the_headers_of_an_archive(tmp_path: Path) -> None:
    """Nothing has to be unpacked for it."""
    header = tarfile.TarInfo("x")
    header.size = source_tree.MAX_UNPACKED_BYTES + 1
    (tmp_path / "large.tar").write_bytes(header.tobuf() + bytes(1024))
    with zipfile.ZipFile(tmp_path / "large.zip", "w") as archive:
        archive.writestr("x", b"a")
        archive.writestr("y", bytes(8))
    packed = (tmp_path / "large.zip").read_bytes()
    (tmp_path / "large.zip").write_bytes(packed.replace(struct.pack("<LL", 1, 1), struct.pack("<LL", 1, 0xFFFFFFFE)))
    for kind in ("tar", "zip"):
        source = SourceTree(tmp_path / f"large.{kind}", "source")
        with ExitStack() as kept, pytest.raises(InputError, match="is larger than 4 GiB when unpacked"):
            source.files(kept)
        with pytest.raises(InputError, match="is larger than 4 GiB when unpacked"):
            source.find_unmatched_patterns()


def test_an_archive_with_too_many_entries_of_any_type_is_rejected(tmp_path: Path) -> None:
    folder = tarfile.TarInfo("x")
    folder.type = tarfile.DIRTYPE
    (tmp_path / "many.tar").write_bytes(folder.tobuf() * (source_tree.MAX_ARCHIVE_ENTRIES + 1) + bytes(1024))
    with pytest.raises(InputError, match="contains more than 50000 entries"):
        SourceTree(tmp_path / "many.tar", "source").find_unmatched_patterns()


def test_an_archive_with_an_excessive_header_size_is_rejected(tmp_path: Path) -> None:
    """An extended header would be read as a whole."""
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.XHDTYPE, 1 << 30
    with gzip.open(tmp_path / "a.tar.gz", "wb") as packed:
        packed.write(header.tobuf())
    with pytest.raises(InputError, match="an entry has a header that is too large"):
        read_digests(tmp_path / "a.tar.gz")


@pytest.mark.parametrize("opens", [bz2.open, lzma.open])
def test_tar_archives_with_bzip2_and_xz_compression_are_read(
    tmp_path: Path, folder: Path, opens: Callable[..., Any]
) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        archive.add(folder, ".")
    with opens(tmp_path / "packed", "wb") as packed:
        packed.write((tmp_path / "a.tar").read_bytes())
    assert read_digests(tmp_path / "packed") == {"deep/run": f"{B}+x", "x": A}


def test_a_truncated_archive_is_an_error(tmp_path: Path) -> None:
    header = tarfile.TarInfo("x")
    header.size = 4096
    (tmp_path / "a.tar").write_bytes(header.tobuf() + b"abc")
    with pytest.raises(InputError, match="cannot be read: unexpected end of data"):
        read_digests(tmp_path / "a.tar")


def test_exclude_patterns_have_the_syntax_of_gitignore(tmp_path: Path) -> None:
    paths = (".env", "a.pyc", "src/a.py", "src/.env", "src/build/x", ".git/config", "build/b", "keep/log", "keep/all")
    for path in paths:
        (tmp_path / "app" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "app" / path).write_text("")
    patterns = (".git/", "./.env", "**/*.pyc", "/build", "keep/*", "!keep/log")
    expected = {"src/a.py", "src/.env", "src/build/x", "keep/log"}
    assert set(read_digests(tmp_path / "app", *patterns)) == set(
        read_digests(write_tar(tmp_path, tmp_path / "app"), *patterns)
    )
    assert set(read_digests(tmp_path / "app", *patterns)) == expected
    assert SourceTree(tmp_path / "app", "source", ["a.py/", "*.py", ".env", "/a.py"]).find_unmatched_patterns() == [
        "a.py/",
        "/a.py",
    ]


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x"])
def test_a_path_outside_the_folder_is_rejected(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), "x")
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        member = tarfile.TarInfo(name)
        member.size = 1
        tar.addfile(member, io.BytesIO(b"x"))
    for source in (tmp_path / "a.zip", tmp_path / "a.tar", Archive(assets={name: Asset(text="x")})):
        with pytest.raises(InputError, match="is outside the folder it is unpacked into"):
            read_digests(source)
    assert not (tmp_path.parent / "x").exists()


def test_the_error_for_an_unreadable_source_has_the_reason(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "none.txt").write_text("no archive")
    packed = write_tar(tmp_path, folder)
    packed.write_bytes(packed.read_bytes()[:40])
    for source, reason in (
        (tmp_path / "missing", "No such file"),
        (tmp_path / "none.txt", r"neither a folder nor a \.zip"),
        (packed, "cannot be read"),
        (Archive(), "neither a path nor assets"),
        (Archive(assets={"x": Asset()}), "neither a path nor a text"),
        (Archive(assets={"x": Asset(path=str(tmp_path / "missing"))}), "No such file"),
    ):
        with pytest.raises(InputError, match=reason):
            read_digests(source)


def test_the_error_for_an_unreadable_folder_has_the_reason() -> None:
    """It was deleted while the tree was read."""
    with pytest.raises(InputError, match="gone cannot be read: No such file"):
        list(SourceTree(Path("x"), "source")._iterate_folder(Path("/gone"), ""))


def test_a_name_that_is_not_utf8_is_rejected(folder: Path) -> None:
    (folder / os.fsdecode(b"\xff")).write_bytes(b"")
    with pytest.raises(InputError, match="has a name that is not UTF-8"):
        read_digests(folder)


def test_a_tree_with_too_many_files_is_rejected() -> None:
    many = {str(number): Asset(text="") for number in range(source_tree.MAX_FILES + 1)}
    with pytest.raises(InputError, match="more than 10000 files"):
        read_digests(Archive(assets=many))


def test_a_pipe_in_a_folder_is_rejected_without_reading_it(folder: Path) -> None:
    os.mkfifo(folder / "deep" / "pipe")
    with ExitStack() as kept, pytest.raises(InputError, match=r"source: .*deep/pipe"):
        SourceTree(folder, "source").files(kept)
