"""A tree of files as a program gives it: a local folder, an archive, or assets by their paths."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import IO, Final

from pulumi_neev.core.assets import Archive, Asset, Blob
from pulumi_neev.core.errors import InputError
from pulumi_neev.resources.content import Content, digest, opened_asset

MOST: Final = 10_000
"""Files that a tree may hold; what is known of each is in the state."""
EXECUTABLE: Final = "+x"
_BROKEN = (tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error, OSError, NotImplementedError, RuntimeError)


@dataclass(frozen=True, slots=True)
class Leaf:
    """One file of a tree."""

    content: Path | Asset
    sum: str
    """The SHA-256 of its content, and ``+x`` behind it where it is executable."""

    def open(self) -> Content:
        """Its content."""
        return self.content.open("rb") if isinstance(self.content, Path) else opened_asset(self.content)


@dataclass(frozen=True, slots=True)
class Tree:
    """Where a tree comes from: an archive or a local folder, and which of its paths are left out."""

    source: Blob | Path
    property: str
    exclude: Sequence[str] = field(default=())

    def leaves(self, kept: ExitStack) -> dict[str, Leaf]:
        """Its files by their paths, in order; what is unpacked for them is there until ``kept`` is closed.

        Raises:
            InputError: it cannot be read, leads out of itself, or holds what is no file.
        """
        found: dict[str, Leaf] = {}
        for path, content, executable in self._found(self.source, "", kept):
            if len(found) == MOST:
                hint = "Pack them into one archive, write that as a `File`, and unpack it with a `Command`."
                raise InputError(self.property, f"holds more than {MOST} files", hint=hint)
            found[path] = self._leaf(path, content, executable=executable)
        return dict(sorted(found.items()))

    def _leaf(self, path: str, content: Path | Asset, *, executable: bool) -> Leaf:
        try:
            path.encode()
            with Leaf(content, "").open() as stream:
                return Leaf(content, digest(stream) + (EXECUTABLE if executable else ""))
        except UnicodeEncodeError:
            raise self._refused(ascii(path), "has a name that is not UTF-8") from None
        except OSError as error:
            raise self._refused(path, f"cannot be read: {error.strerror}") from None

    def _found(self, source: Blob | Path, under: str, kept: ExitStack) -> Iterator[tuple[str, Path | Asset, bool]]:
        if isinstance(source, Asset):
            executable = source.path is not None and _is_executable(Path(source.path))
            yield under, Path(source.path) if source.path is not None else source, executable
        elif isinstance(source, Archive) and source.assets is not None:
            for name, each in source.assets.items():
                path = self._safe(name, under)
                if not self._excluded(path):
                    yield from self._found(each, path, kept)
        elif isinstance(source, Path) or source.path is not None:
            place = Path(source if isinstance(source, Path) else source.path or "")
            yield from self._below(place if place.is_dir() else self._unpacked(place, under, kept), under)
        else:
            raise InputError(self.property, "the archive says neither a path nor assets")

    def _below(self, folder: Path, under: str) -> Iterator[tuple[str, Path, bool]]:
        try:
            entries = sorted(os.scandir(folder), key=lambda each: each.name)
        except OSError as error:
            raise self._refused(str(folder), f"cannot be read: {error.strerror}") from None
        for entry in entries:
            path = f"{under}/{entry.name}" if under else entry.name
            if self._excluded(path):
                continue
            if entry.is_symlink():
                raise self._refused(path, "is a symbolic link: leave it out with `exclude`, or put the file there")
            if entry.is_dir():
                yield from self._below(Path(entry.path), path)
            elif entry.is_file():
                yield path, Path(entry.path), _is_executable(Path(entry.path))
            else:
                raise self._refused(path, "is neither a file nor a folder: leave it out with `exclude`")

    def _excluded(self, path: str) -> bool:
        name = path.rpartition("/")[2]
        return any(fnmatchcase(path if "/" in pattern else name, pattern) for pattern in self.exclude)

    def _unpacked(self, archive: Path, under: str, kept: ExitStack) -> Path:
        folder = Path(kept.enter_context(tempfile.TemporaryDirectory(prefix="pulumi-neev-")))
        try:
            if zipfile.is_zipfile(archive):
                with zipfile.ZipFile(archive) as zipped:
                    self._extract(_zipped(zipped), folder, under)
            elif tarfile.is_tarfile(archive):
                with tarfile.open(archive) as tar:
                    self._extract(_tarred(tar), folder, under)
            else:
                raise self._refused(str(archive), "is neither a folder nor a .zip, .tar or .tar.gz")
        except _BROKEN as error:
            raise self._refused(str(archive), f"cannot be read: {getattr(error, 'strerror', None) or error}") from None
        return folder

    def _extract(self, members: Iterator[tuple[str, bool, IO[bytes] | None]], folder: Path, under: str) -> None:
        for name, executable, content in members:
            place = folder / self._safe(name, "")
            path = PurePosixPath(self._safe(name, under))
            if any(self._excluded(str(each)) for each in (path, *path.parents)):
                continue
            if content is None:
                raise self._refused(name, "is a link or a device: leave it out with `exclude`, or put the file there")
            place.parent.mkdir(parents=True, exist_ok=True)
            with content, place.open("wb") as copy:
                shutil.copyfileobj(content, copy)
            place.chmod(0o700 if executable else 0o600)

    def _safe(self, name: str, under: str) -> str:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in name:
            raise self._refused(name, "leads out of where it is unpacked")
        return str(PurePosixPath(under, path))

    def _refused(self, path: str, reason: str) -> InputError:
        return InputError(self.property, f"{path} {reason}")


def total(sums: dict[str, str]) -> str:
    """One digest of all paths and what is there."""
    lines = "".join(f"{sums[path]}  {path}\0" for path in sorted(sums))
    return hashlib.sha256(lines.encode()).hexdigest()


def _is_executable(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & stat.S_IXUSR)
    except OSError:
        return False  # what cannot be read is told by whoever reads it


def _zipped(archive: zipfile.ZipFile) -> Iterator[tuple[str, bool, IO[bytes] | None]]:
    for each in archive.infolist():
        mode = each.external_attr >> 16
        if not each.is_dir():
            is_file = stat.S_IFMT(mode) in (0, stat.S_IFREG)
            yield each.filename, bool(mode & stat.S_IXUSR), archive.open(each) if is_file else None


def _tarred(archive: tarfile.TarFile) -> Iterator[tuple[str, bool, IO[bytes] | None]]:
    for each in archive:
        if not each.isdir():
            content = archive.extractfile(each) if each.isfile() else None
            yield each.name, bool(each.mode & stat.S_IXUSR), content
