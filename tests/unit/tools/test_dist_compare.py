"""tools/dist/compare.py: which published files, and which files in archives, differ between two builds."""

from __future__ import annotations

from pathlib import Path

from tools.dist.archives import Entry, write_tar, write_zip
from tools.dist.compare import digest_files, find_differences

TAR = "pulumi/plugin.tar.gz"
ZIP = "terraform/provider.zip"


def write_build(dist: Path, *, library: str, timestamp: int = 1_700_000_000) -> Path:
    """Write two archives with a program and a library."""
    dist.mkdir()
    for name, content in (("program", "the program"), ("library", library)):
        (dist / name).write_text(content)
    entries = [Entry("program", dist / "program"), Entry("library", dist / "library")]
    write_tar(dist / TAR, entries, timestamp)
    write_zip(dist / ZIP, entries, timestamp)
    return dist


def test_identical_builds_have_no_differences(tmp_path: Path) -> None:
    first, second = (digest_files(write_build(tmp_path / name, library="1")) for name in ("first", "second"))
    assert {TAR, f"{TAR}: program", ZIP, f"{ZIP}: library"} <= set(first)
    assert find_differences(first, second) == []


def test_a_difference_names_the_archive_and_the_file_in_it(tmp_path: Path) -> None:
    first, second = (digest_files(write_build(tmp_path / library, library=library)) for library in ("1", "2"))
    assert find_differences(first, second) == ["library", TAR, f"{TAR}: library", ZIP, f"{ZIP}: library"]


def test_archives_with_identical_files_and_other_timestamps_differ(tmp_path: Path) -> None:
    first = digest_files(write_build(tmp_path / "first", library="1"))
    second = digest_files(write_build(tmp_path / "second", library="1", timestamp=1_800_000_000))
    assert find_differences(first, second) == [TAR, ZIP]


def test_a_file_of_only_one_build_is_a_difference() -> None:
    assert find_differences({"a": "1"}, {"a": "1", "b": "2"}) == ["b"]
