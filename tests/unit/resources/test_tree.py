"""Trees of files as programs give them: folders, archives, and what is refused of them."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import zipfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from pulumi_neev.core.assets import Archive, Asset, Blob
from pulumi_neev.core.errors import InputError
from pulumi_neev.resources import tree
from pulumi_neev.resources.tree import Tree

A, B = hashlib.sha256(b"a").hexdigest(), hashlib.sha256(b"b").hexdigest()


def leaves(source: Blob | Path, *exclude: str) -> dict[str, str]:
    """The sums by path; every content can be read while the tree is open."""
    with ExitStack() as kept:
        found = Tree(source, "source", exclude).leaves(kept)
        for leaf in found.values():
            with leaf.open() as content:
                assert hashlib.sha256(content.read()).hexdigest() == leaf.sum.removesuffix("+x")
        return {path: leaf.sum for path, leaf in found.items()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two files, one of them below a folder and executable."""
    place = tmp_path / "folder"
    (place / "deep").mkdir(parents=True)
    (place / "x").write_bytes(b"a")
    (place / "deep" / "run").write_bytes(b"b")
    (place / "deep" / "run").chmod(0o755)
    return place


def zipped(place: Path, folder: Path) -> Path:
    with zipfile.ZipFile(place / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for each in sorted(folder.rglob("*")):
            archive.write(each, each.relative_to(folder))
    return place / "a.zip"


def tarred(place: Path, folder: Path) -> Path:
    with tarfile.open(place / "a.tar.gz", "w:gz") as archive:
        archive.add(folder, ".")
    return place / "a.tar.gz"


@pytest.mark.parametrize("pack", [lambda _, folder: folder, zipped, tarred], ids=["folder", "zip", "tar"])
def test_a_folder_and_its_archives_hold_the_same(
    tmp_path: Path, folder: Path, pack: Callable[[Path, Path], Path]
) -> None:
    packed = pack(tmp_path, folder)
    expected = {"deep/run": f"{B}+x", "x": A}
    assert leaves(packed) == leaves(Archive(path=str(packed))) == expected


def test_assets_and_archives_are_put_together_by_their_paths(tmp_path: Path, folder: Path) -> None:
    inner = Archive(assets={"text": Asset(text="a"), "file": Asset(path=str(folder / "deep" / "run"))})
    packed = Archive(path=str(tarred(tmp_path, folder)))
    assert leaves(Archive(assets={"in/here": inner, "packed": packed})) == {
        "in/here/file": f"{B}+x",
        "in/here/text": A,
        "packed/deep/run": f"{B}+x",
        "packed/x": A,
    }


@pytest.mark.parametrize("patterns", [["deep"], ["d*p"], ["run"], ["deep/run"], ["d*/*"]])
def test_what_is_excluded_is_left_out_with_all_below_it(tmp_path: Path, folder: Path, patterns: list[str]) -> None:
    assert leaves(folder, *patterns) == {"x": A}
    assert leaves(tarred(tmp_path, folder), *patterns) == {"x": A}
    assert leaves(Archive(assets={"x": Asset(text="a"), "deep/run": Asset(text="b")}), "run") == {"x": A}


def test_links_and_devices_are_refused_unless_they_are_excluded(tmp_path: Path, folder: Path) -> None:
    (folder / "link").symlink_to("x")
    with pytest.raises(InputError, match="link is a symbolic link"):
        leaves(folder)
    with pytest.raises(InputError, match=r"link is a link or a device"):
        leaves(tarred(tmp_path, folder))
    assert set(leaves(tarred(tmp_path, folder), "link")) == set(leaves(folder, "link")) == {"x", "deep/run"}
    os.mkfifo(folder / "pipe")
    with pytest.raises(InputError, match="pipe is neither a file nor a folder"):
        leaves(folder, "link")


def test_a_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(InputError, match="link is a link"):
        leaves(tmp_path / "a.zip")


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x"])
def test_a_path_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), "x")
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        member = tarfile.TarInfo(name)
        member.size = 1
        tar.addfile(member, io.BytesIO(b"x"))
    for source in (tmp_path / "a.zip", tmp_path / "a.tar", Archive(assets={name: Asset(text="x")})):
        with pytest.raises(InputError, match="leads out of where it is unpacked"):
            leaves(source)
    assert not (tmp_path.parent / "x").exists()


def test_what_cannot_be_read_says_why(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "none.txt").write_text("no archive")
    packed = tarred(tmp_path, folder)
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
            leaves(source)


def test_a_folder_that_cannot_be_listed_says_why() -> None:
    """It went between two looks."""
    with pytest.raises(InputError, match="gone cannot be read: No such file"):
        list(Tree(Path("x"), "source")._below(Path("/gone"), ""))


def test_a_name_that_is_not_utf8_is_refused(folder: Path) -> None:
    (folder / os.fsdecode(b"\xff")).write_bytes(b"")
    with pytest.raises(InputError, match="has a name that is not UTF-8"):
        leaves(folder)


def test_a_tree_has_its_bounds() -> None:
    many = {str(number): Asset(text="") for number in range(tree.MOST + 1)}
    with pytest.raises(InputError, match="more than 10000 files"):
        leaves(Archive(assets=many))
