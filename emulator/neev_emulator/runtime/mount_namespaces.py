"""Mount namespaces, in which the workspace of a sandbox is /workspace for its commands."""

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

from neev_emulator.operating_system import IS_LINUX
from neev_emulator.runtime import mount_server
from neev_emulator.runtime.path_confinement import MOUNT

_READY = b"ready"
_RESPONSE_TIMEOUT = 10.0
_MAX_MESSAGE_BYTES = 1 << 12


class MountNamespaces:
    """The mount namespaces of one emulator. The server process starts with the first use."""

    def __init__(self, directory: Path, *, nsenter: str = "nsenter", max_open: int = 128) -> None:
        self._directory = directory
        self._nsenter = shutil.which(nsenter)
        self._nsenter_name = nsenter
        self._max_open = max_open
        self._open = 0
        self._lock = threading.Lock()
        self._server_or_reason: _Server | str | None = None

    @property
    def unavailable_reason(self) -> str | None:
        """Return why this machine has no mount namespaces for the emulator; None if it has."""
        server = self._get_server()
        return server if isinstance(server, str) else None

    def create_namespace(self, workspace: Path) -> int:
        """Return a descriptor of a new mount namespace in which the directory is /workspace."""
        server = self._require_server()
        with self._lock:
            namespace = server.create_namespace(workspace)
            self._open += 1
            return namespace

    def release(self, namespace: int) -> None:
        """Close the namespace; processes in it continue."""
        os.close(namespace)
        with self._lock:
            self._open -= 1

    @property
    def is_over_limit(self) -> bool:
        """Return whether unused namespaces should be closed to save descriptors."""
        return self._open > self._max_open

    def build_prefix(self, namespace: int, directory: str) -> list[str]:
        """Return the arguments before a command that runs it in this directory of the namespace."""
        return self._build_prefix(self._require_server(), namespace, directory)

    def close(self) -> None:
        """End the server process; each namespace ends with its descriptor."""
        if isinstance(self._server_or_reason, _Server):
            self._server_or_reason.close()
        self._server_or_reason = "the emulator is closed"

    def _require_server(self) -> "_Server":
        server = self._get_server()
        if isinstance(server, str):
            raise OSError(server)
        return server

    def _get_server(self) -> "_Server | str":
        with self._lock:
            if self._server_or_reason is None:
                self._server_or_reason = self._start_server()
            return self._server_or_reason

    def _start_server(self) -> "_Server | str":
        if not IS_LINUX:
            return "only Linux has mount namespaces"
        if self._nsenter is None:
            return f"the program {self._nsenter_name} is not installed"
        server = None
        try:
            server = _Server.start(self._directory)
            self._verify(server)
        except OSError as error:
            if server is not None:
                server.close()
            return error.strerror or str(error)
        return server

    def _build_prefix(self, server: "_Server", namespace: int, directory: str) -> list[str]:
        return [
            str(self._nsenter),
            *([] if server.user_namespace is None else [f"--user={_descriptor_path(server.user_namespace)}"]),
            "--preserve-credentials",
            f"--mount={_descriptor_path(namespace)}",
            f"--wdns={directory}",
            "--",
        ]

    def _verify(self, server: "_Server") -> None:
        """Run a command in a namespace: only this shows an old nsenter or a restriction of the system."""
        namespace = server.create_namespace(self._directory)
        try:
            command = [*self._build_prefix(server, namespace, MOUNT), "true"]
            result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)  # noqa: S603
        finally:
            os.close(namespace)
        if result.returncode:
            raise OSError(result.stderr.decode(errors="replace").strip().partition("\n")[0] or "nsenter fails")


@dataclass(frozen=True)
class _Server:
    process: "subprocess.Popen[bytes]"
    channel: socket.socket
    user_namespace: int | None
    """The user namespace of the mount namespaces; None if it is the machine's."""

    @classmethod
    def start(cls, directory: Path) -> Self:
        channel, remote = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        channel.settimeout(_RESPONSE_TIMEOUT)
        with remote:
            process = subprocess.Popen(  # noqa: S603 - a file of this package
                [sys.executable, "-I", "-S", mount_server.__file__, str(directory)],
                stdin=remote.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={},
                start_new_session=True,  # Ctrl-C is for the emulator, which has to end commands first
            )
        try:
            return cls(process, channel, next(iter(_receive_descriptors(channel)), None))
        except OSError:
            channel.close()
            process.wait()
            raise

    def create_namespace(self, workspace: Path) -> int:
        self.channel.send(os.fsencode(workspace))
        if not (descriptors := _receive_descriptors(self.channel)):
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return descriptors[0]

    def close(self) -> None:
        self.channel.close()
        self.process.wait()
        if self.user_namespace is not None:
            os.close(self.user_namespace)


def _receive_descriptors(channel: socket.socket) -> list[int]:
    message, descriptors, _, _ = socket.recv_fds(channel, _MAX_MESSAGE_BYTES, 1)
    if message != _READY:
        raise OSError(message.decode(errors="replace") or "the mount server ended")
    return list(descriptors)


def _descriptor_path(descriptor: int) -> str:
    """Return a path of the descriptor; an inherited descriptor would stay open in the command."""
    return f"/proc/{os.getpid()}/fd/{descriptor}"
