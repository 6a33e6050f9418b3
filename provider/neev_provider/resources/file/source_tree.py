"""A source tree of files: a local folder, an archive, or assets by path."""

from __future__ import annotations

import hashlib
import io
import os
import posixpath
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Final

from neev_provider.core.assets import Archive, Asset, AssetOrArchive
from neev_provider.core.errors import InputError
from neev_provider.core.threads import copy_chunks, raise_if_cancelled
from neev_provider.core.validation import ValidationFailure, WarningHandler
from neev_provider.resources.file import archives
from neev_provider.resources.file.archives import ArchiveEntry
from neev_provider.resources.file.content import Content, compute_digest, open_asset, open_file
from neev_provider.resources.file.exclude_patterns import ExcludePatterns

MAX_FILES: Final = 10_000
"""Maximum number of files in a tree. The state contains an entry for each file."""
MAX_ARCHIVE_ENTRIES: Final = 50_000
"""Maximum number of entries in an archive, including folders and excluded entries."""
MAX_UNPACKED_BYTES: Final = 4 << 30
"""Maximum total size of the unpacked files of an archive, in bytes."""
EXECUTABLE_SUFFIX: Final = "+x"
LINK_PREFIX: Final = "-> "
"""Prefix of a symbolic link's digest. The target follows it."""


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link with its target, relative to the folder of the link."""

    target: str


ContentSource = Path | Asset | Link
SourceEntry = tuple[str, ContentSource, bool]
"""Path, content, and whether the file is executable."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file or symbolic link of a tree."""

    content: ContentSource
    digest: str
    """SHA-256 of the content, with the suffix ``+x`` if it is executable. For a link: prefix and target."""

    def open(self, property_name: str = "source") -> Content:
        """Open the content, or the target of a link. An error names the property."""
        if isinstance(self.content, Link):
            return io.BytesIO(self.content.target.encode())
        return open_asset(self.content) if isinstance(self.content, Asset) else open_file(self.content, property_name)


