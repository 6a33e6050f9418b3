"""Whether a program can be run: the error that the system would raise, for programs that another one starts."""

import errno
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from neev_emulator.runtime.errors import RuntimeApiError
from neev_emulator.runtime.path_confinement import MOUNT, Workspace
from neev_emulator.runtime.process import program_not_found

_EXECUTABLE_MAGIC = (b"#!", b"\x7fELF")


def check_runnable(program: str, directory: Path, path: str, find_path: Callable[[str], Path | None]) -> None:
    """Raise the error that the system would raise for the program, started in the directory with this `PATH`.

    `find_path` returns the path outside the sandbox; None if only the sandbox can resolve it.
    """
    names = [program] if "/" in program else [f"{folder or '.'}/{program}" for folder in path.split(os.pathsep)]
    error: Exception = program_not_found(program)
    for name in names:
        with suppress(FileNotFoundError, NotADirectoryError):
            host_path = find_path(str(directory / name))
            if host_path is None or host_path.is_symlink():
                return  # the link has another target in the sandbox
            status = host_path.stat()
            if not stat.S_ISREG(status.st_mode) or not os.access(host_path, os.X_OK):
                error = OSError(errno.EACCES, os.strerror(errno.EACCES))
            elif not _has_executable_format(host_path):
                error = OSError(errno.ENOEXEC, os.strerror(errno.ENOEXEC))
            else:
                return
    raise error


def find_host_path(workspace: Workspace, path: str, *, root: str = "") -> Path | None:
    """Return the machine's path for a path of a sandbox with this root; None if only the sandbox can resolve it."""
    if not f"{path}/".startswith((f"{MOUNT}/", f"{workspace.root}/")):
        return Path(root + path)
    try:
        with workspace.resolve(path) as confined_path:
            return workspace.root.joinpath(*confined_path.parts)
    except RuntimeApiError:
        return None


def _has_executable_format(program: Path) -> bool:
    try:
        with program.open("rb") as file:
            return file.read(4).startswith(_EXECUTABLE_MAGIC)
    except PermissionError:  # it can still be executed
        return True
