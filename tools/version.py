"""The version of everything that is published: `python -m tools.version` prints it, and with a new one writes that.

The place that decides is `project.version` of pyproject.toml. Every other mention in the tracked files has one of the
forms in `FORMS`: requirements, lock, installation commands, names of archives. Guards find those that differ, and those
in other forms.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
NUMBER: Final = r"\d+\.\d+\.\d+"
FORMS: Final = (
    r'name = "(?:pulumi-neev|neev-emulator)"\nversion = "',
    r"(?:pulumi-neev(?:-sdk)?(?:\[emulator\])?|neev-emulator)(?:==|>=|~=| )",
    r'@neevcloud/pulumi-neev(?:@|": "[\^~]?)',
    r"github\.com/neevcloud/pulumi-neev/sdk/go(?:@| )v",
    r"name: neev\nversion: ",
    r'\nVERSION: Final = "',
    r"resource neev v?",
    r"resource-neev-v",
    r"The plugin (?=\d[^ ]* is in )",
    r"terraform-provider-neev_v?",
    r"neevcloud/neev/",
)
"""What stands before the version."""
MENTION: Final = re.compile(f"({'|'.join(FORMS)})({NUMBER})")
OTHER_VERSIONS: Final = ("CHANGELOG.md", "tests/", "docs/internals/decisions/")
"""Files that speak of versions of the past, or of made-up ones."""
WRITTEN_BY_HAND: Final = (".md", ".py", ".toml", ".yaml", ".yml", ".json", ".txt")
"""Endings of the files where every literal of the version is a mention. Locks have it for other packages, too."""
BY_CHANCE: Final = ("tools/", "docs/internals/release.md", "examples/policy/PulumiPolicy.yaml")
"""Files with other versions that may be the same: made-up ones, and that of an example's own package."""


def main() -> None:
    """Print the version, or write the one that is given; exit with 1 if it is none."""
    if len(sys.argv) == 1:
        print(read_version())
    elif not re.fullmatch(NUMBER, new := sys.argv[1]):
        sys.exit(f"{new} is no version: give three numbers, such as 0.2.0")
    else:
        print(f"{new} is written in {', '.join(write_version(ROOT, new))}; name it in CHANGELOG.md")


def read_version(root: Path = ROOT) -> str:
    """Return the version."""
    stated: str = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    return stated


def find_mentions(root: Path) -> Iterator[tuple[str, str]]:
    """Yield the file, and the version, of every mention."""
    for name, text in _tracked_texts(root):
        for found in MENTION.finditer(text):
            yield name, found[2]


def find_unknown_mentions(root: Path) -> Iterator[str]:
    """Yield the file and line of every literal of the version that `write_version` would leave behind."""
    literal = re.compile(rf"(?<![\d.]){re.escape(read_version(root))}(?!\.?\d)")
    for name, text in _tracked_texts(root):
        if name.endswith(WRITTEN_BY_HAND) and not name.startswith(BY_CHANCE):
            known = {found.end() for found in MENTION.finditer(text)}
            for found in literal.finditer(text):
                if found.end() not in known:
                    yield f"{name}:{text.count(chr(10), 0, found.start()) + 1}"


def write_version(root: Path, new: str) -> list[str]:
    """Write the version in the place of every mention, and return the changed files."""
    changed = []
    for name, text in _tracked_texts(root):
        written = MENTION.sub(rf"\g<1>{new}", text)
        if written != text:
            (root / name).write_text(written, encoding="utf-8", errors="surrogateescape")
            changed.append(name)
    return changed


def _tracked_texts(root: Path) -> Iterator[tuple[str, str]]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if not name.startswith(OTHER_VERSIONS) and (root / name).is_file():
            yield name, (root / name).read_text(encoding="utf-8", errors="surrogateescape")


if __name__ == "__main__":
    main()