@dataclass(frozen=True)
class SourceTree:
    """An archive or a local folder, with patterns of paths to exclude."""

    source: AssetOrArchive | Path
    property_name: str
    exclude: Sequence[str] = field(default=())

    def files(self, stack: ExitStack) -> dict[str, SourceFile]:
        """Return the files by path, in sorted order. Unpacked files exist until ``stack`` is closed.

        Raises:
            InputError: the source cannot be read, a path leads out of it, or an entry is not a file.
        """
        found = self._collect_entries(self._iterate_entries(self.source, "", stack))
        return {path: self._read_file(*found[path]) for path in sorted(found)}

    def find_unmatched_patterns(self) -> list[str]:
        """Return the patterns that match nothing. Do not read contents or unpack archives.

        Raises:
            InputError: as for ``files``, except for errors that only reading the contents reveals.
        """
        self._collect_entries(self._iterate_entries(self.source, "", None))
        return self._patterns.unmatched_patterns

    @cached_property
    def _patterns(self) -> ExcludePatterns:
        return ExcludePatterns(self.exclude)

    def _collect_entries(self, entries: Iterator[SourceEntry]) -> dict[str, tuple[ContentSource, bool]]:
        found: dict[str, tuple[ContentSource, bool]] = {}
        for path, piece, executable in entries:
            raise_if_cancelled()
            if len(found) == MAX_FILES:
                hint = "Pack them into one archive, write that as a `File`, and unpack it with a `Command`."
                raise InputError(self.property_name, f"contains more than {MAX_FILES} files", hint=hint)
            target = piece.target if isinstance(piece, Link) else None
            try:
                f"{path}{target}".encode()
            except UnicodeEncodeError:
                raise self._path_error(ascii(path), "has a name that is not UTF-8") from None
            if target is not None:
                self._require_link_below_root(path, target)
            found[path] = piece, executable
        for path in found:
            if folder := next((str(parent) for parent in PurePosixPath(path).parents if str(parent) in found), None):
                raise self._path_error(path, f"is below {folder}, which is not a folder")
        return found

    def _read_file(self, content: ContentSource, is_executable: bool) -> SourceFile:  # noqa: FBT001  a part of what was found
        if isinstance(content, Link):
            return SourceFile(content, f"{LINK_PREFIX}{content.target}")
        with SourceFile(content, "").open(self.property_name) as stream:
            return SourceFile(content, compute_digest(stream) + (EXECUTABLE_SUFFIX if is_executable else ""))

    def _iterate_entries(
        self, source: AssetOrArchive | Path, prefix: str, stack: ExitStack | None
    ) -> Iterator[SourceEntry]:
        if isinstance(source, Asset):
            open_asset(source).close()
            executable = source.path is not None and _is_executable(Path(source.path))
            yield prefix, Path(source.path) if source.path is not None else source, executable
        elif isinstance(source, Archive) and source.assets is not None:
            for name, value in source.assets.items():
                path = self._validate_path(name, prefix)
                if not self._is_excluded(path, is_folder=isinstance(value, Archive)):
                    yield from self._iterate_entries(value, path, stack)
        elif isinstance(source, Path) or source.path is not None:
            place = Path(source if isinstance(source, Path) else source.path or "")
            yield from (
                self._iterate_folder(place, prefix) if is_folder(place) else self._iterate_archive(place, prefix, stack)
            )
        else:
            raise InputError(self.property_name, "the archive has neither a path nor assets")

    def _iterate_folder(self, folder: Path, prefix: str) -> Iterator[SourceEntry]:
        try:
            entries = sorted(os.scandir(folder), key=lambda item: item.name)
        except OSError as error:
            raise self._path_error(str(folder), f"cannot be read: {error.strerror}") from None
        for entry in entries:
            path = f"{prefix}/{entry.name}" if prefix else entry.name
            is_folder = entry.is_dir(follow_symlinks=False)
            if self._patterns.is_excluded(path, is_folder=is_folder):
                continue
            if entry.is_symlink():
                yield path, Link(Path(entry.path).readlink().as_posix()), False
            elif is_folder:
                yield from self._iterate_folder(Path(entry.path), path)
            elif entry.is_file():
                yield path, Path(entry.path), _is_executable(Path(entry.path))
            else:
                raise self._path_error(path, "is neither a file nor a folder; exclude it with `exclude`")

    def _iterate_archive(self, archive: Path, prefix: str, stack: ExitStack | None) -> Iterator[SourceEntry]:
        open_file(archive, self.property_name).close()
        with self._open_entries(archive) as members:
            measured = [
                (path, Link(entry.target) if entry.target is not None else archive, entry.is_executable)
                for path, entry in self._filter_entries(members, prefix)
            ]
        if stack is None:
            yield from measured
            return
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="neev-")))
        with self._open_entries(archive) as members:
            # local file names are numbers, so that a name in the archive cannot choose a local path
            for number, (path, entry) in enumerate(self._filter_entries(members, prefix)):
                yield path, _extract_entry(entry, folder / str(number)), entry.is_executable

    @contextmanager
    def _open_entries(self, archive: Path) -> Iterator[Iterator[ArchiveEntry]]:
        try:
            with archives.open_entries(archive) as members:
                if members is None:
                    raise self._path_error(str(archive), "is neither a folder nor a .zip, .tar or .tar.gz")
                yield members
        except archives.READ_ERRORS as error:
            raise self._path_error(
                str(archive), f"cannot be read: {getattr(error, 'strerror', None) or error}"
            ) from None

    def _filter_entries(self, entries: Iterator[ArchiveEntry], prefix: str) -> Iterator[tuple[str, ArchiveEntry]]:
        """Yield the files and links that are not excluded. Raise ``InputError`` if the archive exceeds a limit."""
        size = 0
        for number, entry in enumerate(entries):
            if number == MAX_ARCHIVE_ENTRIES:
                raise InputError(self.property_name, f"contains more than {MAX_ARCHIVE_ENTRIES} entries")
            if entry.is_folder and not PurePosixPath(entry.name).parts:
                continue  # the root folder
            path = self._validate_path(entry.name, prefix)
            if self._is_excluded(path, is_folder=entry.is_folder) or entry.is_folder:
                continue
            if entry.target is None and entry.open is None:
                raise self._path_error(entry.name, "is a hard link or a device; exclude it with `exclude`")
            size += entry.size
            if size > MAX_UNPACKED_BYTES:
                raise InputError(self.property_name, f"is larger than {MAX_UNPACKED_BYTES >> 30} GiB when unpacked")
            yield path, entry

    def _is_excluded(self, path: str, *, is_folder: bool) -> bool:
        """Return whether the path or one of its parent folders is excluded."""
        above = [str(parent) for parent in PurePosixPath(path).parents][-2::-1]
        return any(self._patterns.is_excluded(item, is_folder=True) for item in above) or self._patterns.is_excluded(
            path, is_folder=is_folder
        )

    def _require_link_below_root(self, path: str, target: str) -> None:
        names = PurePosixPath(target).parts
        steps = [name for name in names if name == ".."]
        session = posixpath.normpath(posixpath.join(posixpath.dirname(path), target)).split("/")[0] != ".."
        # after a name that may itself be a link, the target of .. is unknown
        plain = names[: len(steps)] == tuple(steps)
        if not target or target.startswith("/") or "\0" in target or not session or not plain:
            raise self._path_error(
                path,
                f"is a symbolic link that leads out of the folder (to {target!a}): leave it out with `exclude`, or put "
                "there what it leads to",
            )

    def _validate_path(self, name: str, prefix: str) -> str:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in name:
            raise self._path_error(name, "is outside the folder it is unpacked into")
        return str(PurePosixPath(prefix, path))

    def _path_error(self, path: str, reason: str) -> InputError:
        return InputError(self.property_name, f"{path} {reason}")


def validate_tree(tree: SourceTree, warn: WarningHandler) -> Iterator[ValidationFailure]:
    """Yield the failure of a tree, without reading its contents. Call ``warn`` for patterns that match nothing."""
    try:
        for pattern in tree.find_unmatched_patterns():
            warn(f"exclude: {pattern} matches nothing")
    except InputError as error:
        yield ValidationFailure(error.path, f"{error.reason}. {error.hint}".removesuffix(". "))


def tree_digest(digests: dict[str, str]) -> str:
    """Return one digest of all paths and their digests."""
    lines = "".join(f"{digests[path]}  {path}\0" for path in sorted(digests))
    return hashlib.sha256(lines.encode()).hexdigest()


def _extract_entry(entry: ArchiveEntry, path: Path) -> ContentSource:
    if entry.target is not None or entry.open is None:
        return Link(entry.target or "")
    with entry.open() as content, path.open("wb") as copy:
        copy_chunks(content, copy.write)
    return path


def is_folder(path: Path) -> bool:
    """Return whether the local path is a folder."""
    try:
        return path.is_dir()
    except OSError:
        return False  # the code that reads the path reports the reason


def _is_executable(path: Path) -> bool:
    return bool(path.stat().st_mode & stat.S_IXUSR)
