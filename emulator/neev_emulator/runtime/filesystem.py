"""The blocking operations of the file endpoints, confined to a workspace."""

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
from neev_emulator.runtime.errors import RuntimeApiError, invalid, runtime_error, translate_os_errors
from neev_emulator.runtime.path_confinement import ConfinedPath, Workspace, create_directory

FileEntry = dict[str, object]

_MIN_TIME, _MAX_TIME = (datetime(year, 12, 31, tzinfo=UTC).timestamp() for year in (1, 9998))


class FileStat(NamedTuple):
    """What identifies a file and shows that it has changed."""

    inode: int
    mode: int
    size: int
    modified_ns: int

    @property
    def content(self) -> tuple[int, ...]:
        """Return size and modification time, except those of a directory, which its entries determine."""
        return (self.inode,) if stat.S_ISDIR(self.mode) else (self.inode, self.size, self.modified_ns)


class WorkspaceFiles:
    """The files of one workspace. Removed directories are emptied in the trash, on the same file system."""

    def __init__(self, workspace: Workspace, *, trash: Path) -> None:
        self._workspace = workspace
        self._trash = trash

    def write(self, path: str, content: bytes, *, cwd: str | None = None) -> int:
        """Write the content to the file, creating missing parents; return its length."""
        with translate_os_errors(path), self._workspace.resolve(path, cwd, create_parents=True) as confined_path:
            mode = _require_replaceable(confined_path, path)
            # Renamed into place: if the emulator is killed, the file has the old content or the new one.
            staging_path = self._trash / f"write-{secrets.token_hex(8)}"
            try:
                staging_path.write_bytes(content)
                if mode is not None:
                    staging_path.chmod(mode)
                os.rename(staging_path, confined_path.name, dst_dir_fd=confined_path.directory)
            except BaseException:
                staging_path.unlink(missing_ok=True)
                raise
        return len(content)

    def require_writable(self, path: str, *, cwd: str | None = None) -> None:
        """Raise an error if a file cannot be written at the path."""
        with translate_os_errors(path):
            try:
                with self._workspace.resolve(path, cwd) as confined_path:
                    if stat.S_ISDIR(_stat(confined_path).st_mode):
                        raise runtime_error("failed_precondition", f"{path}: is a directory")
            except FileNotFoundError:
                return

    def install_upload(self, path: str, staging_path: Path, *, cwd: str | None = None) -> None:
        """Move the staged file to the path in one step, keeping the mode of the file that it replaces."""
        with translate_os_errors(path), self._workspace.resolve(path, cwd, create_parents=True) as confined_path:
            with suppress(FileNotFoundError):
                staging_path.chmod(stat.S_IMODE(_stat(confined_path).st_mode))
            os.rename(staging_path, confined_path.name, dst_dir_fd=confined_path.directory)

    def open_reader(self, path: str, *, cwd: str | None = None) -> FileIO:
        """Return a regular file, open for reading."""
        with translate_os_errors(path), self._workspace.resolve(path, cwd) as confined_path:
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
            return FileIO(_require_regular(os.open(confined_path.name, flags, dir_fd=confined_path.directory), path))

    def list_entries(
        self, path: str, *, cwd: str | None = None, recursive: bool = False, max_count: int | None = None
    ) -> list[FileEntry]:
        """Return at most `max_count` entries of a directory by name, recursively if requested."""
        entries: list[FileEntry] = []
        for confined_path in self._walk(path, cwd, recursive=recursive):
            if len(entries) == max_count:
                break
            with suppress(FileNotFoundError):
                entries.append(_build_entry(confined_path))
        return entries

    def scan(self, path: str, *, cwd: str | None = None, recursive: bool = False) -> dict[str, FileStat]:
        """Return the stats of the entries of a directory, by path."""
        stats = {}
        for confined_path in self._walk(path, cwd, recursive=recursive):
            with suppress(FileNotFoundError):
                status = _stat(confined_path)
                stats[_decode_name(confined_path.display_path)] = FileStat(
                    status.st_ino, status.st_mode, status.st_size, status.st_mtime_ns
                )
        return stats

    def _walk(self, path: str, cwd: str | None, *, recursive: bool) -> Iterator[ConfinedPath]:
        with (
            translate_os_errors(path),
            self._workspace.resolve(path, cwd) as confined_path,
            file_tree.open_subdirectory(confined_path.directory, (confined_path.name,)) as directory,
        ):
            for folder in file_tree.walk(directory, skip_unreadable=recursive):
                for entry in folder.entries:
                    yield ConfinedPath(folder.directory, entry.name, (*confined_path.parts, *folder.names, entry.name))
                if not recursive:
                    return

    def stat(self, path: str, *, cwd: str | None = None) -> FileEntry:
        """Return the entry of a path; of a link itself."""
        with translate_os_errors(path), self._workspace.resolve(path, cwd, follow=False) as confined_path:
            return _build_entry(confined_path)

    def exists(self, path: str, *, cwd: str | None = None) -> bool:
        """Return whether the path exists, even as a link without a target."""
        try:
            with translate_os_errors(path), self._workspace.resolve(path, cwd, follow=False) as confined_path:
                return bool(_stat(confined_path))
        except RuntimeApiError as error:
            if isinstance(error.__cause__, FileNotFoundError | NotADirectoryError):
                return False
            raise

    def mkdir(self, path: str, *, cwd: str | None = None) -> FileEntry:
        """Create the directory and its parents unless it exists."""
        with translate_os_errors(path), self._workspace.resolve(path, cwd, create_parents=True) as confined_path:
            if confined_path.name != ".":
                create_directory(confined_path.directory, confined_path.name)
            entry = _build_entry(confined_path)
        if entry["type"] != "directory":
            raise runtime_error("failed_precondition", f"{path}: exists and is not a directory")
        return entry

    def move(self, source: str, destination: str, *, cwd: str | None = None) -> FileEntry:
        """Move the source to the destination, replacing a file."""
        with (
            translate_os_errors(f"{source} -> {destination}"),
            self._workspace.resolve(source, cwd, follow=False) as old,
            self._workspace.resolve(destination, cwd, follow=False) as new,
        ):
            _reject_root(old, source)
            _reject_root(new, destination)
            os.rename(old.name, new.name, src_dir_fd=old.directory, dst_dir_fd=new.directory)
            return _build_entry(new)

    def remove(self, path: str, *, cwd: str | None = None, recursive: bool = False) -> None:
        """Remove the path; a directory with entries only if `recursive`."""
        with translate_os_errors(path), self._workspace.resolve(path, cwd, follow=False) as confined_path:
            _reject_root(confined_path, path)
            if not stat.S_ISDIR(_stat(confined_path).st_mode):
                os.unlink(confined_path.name, dir_fd=confined_path.directory)
            elif recursive:
                file_tree.discard(confined_path.name, confined_path.directory, self._trash)
            else:
                os.rmdir(confined_path.name, dir_fd=confined_path.directory)


