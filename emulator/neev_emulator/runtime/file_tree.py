"""Directory trees: walk, measure, copy and remove, without following links, to any depth."""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from neev_emulator.runtime.path_confinement import open_directory

_OWNER_ONLY = 0o700
_FICLONE = 0x40049409
_BLOCK_BYTES = 1 << 20


class Folder(NamedTuple):
    """One directory of a walk: its path below the top, its open descriptor, and its entries."""

    names: tuple[str, ...]
    directory: int
    entries: Sequence["os.DirEntry[str]"]


def walk(top: int, *, skip_unreadable: bool = False) -> Iterator[Folder]:
    """Yield every directory below an open one, parents first; omit those that vanish meanwhile."""
    ignored = (FileNotFoundError, NotADirectoryError, *([PermissionError] if skip_unreadable else []))
    pending: list[tuple[str, ...]] = [()]
    while pending:
        names = pending.pop()
        with suppress(*ignored), open_subdirectory(top, (*names, ".")) as directory:
            with os.scandir(directory) as found:
                entries = sorted(found, key=lambda entry: entry.name)
            yield Folder(names, directory, entries)
            pending.extend((*names, entry.name) for entry in reversed(entries) if is_directory(entry))


@contextmanager
def open_subdirectory(top: int, names: tuple[str, ...]) -> Iterator[int]:
    """Yield a readable descriptor of a directory below an open one."""
    parent = open_directory(top, names[:-1])
    try:
        directory = os.open(names[-1], os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)
    finally:
        os.close(parent)
    try:
        yield directory
    finally:
        os.close(directory)


@contextmanager
def open_top(path: Path) -> Iterator[int]:
    """Yield a readable descriptor of the directory at the path."""
    directory = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield directory
    finally:
        os.close(directory)


def is_directory(entry: "os.DirEntry[str]") -> bool:
    """Return whether the entry is a directory, not a link to one."""
    return entry.is_dir(follow_symlinks=False)


def measure_size(path: Path) -> int:
    """Return the bytes in the regular files below a directory; 0 if it is gone."""
    total = 0
    with suppress(FileNotFoundError), open_top(path) as directory:
        for folder in walk(directory, skip_unreadable=True):
            for entry in folder.entries:
                with suppress(FileNotFoundError):
                    status = entry.stat(follow_symlinks=False)
                    total += status.st_size if stat.S_ISREG(status.st_mode) else 0
    return total


def create_private_directory(path: Path) -> Path:
    """Create the directory with mode 0700, or change its mode; return its real path."""
    path.mkdir(mode=_OWNER_ONLY, parents=True, exist_ok=True)
    path.chmod(_OWNER_ONLY)
    return path.resolve()


def copy(source: Path, target: Path) -> None:
    """Copy files, directories and links with their modes and times to a new directory."""
    target.mkdir(parents=True)
    copied: list[tuple[tuple[str, ...], os.stat_result]] = []
    with open_top(source) as old, open_top(target) as new:
        for folder in walk(old):
            copied.append((folder.names, os.fstat(folder.directory)))
            with open_subdirectory(new, (*folder.names, ".")) as directory:
                for entry in folder.entries:
                    with suppress(FileNotFoundError):
                        _copy_entry(entry, folder.directory, directory)
        for names, status in reversed(copied):
            with open_subdirectory(new, (*names, ".")) as directory:
                _copy_status(status, directory)


def _copy_entry(entry: "os.DirEntry[str]", source: int, target: int) -> None:
    """Copy one entry. Sockets, pipes and devices are omitted."""
    if entry.is_symlink():
        os.symlink(os.readlink(entry.name, dir_fd=source), entry.name, dir_fd=target)
    elif is_directory(entry):
        os.mkdir(entry.name, 0o700, dir_fd=target)
    elif entry.is_file(follow_symlinks=False):
        _copy_file(entry.name, source, target)


def _copy_file(name: str, source: int, target: int) -> None:
    reading = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=source)
    with open(reading, "rb", buffering=0) as old:  # noqa: PTH123 - a descriptor, not a path
        writing = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=target)
        with open(writing, "wb", buffering=0) as new:  # noqa: PTH123 - likewise
            if not _share_blocks(reading, writing):
                shutil.copyfileobj(old, new, _BLOCK_BYTES)
            _copy_status(os.fstat(reading), writing)


def _share_blocks(source: int, target: int) -> bool:
    """Try to make the target a copy-on-write clone of the source; return whether it worked."""
    from fcntl import ioctl  # noqa: PLC0415 - this module is imported on Windows, too

    try:
        ioctl(target, _FICLONE, source)
    except OSError:
        return False
    return True


def _copy_status(status: os.stat_result, target: int) -> None:
    os.fchmod(target, stat.S_IMODE(status.st_mode))
    os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))


def discard(name: str, directory: int, trash: Path) -> None:
    """Remove a directory from its open parent at once, then from the disk; the trash is on the same file system."""
    with tempfile.TemporaryDirectory(dir=trash, prefix="trash-") as emptying, open_top(Path(emptying)) as descriptor:
        os.rename(name, "0", src_dir_fd=directory, dst_dir_fd=descriptor)
        _remove_contents(descriptor)


def remove(path: Path) -> None:
    """Remove the directory at the path, to any depth."""
    with suppress(FileNotFoundError), open_top(path.parent) as parent:
        discard(path.name, parent, path.parent)


def _remove_contents(directory: int) -> None:
    """Empty a directory of directories. Deeper ones are moved up first, so that depth does not matter."""
    moved = 0
    while names := os.listdir(directory):
        for name in names:
            os.chmod(name, 0o700, dir_fd=directory)
            with open_subdirectory(directory, (name,)) as inner:
                for entry in list(os.scandir(inner)):
                    if is_directory(entry):
                        moved += 1
                        os.chmod(entry.name, 0o700, dir_fd=inner)
                        os.rename(entry.name, f"{moved}", src_dir_fd=inner, dst_dir_fd=directory)
                    else:
                        os.unlink(entry.name, dir_fd=inner)
            os.rmdir(name, dir_fd=directory)
