"""What the file endpoints do, blocking and confined to a workspace."""

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path
from typing import NamedTuple

from neev_emulator.runtime import file_tree
from neev_emulator.runtime.errors import RuntimeFailure, failure, invalid, refusing_os_errors
from neev_emulator.runtime.path_confinement import Place, Workspace, make_directory

Entry = dict[str, object]

_EARLIEST, _LATEST = (datetime(year, 12, 31, tzinfo=UTC).timestamp() for year in (1, 9998))


class Glance(NamedTuple):
    """What of a file is enough to see that it was changed, or that it is the same under another name."""

    inode: int
    mode: int
    size: int
    modified_ns: int

    @property
    def content(self) -> tuple[int, ...]:
        """What is different once it was written to. A directory's size and time only tell of what is in it."""
        return (self.inode,) if stat.S_ISDIR(self.mode) else (self.inode, self.size, self.modified_ns)


class Files:
    """The files of one workspace. Removed directories are emptied in trash, on the same file system."""

    def __init__(self, workspace: Workspace, *, trash: Path) -> None:
        self._workspace = workspace
        self._trash = trash

    def write(self, path: str, content: bytes, *, cwd: str | None = None) -> int:
        """The file holds the content and nothing else; missing parents are made. Returns its length."""
        with refusing_os_errors(path), self._workspace.at(path, cwd, make_parents=True) as place:
            mode = _replaceable(place, path)
            # Aside and then into place, so that whenever the emulator is killed there is the old content or the new.
            staged = self._trash / f"write-{secrets.token_hex(8)}"
            try:
                staged.write_bytes(content)
                if mode is not None:
                    staged.chmod(mode)
                os.rename(staged, place.name, dst_dir_fd=place.directory)
            except BaseException:
                staged.unlink(missing_ok=True)
                raise
        return len(content)

    def refuse_unless_writable(self, path: str, *, cwd: str | None = None) -> None:
        """A file can be put at the path, as far as can be said before it is."""
        with refusing_os_errors(path):
            try:
                with self._workspace.at(path, cwd) as place:
                    if stat.S_ISDIR(_status(place).st_mode):
                        raise failure("failed_precondition", f"{path}: is a directory")
            except FileNotFoundError:
                return

    def place_upload(self, path: str, staged: Path, *, cwd: str | None = None) -> None:
        """The staged file is at the path, at once and whole, with the mode of the file it replaces."""
        with refusing_os_errors(path), self._workspace.at(path, cwd, make_parents=True) as place:
            with suppress(FileNotFoundError):
                staged.chmod(stat.S_IMODE(_status(place).st_mode))
            os.rename(staged, place.name, dst_dir_fd=place.directory)

    def reader(self, path: str, *, cwd: str | None = None) -> FileIO:
        """A regular file, open for reading."""
        with refusing_os_errors(path), self._workspace.at(path, cwd) as place:
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
            return FileIO(_regular(os.open(place.name, flags, dir_fd=place.directory), path))

    def entries(
        self, path: str, *, cwd: str | None = None, recursive: bool = False, max_count: int | None = None
    ) -> list[Entry]:
        """The entries of a directory by name, with all below them where recursive; at most max_count."""
        listed: list[Entry] = []
        for place in self._below(path, cwd, recursive=recursive):
            if len(listed) == max_count:
                break
            with suppress(FileNotFoundError):
                listed.append(_entry(place))
        return listed

    def glance(self, path: str, *, cwd: str | None = None, recursive: bool = False) -> dict[str, Glance]:
        """What tells a change of the entries of a directory, by their paths."""
        seen = {}
        for place in self._below(path, cwd, recursive=recursive):
            with suppress(FileNotFoundError):
                status = _status(place)
                seen[_shown(place.shown)] = Glance(status.st_ino, status.st_mode, status.st_size, status.st_mtime_ns)
        return seen

    def _below(self, path: str, cwd: str | None, *, recursive: bool) -> Iterator[Place]:
        with (
            refusing_os_errors(path),
            self._workspace.at(path, cwd) as place,
            file_tree.opened(place.directory, (place.name,)) as directory,
        ):
            for folder in file_tree.walk(directory, skip_unreadable=recursive):
                for found in folder.entries:
                    yield Place(folder.directory, found.name, (*place.parts, *folder.names, found.name))
                if not recursive:
                    return

    def stat(self, path: str, *, cwd: str | None = None) -> Entry:
        """The entry of a path; a link's own."""
        with refusing_os_errors(path), self._workspace.at(path, cwd, follow=False) as place:
            return _entry(place)

    def exists(self, path: str, *, cwd: str | None = None) -> bool:
        """Whether the path names anything, a link that leads nowhere included."""
        try:
            with refusing_os_errors(path), self._workspace.at(path, cwd, follow=False) as place:
                return bool(_status(place))
        except RuntimeFailure as error:
            if isinstance(error.__cause__, FileNotFoundError | NotADirectoryError):
                return False
            raise

    def mkdir(self, path: str, *, cwd: str | None = None) -> Entry:
        """The path is a directory, made with its parents unless it was one already."""
        with refusing_os_errors(path), self._workspace.at(path, cwd, make_parents=True) as place:
            if place.name != ".":
                make_directory(place.directory, place.name)
            entry = _entry(place)
        if entry["type"] != "directory":
            raise failure("failed_precondition", f"{path}: exists and is not a directory")
        return entry

    def move(self, source: str, destination: str, *, cwd: str | None = None) -> Entry:
        """The destination is what the source was; a file there is replaced."""
        with (
            refusing_os_errors(f"{source} -> {destination}"),
            self._workspace.at(source, cwd, follow=False) as old,
            self._workspace.at(destination, cwd, follow=False) as new,
        ):
            _refuse_root(old, source)
            _refuse_root(new, destination)
            os.rename(old.name, new.name, src_dir_fd=old.directory, dst_dir_fd=new.directory)
            return _entry(new)

    def remove(self, path: str, *, cwd: str | None = None, recursive: bool = False) -> None:
        """The path is gone; a directory that is not empty only where recursive."""
        with refusing_os_errors(path), self._workspace.at(path, cwd, follow=False) as place:
            _refuse_root(place, path)
            if not stat.S_ISDIR(_status(place).st_mode):
                os.unlink(place.name, dir_fd=place.directory)
            elif recursive:
                file_tree.discard(place.name, place.directory, self._trash)
            else:
                os.rmdir(place.name, dir_fd=place.directory)


