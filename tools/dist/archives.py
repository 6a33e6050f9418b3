"""Archives whose bytes depend on the content of their files alone: sorted, with fixed times, owners and modes."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import time
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

EXECUTABLE: Final = 0o755
READABLE: Final = 0o644
UNIX: Final = 3
"""The system of a zip file's entries that have modes."""


@dataclass(frozen=True, order=True)
class Entry:
    """A file in an archive."""

    name: str
    source: Path
    is_executable: bool = False

    @property
    def mode(self) -> int:
        """Return the mode, which does not depend on the umask of a build."""
        return EXECUTABLE if self.is_executable else READABLE


def list_folder(folder: Path, *, executable: str) -> list[Entry]:
    """Return the files below the folder as entries; the one with the name `executable` is one."""
    files = {file.relative_to(folder).as_posix(): file for file in folder.rglob("*") if file.is_file()}
    return [Entry(name, file, name == executable) for name, file in sorted(files.items())]


def write_tar(archive: Path, entries: Iterable[Entry], timestamp: int) -> None:
    """Write a tar file that is compressed with gzip."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    with (
        archive.open("wb") as file,
        gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=timestamp) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for entry in sorted(entries):
            content = entry.source.read_bytes()
            item = tarfile.TarInfo(entry.name)
            item.size, item.mtime, item.mode = len(content), timestamp, entry.mode
            tar.addfile(item, io.BytesIO(content))


def write_zip(archive: Path, entries: Iterable[Entry], timestamp: int) -> None:
    """Write a zip file with the modes of Unix, which the engine sets when it unpacks the file."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for entry in sorted(entries):
            item = zipfile.ZipInfo(entry.name, time.gmtime(timestamp)[:6])
            item.create_system, item.external_attr, item.compress_type = UNIX, entry.mode << 16, zipfile.ZIP_DEFLATED
            packed.writestr(item, entry.source.read_bytes())


def write_checksums(target: Path, files: Iterable[Path]) -> None:
    """Write the SHA-256 digests of the files, by their paths from the target's folder, as `sha256sum` does."""
    digests = {file.relative_to(target.parent).as_posix(): sha256(file) for file in files}
    target.write_text("".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items())), encoding="utf-8")


def sha256(file: Path) -> str:
    """Return the digest of the file."""
    return hashlib.sha256(file.read_bytes()).hexdigest()
