"""The shared libraries in a bundle that belong neither to Python nor to a package of it, such as OpenSSL."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

DOCUMENTS: Final = Path("/usr/share/doc")
"""Where Debian and Ubuntu have the copyright file of each package."""

Query = Callable[..., str]
"""A function that asks dpkg with the arguments and returns the answer."""


class UnknownLibraryError(Exception):
    """Shared libraries whose origin is not known, so that they cannot be passed on."""


@dataclass(frozen=True)
class Library:
    """A library: a package of the system with its files in the bundle, or one file where no package is known."""

    name: str
    files: tuple[str, ...]
    version: str | None = None
    copyright: Path | None = None

    @property
    def license_name(self) -> str | None:
        """Return the name of the licence, if the copyright file is machine-readable and names a single one."""
        if self.copyright is None:
            return None
        text = self.copyright.read_text(encoding="utf-8")
        names = set(re.findall(r"^License:[ \t]*(.*)$", text, re.MULTILINE))
        return names.pop() if len(names) == 1 else None


def query_dpkg(*arguments: str) -> str:
    """Return what dpkg knows, nothing of what it does not know."""
    return subprocess.run(["dpkg-query", *arguments], capture_output=True, text=True, check=False).stdout


def describe_files(files: Iterable[Path], system: str = sys.platform) -> list[Library]:
    """Return the libraries with these files: the system's packages on Linux, elsewhere the files of Python's installer.

    Raises:
        UnknownLibraryError: no package of the system has the file, or the package has no copyright file.
    """
    if system == "linux":
        return find_packages(files)
    return [Library(file.name, (file.name,)) for file in sorted(files)]


def find_packages(files: Iterable[Path], query: Query = query_dpkg, documents: Path = DOCUMENTS) -> list[Library]:
    """Return the packages of Debian or Ubuntu with these files, by their names.

    Raises:
        UnknownLibraryError: no package has the file, or the package has no copyright file.
    """
    owned = defaultdict[str, list[str]](list)
    for file in sorted(files):
        owned[_find_owner(file.resolve(), query)].append(file.name)
    if unknown := owned.pop("", None):
        raise UnknownLibraryError(f"no package of the system has {', '.join(unknown)}")
    found = []
    for owner, names in sorted(owned.items()):
        name, version = query("--show", "--showformat=${Package} ${Version}", owner).split()
        found.append(Library(name, tuple(names), version, documents / name / "copyright"))
    if missing := [str(package.copyright) for package in found if package.copyright and not package.copyright.exists()]:
        raise UnknownLibraryError(f"missing: {', '.join(missing)}")
    return found


def _find_owner(file: Path, query: Query) -> str:
    """Return the package that has the file, or nothing."""
    # packages name the folder by which they install the file, and /lib is a link to /usr/lib
    for path in (str(file), str(file).removeprefix("/usr")):
        if answer := query("--search", path):
            return answer.partition(": ")[0]
    return ""
