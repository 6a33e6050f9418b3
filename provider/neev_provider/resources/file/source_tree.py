"""A tree of files as a program gives it: a local folder, an archive, or assets by their paths."""

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
from neev_provider.core.threads import raise_if_cancelled, copy_chunks
from neev_provider.core.validation import ValidationFailure, WarningHandler
from neev_provider.resources.file import archives
from neev_provider.resources.file.archives import Member
from neev_provider.resources.file.content import Content, digest, opened_asset, opened_file
from neev_provider.resources.file.exclude_patterns import Patterns

MOST: Final = 10_000
"""Files that a tree may hold; what is known of each is in the state."""
MOST_ENTRIES: Final = 50_000
"""Entries that an archive may have, its folders and what is left out included."""
MOST_UNPACKED: Final = 4 << 30
"""Bytes that the files of an archive may have once they are unpacked."""
EXECUTABLE: Final = "+x"
LINK: Final = "-> "
"""What the sum of a symbolic link begins with; where it leads follows."""


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link, and where it leads: relative to where it is."""

    target: str


Piece = Path | Asset | Link
Found = tuple[str, Piece, bool]
"""A path, what is there, and whether it is executable."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One file of a tree, or a symbolic link."""

    content: Piece
    sum: str
    """The SHA-256 of its content, and ``+x`` behind it where it is executable; of a link, where it leads."""

    def open(self, property: str = "source") -> Content:
        """Its content; of a link, where it leads. An error is one of the property."""
        if isinstance(self.content, Link):
            return io.BytesIO(self.content.target.encode())
        return opened_asset(self.content) if isinstance(self.content, Asset) else opened_file(self.content, property)


