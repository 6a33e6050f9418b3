"""The notes of a release: the section of CHANGELOG.md for its version.

`python -m tools.dist.release_notes v0.2.0` prints those of a tag. It fails unless the tag is that of the version in
pyproject.toml, its section has a date (`## 0.2.0 - 2027-01-31`; until then it is `## 0.2.0 (unreleased)`), and no page
says what to do before there is a release.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from tools.dist.layout import DIST, ROOT
from tools.version import read_version

HEADING: Final = re.compile(r"^## (?P<version>\S+)(?: - (?P<date>\d{4}-\d\d-\d\d)| \(unreleased\))$", re.MULTILINE)
LINK_TO_FILE: Final = re.compile(r"\]\((?!https?:|#)")
UNRELEASED: Final = re.compile(r"until\s+the\s+first\s+release", re.IGNORECASE)
INTERNALS: Final = "docs/internals/"
"""Pages that are not for users, and may speak of such texts."""
FILES: Final = "https://github.com/neevcloud/pulumi-neev/blob"


class ReleaseNotesError(Exception):
    """A changelog without the notes of the version, or pages that are not ready for a release."""


def build() -> None:
    """Write the notes of the current version."""
    DIST.mkdir(exist_ok=True)
    (DIST / "release-notes.md").write_text(read_notes(read_changelog(), read_version()), encoding="utf-8")


def main() -> None:
    """Print the notes of the tag that is given, or what is missing and exit with 1."""
    try:
        notes = read_notes_of_tag(read_changelog(), sys.argv[1], read_version())
        require_pages_of_a_release(ROOT)
        print(notes, end="")
    except ReleaseNotesError as error:
        sys.exit(str(error))


def read_changelog() -> str:
    """Return the text of the changelog."""
    return (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def read_notes_of_tag(changelog: str, tag: str, current: str) -> str:
    """Return the notes of a release with this tag, of the current version.

    Raises:
        ReleaseNotesError: the tag is of another version, or its section is missing, empty or without a date.
    """
    if tag != f"v{current}":
        raise ReleaseNotesError(
            f"the tag {tag} is not v{current}, the version in pyproject.toml: run `make version NEW=…`"
        )
    notes = read_notes(changelog, current)
    if not _find_heading(changelog, current)["date"]:
        raise ReleaseNotesError(f"CHANGELOG.md: write the day of the release, `## {current} - YYYY-MM-DD`")
    return notes


def require_pages_of_a_release(root: Path) -> None:
    """Check that no tracked page says what to do "until the first release".

    Raises:
        ReleaseNotesError: some do; it names them.
    """
    command = ["git", "ls-files", "-z", "*.md"]
    listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    pages = [name for name in listed.split("\0") if name and not name.startswith(INTERNALS)]
    if found := [name for name in pages if UNRELEASED.search((root / name).read_text(encoding="utf-8"))]:
        raise ReleaseNotesError(f"remove what begins with “Until the first release” from {', '.join(found)}")


def read_notes(changelog: str, number: str) -> str:
    """Return the section of the version, without its heading; its links lead to the files of the release.

    Raises:
        ReleaseNotesError: there is none, or it is empty.
    """
    start = _find_heading(changelog, number).end()
    following = re.compile(r"^## ", re.MULTILINE).search(changelog, start)
    if notes := changelog[start : following.start() if following else None].strip():
        return LINK_TO_FILE.sub(f"]({FILES}/v{number}/", f"{notes}\n")
    raise ReleaseNotesError(f"CHANGELOG.md: the section of {number} is empty")


def _find_heading(changelog: str, number: str) -> re.Match[str]:
    for heading in HEADING.finditer(changelog):
        if heading["version"] == number:
            return heading
    raise ReleaseNotesError(f"CHANGELOG.md has no section `## {number} - YYYY-MM-DD` or `## {number} (unreleased)`")


if __name__ == "__main__":
    main()
