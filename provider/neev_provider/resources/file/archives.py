"""Reading of archives, one entry at a time. This module writes nothing to disk."""

from __future__ import annotations

import bz2
import gzip
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any, Final, cast

from neev_provider.core.threads import CHUNK_BYTES, raise_if_cancelled

READ_ERRORS: Final = (
    tarfile.TarError,
    zipfile.BadZipFile,
    lzma.LZMAError,
    zlib.error,
    EOFError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
)
"""Exceptions raised for an archive that cannot be read."""
MAX_HEADER_BYTES: Final = 16 << 20
"""Maximum size of an entry's header, in bytes. No valid name is that long."""
MAX_LINK_TARGET_BYTES: Final = 4095
"""Maximum length of a symbolic link's target, in bytes."""
_COMPRESSIONS: Final[tuple[tuple[bytes, Callable[..., Any]], ...]] = (
    (b"\x1f\x8b", gzip.open),
    (b"BZh", bz2.open),
    (b"\xfd7zXZ\x00", lzma.open),
)


@dataclass(frozen=True, slots=True)
class ArchiveEntry:
    """One entry of an archive."""

    name: str
    is_folder: bool
    size: int
    is_executable: bool
    target: str | None
    """Target of a symbolic link. ``None`` for any other entry."""
    open: Callable[[], IO[bytes]] | None
    """Function that opens the content. ``None`` if the entry is not a file."""


@contextmanager
def open_entries(archive: Path) -> Iterator[Iterator[ArchiveEntry] | None]:
    """Yield the entries of the archive, which must be a regular file. Yield ``None`` if its format is unknown."""
    with ExitStack() as kept:
        if zipfile.is_zipfile(archive):
            yield _read_zip_entries(kept.enter_context(zipfile.ZipFile(archive)))
            return
        stream = kept.enter_context(_open_decompressed(archive))
        bounded: Any = _BoundedReader(stream)
        try:
            tar = kept.enter_context(tarfile.open(fileobj=bounded, mode="r:"))
        except tarfile.ReadError:
            tar = None
        yield None if tar is None else _read_tar_entries(tar)


def _open_decompressed(archive: Path) -> Any:
    with archive.open("rb") as file:
        start = file.read(max(len(magic) for magic, _ in _COMPRESSIONS))
    opens = next((opens for magic, opens in _COMPRESSIONS if start.startswith(magic)), open)
    return opens(archive, "rb")


class _BoundedReader:
    """A stream that limits the size of a read. A header may declare any size, and ``tarfile`` reads it at once."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def read(self, size: int) -> bytes:
        """Return the next bytes, or raise ``OSError`` if the size exceeds ``MAX_HEADER_BYTES``."""
        if size > MAX_HEADER_BYTES:
            raise OSError("an entry has a header that is too large")
        return self._stream.read(size)

    def tell(self) -> int:
        """Return the position."""
        return self._stream.tell()

    def seek(self, position: int) -> int:
        """Move to the position. Read compressed data up to it in chunks."""
        while (left := position - self._stream.tell()) > 0:
            raise_if_cancelled()
            if not self._stream.read(min(left, CHUNK_BYTES)):
                return self.tell()
        return self._stream.seek(position)


def _read_zip_entries(archive: zipfile.ZipFile) -> Iterator[ArchiveEntry]:
    for item in archive.infolist():
        raise_if_cancelled()
        mode = item.external_attr >> 16
        kind = stat.S_IFMT(mode)
        target = None
        if kind == stat.S_IFLNK and item.file_size <= MAX_LINK_TARGET_BYTES:
            target = archive.read(item).decode(errors="surrogateescape")
        is_file = not item.is_dir() and kind in (0, stat.S_IFREG)
        opens = partial(archive.open, item) if is_file else None
        yield ArchiveEntry(item.filename, item.is_dir(), item.file_size, bool(mode & stat.S_IXUSR), target, opens)


def _open_tar_member(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    return cast("IO[bytes]", archive.extractfile(member))


def _read_tar_entries(archive: tarfile.TarFile) -> Iterator[ArchiveEntry]:
    for item in archive:
        raise_if_cancelled()
        target = item.linkname if item.issym() else None
        opens = partial(_open_tar_member, archive, item) if item.isfile() else None
        yield ArchiveEntry(item.name, item.isdir(), item.size, bool(item.mode & stat.S_IXUSR), target, opens)
