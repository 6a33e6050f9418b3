"""What the commands of a sandbox see of its files: its workspace is /workspace for them, as it is for callers."""

import errno
import os
import re
import stat
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from neev_emulator.runtime.errors import RuntimeFailure, refusing_os_errors
from neev_emulator.runtime.mount_namespaces import Mounts
from neev_emulator.runtime.path_confinement import MOUNT, Workspace
from neev_emulator.runtime.process import Command, program_not_found

_NAMED = re.compile(rf"(?<![\w./-]){MOUNT}(?![\w.-])")
_FORMATS = (b"#!", b"\x7fELF")


class View:
    """The workspace as commands find it: at /workspace where there are mount namespaces, else by its real path.

    By its real path means that /workspace in arguments and variables is replaced before the command starts; what a
    file of the sandbox says of /workspace is not.
    """

    def __init__(self, confined: Workspace, mounts: Mounts | None) -> None:
        self._confined = confined
        self._mounts = mounts
        self._namespaces: dict[int, int] = {}

    @property
    def home(self) -> str:
        """The path of the workspace."""
        return str(self._confined.root) if self._usable is None else MOUNT

    def variables(self, env: Mapping[str, str]) -> Mapping[str, str]:
        """Return the variables as the commands are to have them."""
        return env if self._usable else {name: self._real(value) for name, value in env.items()}

    def command(
        self, program: str, args: Sequence[str], *, cwd: str | None, env: Mapping[str, str], stdin: bytes | None
    ) -> Command:
        """Return the command that runs this program in the workspace, or in cwd."""
        directory = self._confined.directory(cwd)
        mounts = self._usable
        if mounts is None:
            return Command(self._real(program), [self._real(each) for each in args], directory, env, stdin)
        with refusing_os_errors(program):
            self._check_runnable(program, directory, env.get("PATH", os.defpath))
            inside = f"{MOUNT}/{directory.relative_to(self._confined.root)}"
            entrance = mounts.entrance(self._namespace(mounts), inside)
        return Command(program, args, directory, env, stdin, entrance)

    def rest(self) -> None:
        """Note that no command is on its way into the sandbox or runs there."""
        if self._mounts is not None and self._mounts.crowded:
            self.close()

    def close(self) -> None:
        """Let go of the namespaces; to be called when no command is on its way there any more."""
        while self._mounts is not None and self._namespaces:
            self._mounts.release(self._namespaces.popitem()[1])

    @property
    def _usable(self) -> Mounts | None:
        return None if self._mounts is None or self._mounts.missing else self._mounts

    def _namespace(self, mounts: Mounts) -> int:
        # A rollback puts another directory in the place of the workspace.
        inode = self._confined.root.stat().st_ino
        if inode not in self._namespaces:
            self._namespaces[inode] = mounts.namespace(self._confined.root)
        return self._namespaces[inode]

    def _real(self, text: str) -> str:
        return _NAMED.sub(lambda _: str(self._confined.root), text)

    def _check_runnable(self, program: str, directory: Path, path: str) -> None:
        """Refuse what the system would refuse to run: nsenter, which is asked instead, could only exit."""
        names = [program] if "/" in program else [f"{folder or '.'}/{program}" for folder in path.split(os.pathsep)]
        refusal: Exception = program_not_found(program)
        for name in names:
            with suppress(FileNotFoundError, NotADirectoryError):
                place = self._place(str(directory / name))
                if place is None or place.is_symlink():
                    return  # where it leads is another thing in the namespace
                status = place.stat()
                if not stat.S_ISREG(status.st_mode) or not os.access(place, os.X_OK):
                    refusal = OSError(errno.EACCES, os.strerror(errno.EACCES))
                elif not _has_format(place):
                    refusal = OSError(errno.ENOEXEC, os.strerror(errno.ENOEXEC))
                else:
                    return
        raise refusal

    def _place(self, path: str) -> Path | None:
        """Return where the path leads to outside of the namespace; None where only the namespace can tell."""
        if not f"{path}/".startswith((f"{MOUNT}/", f"{self._confined.root}/")):
            return Path(path)
        try:
            with self._confined.at(path) as place:
                return self._confined.root.joinpath(*place.parts)
        except RuntimeFailure:
            return None


def _has_format(program: Path) -> bool:
    try:
        with program.open("rb") as file:
            return file.read(4).startswith(_FORMATS)
    except PermissionError:  # it can be run all the same
        return True