@dataclass(frozen=True)
class Tree:
    """Where a tree comes from: an archive or a local folder, and which of its paths are left out."""

    source: AssetOrArchive | Path
    property: str
    exclude: Sequence[str] = field(default=())

    def leaves(self, kept: ExitStack) -> dict[str, Leaf]:
        """Its files by their paths, in order; what is unpacked for them is there until ``kept`` is closed.

        Raises:
            InputError: it cannot be read, leads out of itself, or holds what is no file.
        """
        found = self._bounded(self._found(self.source, "", kept))
        return {path: self._leaf(*found[path]) for path in sorted(found)}

    def survey(self) -> list[str]:
        """The patterns that leave nothing out; no content is read, and nothing is unpacked.

        Raises:
            InputError: as ``leaves`` does, for what can be seen so.
        """
        self._bounded(self._found(self.source, "", None))
        return self._patterns.unmatched

    @cached_property
    def _patterns(self) -> Patterns:
        return Patterns(self.exclude)

    def _bounded(self, pieces: Iterator[Found]) -> dict[str, tuple[Piece, bool]]:
        found: dict[str, tuple[Piece, bool]] = {}
        for path, piece, executable in pieces:
            raise_if_cancelled()
            if len(found) == MOST:
                hint = "Pack them into one archive, write that as a `File`, and unpack it with a `Command`."
                raise InputError(self.property, f"holds more than {MOST} files", hint=hint)
            target = piece.target if isinstance(piece, Link) else None
            try:
                f"{path}{target}".encode()
            except UnicodeEncodeError:
                raise self._refused(ascii(path), "has a name that is not UTF-8") from None
            if target is not None:
                self._refuse_unless_inside(path, target)
            found[path] = piece, executable
        for path in found:
            if folder := next((str(each) for each in PurePosixPath(path).parents if str(each) in found), None):
                raise self._refused(path, f"is below {folder}, which is no folder")
        return found

    def _leaf(self, piece: Piece, executable: bool) -> Leaf:  # noqa: FBT001  a part of what was found
        if isinstance(piece, Link):
            return Leaf(piece, f"{LINK}{piece.target}")
        with Leaf(piece, "").open(self.property) as stream:
            return Leaf(piece, digest(stream) + (EXECUTABLE if executable else ""))

    def _found(self, source: AssetOrArchive | Path, under: str, kept: ExitStack | None) -> Iterator[Found]:
        if isinstance(source, Asset):
            opened_asset(source).close()
            executable = source.path is not None and _is_executable(Path(source.path))
            yield under, Path(source.path) if source.path is not None else source, executable
        elif isinstance(source, Archive) and source.assets is not None:
            for name, each in source.assets.items():
                path = self._safe(name, under)
                if not self._left_out(path, is_folder=isinstance(each, Archive)):
                    yield from self._found(each, path, kept)
        elif isinstance(source, Path) or source.path is not None:
            place = Path(source if isinstance(source, Path) else source.path or "")
            yield from self._below(place, under) if is_folder(place) else self._packed(place, under, kept)
        else:
            raise InputError(self.property, "the archive says neither a path nor assets")

    def _below(self, folder: Path, under: str) -> Iterator[Found]:
        try:
            entries = sorted(os.scandir(folder), key=lambda each: each.name)
        except OSError as error:
            raise self._refused(str(folder), f"cannot be read: {error.strerror}") from None
        for entry in entries:
            path = f"{under}/{entry.name}" if under else entry.name
            is_folder = entry.is_dir(follow_symlinks=False)
            if self._patterns.leave_out(path, is_folder=is_folder):
                continue
            if entry.is_symlink():
                yield path, Link(str(Path(entry.path).readlink())), False
            elif is_folder:
                yield from self._below(Path(entry.path), path)
            elif entry.is_file():
                yield path, Path(entry.path), _is_executable(Path(entry.path))
            else:
                raise self._refused(path, "is neither a file nor a folder: leave it out with `exclude`")

    def _packed(self, archive: Path, under: str, kept: ExitStack | None) -> Iterator[Found]:
        opened_file(archive, self.property).close()
        with self._members(archive) as members:
            measured = [
                (path, Link(each.target) if each.target is not None else archive, each.executable)
                for path, each in self._measured(members, under)
            ]
        if kept is None:
            yield from measured
            return
        folder = Path(kept.enter_context(tempfile.TemporaryDirectory(prefix="pulumi-neev-")))
        with self._members(archive) as members:
            # each under a number: no name of an archive becomes one of this machine
            for number, (path, each) in enumerate(self._measured(members, under)):
                yield path, _unpacked(each, folder / str(number)), each.executable

    @contextmanager
    def _members(self, archive: Path) -> Iterator[Iterator[Member]]:
        try:
            with archives.members(archive) as members:
                if members is None:
                    raise self._refused(str(archive), "is neither a folder nor a .zip, .tar or .tar.gz")
                yield members
        except archives.BROKEN as error:
            raise self._refused(str(archive), f"cannot be read: {getattr(error, 'strerror', None) or error}") from None

    def _measured(self, members: Iterator[Member], under: str) -> Iterator[tuple[str, Member]]:
        """The files and links that are not left out, as far as the archive keeps to its bounds."""
        size = 0
        for number, each in enumerate(members):
            if number == MOST_ENTRIES:
                raise InputError(self.property, f"has more than {MOST_ENTRIES} entries")
            if each.is_folder and not PurePosixPath(each.name).parts:
                continue  # the top itself
            path = self._safe(each.name, under)
            if self._left_out(path, is_folder=each.is_folder) or each.is_folder:
                continue
            if each.target is None and each.open is None:
                raise self._refused(each.name, "is a hard link or a device: leave it out with `exclude`")
            size += each.size
            if size > MOST_UNPACKED:
                raise InputError(self.property, f"is more than {MOST_UNPACKED >> 30} GiB once it is unpacked")
            yield path, each

    def _left_out(self, path: str, *, is_folder: bool) -> bool:
        """Whether the path, or a folder that it is in, is left out."""
        above = [str(each) for each in PurePosixPath(path).parents][-2::-1]
        return any(self._patterns.leave_out(each, is_folder=True) for each in above) or self._patterns.leave_out(
            path, is_folder=is_folder
        )

    def _refuse_unless_inside(self, path: str, target: str) -> None:
        names = PurePosixPath(target).parts
        steps = [name for name in names if name == ".."]
        inside = posixpath.normpath(posixpath.join(posixpath.dirname(path), target)).split("/")[0] != ".."
        # beyond a name that may itself be a link, .. leads nobody knows where
        plain = names[: len(steps)] == tuple(steps)
        if not target or target.startswith("/") or "\0" in target or not inside or not plain:
            raise self._refused(
                path,
                f"is a symbolic link that leads out of the folder (to {target!a}): leave it out with `exclude`, or put "
                "there what it leads to",
            )

    def _safe(self, name: str, under: str) -> str:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in name:
            raise self._refused(name, "leads out of where it is unpacked")
        return str(PurePosixPath(under, path))

    def _refused(self, path: str, reason: str) -> InputError:
        return InputError(self.property, f"{path} {reason}")


def surveyed(tree: Tree, warn: WarningHandler) -> Iterator[ValidationFailure]:
    """What is wrong with the tree, as far as a look at it tells; ``warn`` is told of patterns that match nothing."""
    try:
        for each in tree.survey():
            warn(f"exclude: {each} matches nothing")
    except InputError as error:
        yield ValidationFailure(error.path, f"{error.reason}. {error.hint}".removesuffix(". "))


def total(sums: dict[str, str]) -> str:
    """One digest of all paths and what is there."""
    lines = "".join(f"{sums[path]}  {path}\0" for path in sorted(sums))
    return hashlib.sha256(lines.encode()).hexdigest()


def _unpacked(member: Member, place: Path) -> Piece:
    if member.target is not None or member.open is None:
        return Link(member.target or "")
    with member.open() as content, place.open("wb") as copy:
        copy_chunks(content, copy.write)
    return place


def is_folder(place: Path) -> bool:
    """Whether there is a folder at the local path."""
    try:
        return place.is_dir()
    except OSError:
        return False  # whoever reads it says why


def _is_executable(path: Path) -> bool:
    return bool(path.stat().st_mode & stat.S_IXUSR)
