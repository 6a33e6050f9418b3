"""Make a release on GitHub with `gh`: `github --repository OWNER/NAME --tag TAG --notes FILE [--publish] FILE…`.

It is a draft until `--publish`. A second run continues where the first one stopped. A public release never changes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


def main() -> None:
    """Make the release that the arguments describe, or print why not and exit with 1."""
    parser = argparse.ArgumentParser(prog="python -m tools.release.github", description=__doc__)
    parser.add_argument("--repository", required=True)
    parser.add_argument("--tag", required=True)
    parser.add_argument("--notes", type=Path, required=True)
    parser.add_argument("--publish", action="store_true", help="make it public when all files are there")
    parser.add_argument("files", nargs="*", type=Path)
    given = parser.parse_args()
    release = Release(given.repository, given.tag)
    release.make(given.notes, given.files)
    if given.publish:
        release.publish()


@dataclass(frozen=True)
class Release:
    """A release of a repository, found by its tag."""

    repository: str
    tag: str

    def make(self, notes: Path, files: Sequence[Path]) -> None:
        """Make the release a draft with these files; do nothing if it is public and has them."""
        drafts = {item["tagName"]: item["isDraft"] for item in self._list()}
        if drafts.get(self.tag) is False:
            if missing := {file.name for file in files} - self._list_files():
                sys.exit(f"{self.tag} is public and lacks {', '.join(sorted(missing))}: release a new version")
            return
        if self.tag not in drafts:
            text = [f"--title={self.tag}", f"--notes-file={notes}"]
            self._run("create", self.tag, "--draft", "--verify-tag", *text)
        if files:
            self._run("upload", self.tag, "--clobber", *map(str, files))

    def publish(self) -> None:
        """Make the release public."""
        self._run("edit", self.tag, "--draft=false")

    def _list(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self._run("list", "--limit=1000", "--json=tagName,isDraft"))
        return found

    def _list_files(self) -> set[str]:
        return {asset["name"] for asset in json.loads(self._run("view", self.tag, "--json=assets"))["assets"]}

    def _run(self, *arguments: str) -> str:
        command = ["gh", "release", *arguments, f"--repo={self.repository}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")
        return done.stdout


if __name__ == "__main__":
    main()
