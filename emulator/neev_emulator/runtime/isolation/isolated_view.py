"""A sandbox as its commands see it with isolation."""

import asyncio
import functools
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from neev_emulator.runtime.errors import translate_os_errors
from neev_emulator.runtime.isolation.egress_proxy import EgressPolicy, EgressProxy, Network, Streams
from neev_emulator.runtime.isolation.memory import end_largest_beyond
from neev_emulator.runtime.isolation.namespaces import Isolation, Limits, Namespaces
from neev_emulator.runtime.path_confinement import MOUNT, Workspace
from neev_emulator.runtime.process import Command
from neev_emulator.runtime.program_lookup import check_runnable, find_host_path

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PROXY_PORT = 3128
_PROXY_URL = f"http://127.0.0.1:{_PROXY_PORT}"
_DIRECT_HOSTS = "localhost,127.0.0.1,::1"
_MEMORY_CHECK_INTERVAL = 1.0


@dataclass(frozen=True)
class Confinement:
    """How to isolate one sandbox; limits and policy are read when they are needed."""

    isolation: Isolation
    get_limits: Callable[[], Limits]
    get_policy: Callable[[], EgressPolicy]
    network: Network = field(default_factory=Network)


class IsolatedView:
    """The namespaces of a sandbox; they start with its first command and end with `close`."""

    def __init__(self, workspace: Workspace, confinement: Confinement) -> None:
        self._workspace = workspace
        self._confinement = confinement
        self._namespaces: Namespaces | None = None
        self._inode = 0
        self._memory_task: asyncio.Task[None] | None = None
        self._proxy: EgressProxy | None = None

    def build_environment(self, env: Mapping[str, str]) -> Mapping[str, str]:
        """Return the variables for the commands; none of them is the machine's."""
        base = {"PATH": _PATH, "HOME": MOUNT, "LANG": "C.UTF-8"}
        for name, value in (
            ("http_proxy", _PROXY_URL),
            ("https_proxy", _PROXY_URL),
            ("all_proxy", _PROXY_URL),
            ("no_proxy", _DIRECT_HOSTS),
        ):
            base |= {name: value, name.upper(): value}
        return base | dict(env)

    def build_command(
        self, program: str, args: Sequence[str], *, cwd: str | None, env: Mapping[str, str], stdin: bytes | None
    ) -> Command:
        """Return the command that runs the program in the workspace or in `cwd`."""
        directory = self._workspace.resolve_directory(cwd)
        with translate_os_errors(program):
            namespaces = self._open()
            find_path = functools.partial(find_host_path, self._workspace, root=f"/proc/{namespaces.pid}/root")
            check_runnable(program, directory, env.get("PATH", os.defpath), find_path)
            inner_directory = f"{MOUNT}/{directory.relative_to(self._workspace.root)}"
            prefix = namespaces.build_prefix(inner_directory, self._confinement.get_limits())
        return Command(program, args, directory, {f"_{name}": value for name, value in env.items()}, stdin, prefix)

    def find_processes(self, _managed: Collection[int]) -> set[int]:
        """Return the processes of the sandbox."""
        return set() if self._namespaces is None else set(self._namespaces.find_pids())

    async def connect(self, port: int) -> Streams:
        """Return a connection to the port of the sandbox's 127.0.0.1."""
        namespaces = self._namespaces
        if namespaces is None:
            raise ConnectionRefusedError
        connected = await asyncio.to_thread(namespaces.connect, port)
        return await asyncio.open_connection(sock=connected)

    def limit_memory(self, managed: Collection[int]) -> None:
        """Hold the processes of the sandbox to its memory together, as long as there are any."""
        if self._memory_task is None or self._memory_task.done():
            self._memory_task = asyncio.get_running_loop().create_task(self._limit_memory(managed))

    def release_if_crowded(self) -> None:
        """Do nothing: the namespaces contain the sandbox's /tmp."""

    def close(self) -> None:
        """End the namespaces and every connection."""
        if self._proxy is not None:
            self._proxy.close()
        if self._memory_task is not None:
            self._memory_task.cancel()
        if self._namespaces is not None:
            self._namespaces.close()
        self._namespaces = self._proxy = self._memory_task = None

    async def _limit_memory(self, managed: Collection[int]) -> None:
        pids: Collection[int] = ()
        while managed or pids:
            await asyncio.sleep(_MEMORY_CHECK_INTERVAL)
            pids = await asyncio.to_thread(self.find_processes, ())
            await asyncio.to_thread(end_largest_beyond, self._confinement.get_limits().memory_bytes, pids)

    def _open(self) -> Namespaces:
        inode = self._workspace.root.stat().st_ino  # a rollback replaces the directory of the workspace
        if self._namespaces is not None and self._namespaces.is_open and self._inode == inode:
            return self._namespaces
        self.close()
        confinement, self._inode = self._confinement, inode
        namespaces = confinement.isolation.open(self._workspace.root, confinement.get_limits())
        try:
            listener = namespaces.prepare(_PROXY_PORT)
        except BaseException:
            namespaces.close()
            raise
        self._namespaces, self._proxy = namespaces, EgressProxy(confinement.get_policy, confinement.network)
        self._proxy.start(listener)
        return namespaces
