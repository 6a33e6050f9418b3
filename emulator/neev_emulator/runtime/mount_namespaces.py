"""Mount namespaces: in each of them the workspace of one sandbox is /workspace, for the commands that run there."""

import errno
import os
import shutil
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from neev_emulator.runtime import mount_server
from neev_emulator.runtime.path_confinement import MOUNT

_READY = b"ready"
_SECONDS = 10.0
_LONGEST = 1 << 12


class Mounts:
    """What makes the mount namespaces of one emulator; it starts when the first one is wanted."""

    def __init__(self, directory: Path, *, nsenter: str = "nsenter", most: int = 128) -> None:
        self._directory = directory
        self._nsenter = shutil.which(nsenter)
        self._wanted = nsenter
        self._most = most
        self._open = 0
        self._turn = threading.Lock()
        self._started: _Server | str | None = None

    @property
    def missing(self) -> str | None:
        """Why this machine has none for the emulator; None where it has."""
        server = self._server()
        return server if isinstance(server, str) else None

    def namespace(self, workspace: Path) -> int:
        """Return a descriptor of a new mount namespace in which this directory is /workspace."""
        server = self._usable()
        with self._turn:
            namespace = server.namespace(workspace)
            self._open += 1
            return namespace

    def release(self, namespace: int) -> None:
        """Let go of the namespace; what runs in it goes on."""
        os.close(namespace)
        with self._turn:
            self._open -= 1

    @property
    def crowded(self) -> bool:
        """Whether there are so many that those which nobody uses should go: descriptors are few."""
        return self._open > self._most

    def entrance(self, namespace: int, directory: str) -> list[str]:
        """Return what to put before a command that is to run in the namespace, in this directory of it."""
        return self._entrance(self._usable(), namespace, directory)

    def close(self) -> None:
        """End the server; the namespaces go with their descriptors."""
        if isinstance(self._started, _Server):
            self._started.close()
        self._started = "the emulator has ended"

    def _usable(self) -> "_Server":
        server = self._server()
        if isinstance(server, str):
            raise OSError(server)
        return server

    def _server(self) -> "_Server | str":
        with self._turn:
            if self._started is None:
                self._started = self._start()
            return self._started

    def _start(self) -> "_Server | str":
        if sys.platform != "linux":
            return "only Linux has mount namespaces"
        if self._nsenter is None:
            return f"the program {self._wanted} is not there"
        server = None
        try:
            server = _Server.start(self._directory)
            self._try(server)
        except OSError as error:
            if server is not None:
                server.close()
            return error.strerror or str(error)
        return server

    def _entrance(self, server: "_Server", namespace: int, directory: str) -> list[str]:
        return [
            str(self._nsenter),
            *([] if server.users is None else [f"--user={_path(server.users)}"]),
            "--preserve-credentials",
            f"--mount={_path(namespace)}",
            f"--wdns={directory}",
            "--",
        ]

    def _try(self, server: "_Server") -> None:
        """Run a command in a namespace: an old nsenter, or a rule of the system, would show only here."""
        namespace = server.namespace(self._directory)
        try:
            command = [*self._entrance(server, namespace, MOUNT), "true"]
            trial = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)  # noqa: S603
        finally:
            os.close(namespace)
        if trial.returncode:
            raise OSError(trial.stderr.decode(errors="replace").strip().partition("\n")[0] or "nsenter fails")


@dataclass(frozen=True)
class _Server:
    process: "subprocess.Popen[bytes]"
    channel: socket.socket
    users: int | None
    """The user namespace of all the mount namespaces, if it is not that of the machine."""

    @classmethod
    def start(cls, directory: Path) -> Self:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.settimeout(_SECONDS)
        with theirs:
            process = subprocess.Popen(  # noqa: S603 - a file of this package
                [sys.executable, "-I", "-S", mount_server.__file__, str(directory)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={},
                start_new_session=True,  # Ctrl-C is for the emulator, which still has commands to end
            )
        try:
            return cls(process, ours, next(iter(_received(ours)), None))
        except OSError:
            ours.close()
            process.wait()
            raise

    def namespace(self, workspace: Path) -> int:
        self.channel.send(os.fsencode(workspace))
        if not (descriptors := _received(self.channel)):
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return descriptors[0]

    def close(self) -> None:
        self.channel.close()
        self.process.wait()
        if self.users is not None:
            os.close(self.users)


def _received(channel: socket.socket) -> list[int]:
    message, descriptors, _, _ = socket.recv_fds(channel, _LONGEST, 1)
    if message != _READY:
        raise OSError(message.decode(errors="replace") or "the server of mount namespaces ended")
    return list(descriptors)


def _path(descriptor: int) -> str:
    """Return a path of the descriptor: one that is inherited would stay open in the command."""
    return f"/proc/{os.getpid()}/fd/{descriptor}"