def _build_entry(path: ConfinedPath) -> FileEntry:
    status = _stat(path)
    mode = stat.S_IMODE(status.st_mode)
    entry: FileEntry = {
        "name": _decode_name(path.parts[-1] if path.parts else "."),
        "type": _entry_type(status.st_mode),
        "path": _decode_name(path.display_path),
        "size": status.st_size,
        "mode": mode,
        "permissions": stat.filemode(mode)[1:],
        "modified_time": _format_time(status.st_mtime),
    }
    if stat.S_ISLNK(status.st_mode):
        entry["symlink_target"] = _decode_name(os.readlink(path.name, dir_fd=path.directory))
    return entry


def _stat(path: ConfinedPath) -> os.stat_result:
    return os.stat(path.name, dir_fd=path.directory, follow_symlinks=False)


def _entry_type(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "directory"
    return "symlink" if stat.S_ISLNK(mode) else "file"


def _format_time(seconds: float) -> str:
    time = datetime.fromtimestamp(min(max(seconds, _MIN_TIME), _MAX_TIME), tz=UTC)
    return time.isoformat().replace("+00:00", "Z")


def _decode_name(name: str) -> str:
    """Return a file name for JSON; bytes that are not UTF-8 are replaced."""
    return os.fsencode(name).decode(errors="replace")


def _require_replaceable(confined_path: ConfinedPath, path: str) -> int | None:
    """Return the mode of the existing, writable regular file; None if there is none."""
    try:
        descriptor = os.open(
            confined_path.name, os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=confined_path.directory
        )
    except FileNotFoundError:
        return None
    _require_regular(descriptor, path)
    mode = stat.S_IMODE(os.fstat(descriptor).st_mode)
    os.close(descriptor)
    return mode


def _require_regular(descriptor: int, path: str) -> int:
    """Return the descriptor; close it and raise an error if it is not a regular file's."""
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise runtime_error("failed_precondition", f"{path}: not a regular file")


def _reject_root(confined_path: ConfinedPath, path: str) -> None:
    if confined_path.name == ".":
        raise invalid(f"{path}: cannot move or remove the workspace itself, or a path that ends in ..")
