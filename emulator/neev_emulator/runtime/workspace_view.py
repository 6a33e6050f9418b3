"""A sandbox's files as its commands see them: the workspace is /workspace, as for callers."""

import asyncio
import functools
import os
import re
from collections.abc import Collection, Mapping, Sequence

from neev_emulator.runtime import process_stats
from neev_emulator.runtime.errors import translate_os_errors
from neev_emulator.runtime.mount_namespaces import MountNamespaces
from neev_emulator.runtime.path_confinement import MOUNT, Workspace
from neev_emulator.runtime.process import Command
from neev_emulator.runtime.program_lookup import check_runnable, find_host_path

_DIRECTORY_VARIABLE = "NEEV_SANDBOX_DIRECTORY"
_LOOPBACK = "127.0.0.1"
_MOUNT_PATTERN = re.compile(rf"(?<![\w./-]){MOUNT}(?![\w.-])")


class WorkspaceView:
    """The workspace for commands: at /workspace with mount namespaces, else at its real path.

    Without mount namespaces, /workspace in arguments and variables is replaced before the command starts; in the
    content of files it is not.
    """

    def __init__(self, workspace: Workspace, mounts: MountNamespaces | None) -> None:
        self._workspace = workspace
        self._mounts = mounts
        self._namespaces: dict[int, int] = {}

    def build_environment(self, env: Mapping[str, str]) -> Mapping[str, str]:
        """Return the variables for the commands: these and few others, for the emulator's own may contain secrets."""
        home = str(self._workspace.root)
        if self._usable_mounts:
            home = MOUNT
        else:
            env = {name: self._replace_mount(value) for name, value in env.items()}
        base = {"PATH": os.environ.get("PATH", os.defpath), "HOME": home, "LANG": "C.UTF-8"}
        return {**base, **env, _DIRECTORY_VARIABLE: str(self._workspace.root.parent)}

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
            find_path = functools.partial(find_host_path, self._workspace)
            check_runnable(program, directory, env.get("PATH", os.defpath), find_path)
            namespace_directory = f"{MOUNT}/{directory.relative_to(self._workspace.root)}"
            prefix = mounts.build_prefix(self._get_namespace(mounts), namespace_directory)
        return Command(program, args, directory, env, stdin, prefix)

    def find_processes(self, managed: Collection[int]) -> set[int]:
        """Return the processes of the sandbox: the managed ones and all that these have started."""
        variable = f"{_DIRECTORY_VARIABLE}={self._workspace.root.parent}"
        return {*process_stats.find_processes(variable.encode()), *managed}

    async def connect(self, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Return a connection to the port of 127.0.0.1, which all sandboxes share."""
        return await asyncio.open_connection(_LOOPBACK, port)

    def limit_memory(self, managed: Collection[int]) -> None:
        """Do nothing: without isolation there is no limit."""

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
