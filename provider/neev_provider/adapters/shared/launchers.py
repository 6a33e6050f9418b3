"""Executables that start the provider of this installation, for the directories in which the engines look for one."""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Final, Self

from neev_provider.adapters.shared.distribution import DISTRIBUTION
from neev_provider.core.errors import NeevError

HEADER: Final = "#!/bin/sh\n# Installed by the package of NeevAI's provider.\n"
"""The beginning of every launcher, by which a later command knows that it may replace it."""


class ForeignExecutable(NeevError):
    """In the place of a launcher is something that no command of this package wrote."""

    default_hint = (
        "It may come from the archive of a release, which needs no Python. Add --force to put this installation in "
        "its place."
    )


@dataclass(frozen=True, slots=True)
class Installation:
    """The operating system, and where this package has its console scripts."""

    system: str
    """The name as the engines write it: `linux`, `darwin` or `windows`."""
    scripts: Path
    is_bundle: bool = False
    """Whether the code is in the executable of an archive, which needs no launcher."""

    @classmethod
    def find(cls) -> Self:
        """Return the installation that runs this code."""
        # a console script has the name of the package
        found = [str(file.locate()) for file in metadata.files(DISTRIBUTION) or () if file.stem == DISTRIBUTION]
        # a bundle has no record of files, and is an executable itself
        script = os.path.abspath(found[0]) if found else sys.executable  # noqa: PTH100  keeps the links of the path
        return cls(platform.system().lower(), Path(script).parent, is_bundle=hasattr(sys, "frozen"))

    @property
    def is_windows(self) -> bool:
        """Return whether executables have a suffix, and cannot be scripts."""
        return self.system == "windows"

    def name_executable(self, name: str) -> str:
        """Return the file name of an executable."""
        return f"{name}.exe" if self.is_windows else name

    def build_executable(self, console_script: str, launcher: str) -> bytes:
        """Return the content of an executable: the launcher, or on Windows a copy of the console script."""
        if self.is_windows:
            return (self.scripts / self.name_executable(console_script)).read_bytes()
        return launcher.encode()


def require_replaceable(directory: Path, name: str, content: bytes) -> None:
    """Require that the directory contains at most the executable with this content, or another launcher.

    Raises:
        ForeignExecutable: it contains something else.
    """
    for file in directory.iterdir() if directory.is_dir() else ():
        is_own = file.name == name and file.is_file()
        if not is_own or ((found := file.read_bytes()) != content and not found.startswith(HEADER.encode())):
            raise ForeignExecutable(f"{file} was not written by this command")
