"""tools/dist/release_notes.py: the section of a version in the changelog, which a release must have."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from tools.dist.release_notes import (
    ReleaseNotesError,
    read_changelog,
    read_notes,
    read_notes_of_tag,
    require_pages_of_a_release,
)
from tools.version import read_version

CHANGELOG = """\
# Changelog

Words.

## 0.3.0 (unreleased)

### Added

- A [thing](docs/a.md), see [there](https://example.com).

## 0.2.0 - 2027-01-31

- Another.

## 0.1.1 (soon)

- This is no heading of a version.

## 0.1.0 - 2026-12-01
"""


def test_the_notes_are_the_section_without_its_heading() -> None:
    assert read_notes(CHANGELOG, "0.3.0").startswith("### Added\n\n- A [thing](")
    assert read_notes_of_tag(CHANGELOG, "v0.2.0", "0.2.0") == "- Another.\n"


def test_links_in_the_notes_point_to_the_tag_of_the_release() -> None:
    links = (
        "A [thing](https://github.com/neevcloud/pulumi-neev/blob/v0.3.0/docs/a.md), see [there](https://example.com)"
    )
    assert links in read_notes(CHANGELOG, "0.3.0")


@pytest.mark.parametrize("number", ["0.4.0", "0.1.1", "0.2"])
def test_a_version_without_a_section_is_an_error(number: str) -> None:
    with pytest.raises(ReleaseNotesError, match="no section"):
        read_notes(CHANGELOG, number)


def test_an_empty_section_is_an_error() -> None:
    with pytest.raises(ReleaseNotesError, match=r"0\.1\.0 is empty"):
        read_notes(CHANGELOG, "0.1.0")


@pytest.mark.parametrize(
    ("tag", "current", "error"),
    [
        ("v0.3.0", "0.3.0", "write the day of the release"),
        ("v0.2.0", "0.3.0", "not v0.3.0"),
        ("0.2.0", "0.2.0", "not v0.2.0"),
        ("v0.4.0", "0.4.0", "no section"),
    ],
)
def test_a_tag_requires_the_current_version_and_a_release_date(tag: str, current: str, error: str) -> None:
    with pytest.raises(ReleaseNotesError, match=error):
        read_notes_of_tag(CHANGELOG, tag, current)


def test_the_current_version_has_notes() -> None:
    assert read_notes(read_changelog(), read_version())


def test_a_release_fails_if_a_page_describes_the_time_before_the_first_release(tmp_path: Path) -> None:
    """Internal pages and untracked files are not checked."""
    text = "Now and then.\nUntil the first\nrelease, install from a checkout.\n"
    for name in ("README.md", "docs/start.md", "docs/internals/release.md", "docs/other.md", "notes.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "docs" / "other.md").write_text("Until the next release, nothing changes.\n")
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "README.md", "docs"], cwd=tmp_path, check=True)
    with pytest.raises(ReleaseNotesError, match=r"from README\.md, docs/start\.md$"):
        require_pages_of_a_release(tmp_path)
    for name in ("README.md", "docs/start.md"):
        (tmp_path / name).write_text("Install it.\n")
    require_pages_of_a_release(tmp_path)