def _entry(place: Place) -> Entry:
    status = _status(place)
    mode = stat.S_IMODE(status.st_mode)
    entry: Entry = {
        "name": _shown(place.parts[-1] if place.parts else "."),
        "type": _kind(status.st_mode),
        "path": _shown(place.shown),
        "size": status.st_size,
        "mode": mode,
        "permissions": stat.filemode(mode)[1:],
        "modified_time": _moment(status.st_mtime),
    }
    if stat.S_ISLNK(status.st_mode):
        entry["symlink_target"] = _shown(os.readlink(place.name, dir_fd=place.directory))
    return entry


def _status(place: Place) -> os.stat_result:
    return os.stat(place.name, dir_fd=place.directory, follow_symlinks=False)


def _kind(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "directory"
    return "symlink" if stat.S_ISLNK(mode) else "file"


def _moment(seconds: float) -> str:
    moment = datetime.fromtimestamp(min(max(seconds, _EARLIEST), _LATEST), tz=UTC)
    return moment.isoformat().replace("+00:00", "Z")


def _shown(name: str) -> str:
    """A file's name as JSON can carry it: what is not UTF-8 in it is replaced."""
    return os.fsencode(name).decode(errors="replace")


def _replaceable(place: Place, path: str) -> int | None:
    """The mode of the regular file that is there and may be written; None where there is nothing."""
    try:
        opened = os.open(place.name, os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=place.directory)
    except FileNotFoundError:
        return None
    descriptor = _regular(opened, path)
    mode = stat.S_IMODE(os.fstat(descriptor).st_mode)
    os.close(descriptor)
    return mode


def _regular(descriptor: int, path: str) -> int:
    """The descriptor, refused and closed where it is no regular file's."""
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise failure("failed_precondition", f"{path}: not a regular file")


def _refuse_root(place: Place, path: str) -> None:
    if place.name == ".":
        raise invalid(f"{path}: the workspace itself, and a path that ends in .., can be neither moved nor removed")
