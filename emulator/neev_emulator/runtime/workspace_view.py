"""A sandbox's files as its commands see them: the workspace is /workspace, as for callers."""

import errno
import os
import re
import stat
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from neev_emulator.runtime.errors import RuntimeApiError, translate_os_errors
from neev_emulator.runtime.mount_namespaces import MountNamespaces
from neev_emulator.runtime.path_confinement import MOUNT, Workspace
from neev_emulator.runtime.process import Command, program_not_found

_MOUNT_PATTERN = re.compile(rf"(?<![\w./-]){MOUNT}(?![\w.-])")
_EXECUTABLE_MAGIC = (b"#!", b"\x7fELF")


class WorkspaceView:
    """The workspace for commands: at /workspace with mount namespaces, else at its real path.

    Without mount namespaces, /workspace in arguments and variables is replaced before the command starts; in the
    content of files it is not.
    """

    def __init__(self, workspace: Workspace, mounts: MountNamespaces | None) -> None:
        self._workspace = workspace
        self._mounts = mounts
        self._namespaces: dict[int, int] = {}

    @property
    def home(self) -> str:
        """Return the path of the workspace."""
        return str(self._workspace.root) if self._usable_mounts is None else MOUNT

    def build_environment(self, env: Mapping[str, str]) -> Mapping[str, str]:
        """Return the variables for the commands."""
        return env if self._usable_mounts else {name: self._replace_mount(value) for name, value in env.items()}

    def build_command(
        self, program: str, args: Sequence[str], *, cwd: str | None, env: Mapping[str, str], stdin: bytes | None
    ) -> Command:
        """Return the command that runs the program in the workspace or in `cwd`."""
        directory = self._workspace.resolve_directory(cwd)
        mounts = self._usable_mounts
        if mounts is None:
            replaced = [self._replace_mount(argument) for argument in (program, *args)]
            return Command(replaced[0], replaced[1:], directory, env, stdin)
        with translate_os_errors(program):
            self._check_runnable(program, directory, env.get("PATH", os.defpath))
            namespace_directory = f"{MOUNT}/{directory.relative_to(self._workspace.root)}"
            prefix = mounts.build_prefix(self._get_namespace(mounts), namespace_directory)
        return Command(program, args, directory, env, stdin, prefix)

    def release_if_crowded(self) -> None:
        """Close the namespaces if there are too many. No command may be starting or running."""
        if self._mounts is not None and self._mounts.is_over_limit:
            self.close()

    def close(self) -> None:
        """Close the namespaces. No command may be starting."""
        while self._mounts is not None and self._namespaces:
            self._mounts.release(self._namespaces.popitem()[1])

    @property
    def _usable_mounts(self) -> MountNamespaces | None:
        return None if self._mounts is None or self._mounts.unavailable_reason else self._mounts

    def _get_namespace(self, mounts: MountNamespaces) -> int:
        # A rollback replaces the directory of the workspace.
        inode = self._workspace.root.stat().st_ino
        if inode not in self._namespaces:
            self._namespaces[inode] = mounts.create_namespace(self._workspace.root)
        return self._namespaces[inode]

    def _replace_mount(self, text: str) -> str:
        return _MOUNT_PATTERN.sub(lambda _: str(self._workspace.root), text)

    def _check_runnable(self, program: str, directory: Path, path: str) -> None:
        """Raise the error that the system would raise for the program; nsenter would only exit."""
        names = [program] if "/" in program else [f"{folder or '.'}/{program}" for folder in path.split(os.pathsep)]
        error: Exception = program_not_found(program)
        for name in names:
            with suppress(FileNotFoundError, NotADirectoryError):
                host_path = self._find_host_path(str(directory / name))
                if host_path is None or host_path.is_symlink():
                    return  # the link has another target in the namespace
                status = host_path.stat()
                if not stat.S_ISREG(status.st_mode) or not os.access(host_path, os.X_OK):
                    error = OSError(errno.EACCES, os.strerror(errno.EACCES))
                elif not _has_executable_format(host_path):
                    error = OSError(errno.ENOEXEC, os.strerror(errno.ENOEXEC))
                else:
                    return
        raise error

    def _find_host_path(self, path: str) -> Path | None:
        """Return the path outside the namespace; None if only the namespace can resolve it."""
        if not f"{path}/".startswith((f"{MOUNT}/", f"{self._workspace.root}/")):
            return Path(path)
        try:
            with self._workspace.resolve(path) as confined_path:
                return self._workspace.root.joinpath(*confined_path.parts)
        except RuntimeApiError:
            return None


def _has_executable_format(program: Path) -> bool:
    try:
        with program.open("rb") as file:
            return file.read(4).startswith(_EXECUTABLE_MAGIC)
    except PermissionError:  # it can still be executed
        return True
