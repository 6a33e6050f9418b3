"""The namespaces of isolated sandboxes, created by bubblewrap."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import IO, cast

from neev_emulator.operating_system import IS_LINUX
from neev_emulator.runtime.isolation.root_files import USER_ID, build_root

_NAMESPACES = ("user", "ipc", "pid", "net", "uts", "cgroup")
_KEEPER = "echo ready; exec sleep infinity"
_READY = b"ready\n"
_INSTALL_HINT = "install the package bubblewrap (`apt-get install bubblewrap`, `dnf install bubblewrap`)"
_SYSCTLS = (
    ("kernel/unprivileged_userns_clone", "0", "1"),
    ("kernel/apparmor_restrict_unprivileged_userns", "1", "0"),
    ("user/max_user_namespaces", "0", "10000"),
)
"""Settings of the system: the name, the value that forbids user namespaces, and one that permits them."""


class IsolationUnavailableError(Exception):
    """This machine cannot isolate sandboxes."""


@dataclass(frozen=True)
class Limits:
    """The size of a sandbox."""

    cores: float
    memory_bytes: int


_PROBE_LIMITS = Limits(cores=1, memory_bytes=1 << 30)


class Isolation:
    """Creates the namespaces of sandboxes. Raises `IsolationUnavailableError` if this machine cannot."""

    def __init__(self, *, bwrap: str = "bwrap") -> None:
        if not IS_LINUX:
            raise IsolationUnavailableError("only Linux can isolate sandboxes")
        program = shutil.which(bwrap)
        if program is None:
            raise IsolationUnavailableError(f"the program {bwrap} is not installed: {_INSTALL_HINT}")
        self._bwrap = program
        self._first_cores = count()
        self._verify()

    def open(self, workspace: Path, limits: Limits) -> "Namespaces":
        """Create namespaces in which the directory is /workspace. Call it in the thread of the event loop.

        They end with that thread.
        """
        from neev_emulator.runtime.isolation import enter  # noqa: PLC0415 - only Linux can import it

        enter.leave_session_keyring()  # of this thread: bubblewrap, and later each command, would inherit the user's
        root = build_root(workspace, limits.memory_bytes)
        process, pid = _start(self._bwrap, [*_isolate(), *root])
        return Namespaces(process, pid, next(self._first_cores))

    def _verify(self) -> None:
        """Run a command in namespaces: only this shows a restriction of the system."""
        try:
            namespaces = self.open(Path("/usr"), _PROBE_LIMITS)
        except OSError as error:
            raise IsolationUnavailableError(explain(error.strerror or str(error))) from None
        command = [*namespaces.build_prefix("/", _PROBE_LIMITS), "/usr/bin/true"]
        result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, env={}, check=False)  # noqa: S603
        namespaces.close()
        if result.returncode:
            raise IsolationUnavailableError(explain(result.stderr.decode(errors="replace")))


class Namespaces:
    """The namespaces of one sandbox."""

    def __init__(self, process: "subprocess.Popen[bytes]", pid: int, first_core: int) -> None:
        self.pid = pid
        """The first process of the sandbox, as the machine counts."""
        self._process = process
        self._first_core = first_core
        self._processes = _read_namespace(pid)
        self._keepers: frozenset[int] = frozenset()
        self._keepers = frozenset(self.find_pids())

    @property
    def is_open(self) -> bool:
        """Return whether the namespaces exist; a command can end them by killing everything."""
        return self._process.poll() is None

    def build_prefix(self, directory: str, limits: Limits) -> list[str]:
        """Return the arguments before a command that runs it in this directory with these limits.

        Each variable of its environment needs the prefix `_`.
        """
        return [
            *_enter("run", self.pid),
            directory,
            str(limits.memory_bytes),
            ",".join(map(str, self._select_cores(limits.cores))),
        ]

    def prepare(self, port: int) -> socket.socket:
        """Complete the sandbox; return a socket that listens on the port of its 127.0.0.1 and does not block."""
        return self._receive_socket("prepare", port)

    def connect(self, port: int) -> socket.socket:
        """Return a socket that is connected to the port of the sandbox's 127.0.0.1 and does not block."""
        return self._receive_socket("connect", port)

    def _receive_socket(self, mode: str, port: int) -> socket.socket:
        channel, remote = socket.socketpair()
        with channel, remote:
            command = [*_enter(mode, self.pid), str(port)]
            result = subprocess.run(command, stdin=remote.fileno(), stderr=subprocess.PIPE, env={}, check=False)  # noqa: S603
            if result.returncode:
                raise ConnectionError(result.stderr.decode(errors="replace").strip())
            opened = socket.socket(fileno=socket.recv_fds(channel, len(_READY), 1)[1][0])
            opened.settimeout(0)
            return opened

    def find_pids(self) -> Iterator[int]:
        """Yield the processes of commands."""
        for name in os.listdir("/proc"):  # noqa: PTH208 - names by the hundred, not paths
            if name.isdecimal() and _read_namespace(int(name)) == self._processes and int(name) not in self._keepers:
                yield int(name)

    def close(self) -> None:
        """End every process in the namespaces, and with them the namespaces."""
        self._process.kill()  # bubblewrap's first process ends with it
        self._process.wait()

    def _select_cores(self, number: float) -> list[int]:
        """Return the cores of the sandbox; sandboxes begin with different ones."""
        cores = sorted(os.sched_getaffinity(0))
        size = min(max(1, -int(-number // 1)), len(cores))
        return [cores[(self._first_core + index) % len(cores)] for index in range(size)]


def _isolate() -> list[str]:
    user = ("--uid", str(USER_ID), "--gid", str(USER_ID))
    unshare = [f"--unshare-{name}" for name in _NAMESPACES]
    return [*unshare, *user, "--hostname", "sandbox", "--die-with-parent", "--new-session", "--clearenv"]


def _enter(mode: str, pid: int) -> list[str]:
    return [sys.executable, "-I", "-S", str(Path(__file__).with_name("enter.py")), mode, str(pid)]


def _start(bwrap: str, options: list[str]) -> tuple["subprocess.Popen[bytes]", int]:
    """Start bubblewrap; return its process and the first process of the sandbox, when that is ready."""
    info_reader, info_writer = os.pipe()
    # Not on the command line, which the sandbox can read; nor over stdin, whose descriptor bubblewrap would use again.
    options_reader, options_writer = os.pipe()
    try:
        process = subprocess.Popen(  # noqa: S603 - bubblewrap
            [bwrap, "--args", str(options_reader), "--info-fd", str(info_writer), "--", "sh", "-c", _KEEPER],
            stdin=subprocess.PIPE,  # the null device would be the machine's, and the sandbox could change its mode
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={"PATH": os.defpath},
            pass_fds=[options_reader, info_writer],
        )
    finally:
        os.close(options_reader)
        os.close(info_writer)
    silence, output, errors = (cast("IO[bytes]", pipe) for pipe in (process.stdin, process.stdout, process.stderr))
    with silence, output, errors, os.fdopen(info_reader) as info:
        with suppress(BrokenPipeError), os.fdopen(options_writer, "w") as writer:
            writer.write("\0".join(options))
        if output.readline() != _READY:
            process.wait()
            raise OSError(errors.read().decode(errors="replace").strip())
        return process, json.load(info)["child-pid"]


def _read_namespace(pid: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/ns/pid")  # noqa: PTH115 - read by the hundred
    except OSError:  # it has ended, or is another user's
        return ""


def explain(reason: str, sysctls: Path = Path("/proc/sys")) -> str:
    """Return the reason with the settings of the system that forbid user namespaces."""
    hints = [
        f"`sysctl -w {name.replace('/', '.')}={permitting}` permits user namespaces"
        for name, forbidding, permitting in _SYSCTLS
        if (sysctls / name).exists() and (sysctls / name).read_text().strip() == forbidding
    ]
    return "; ".join([f"bubblewrap cannot create namespaces ({reason.strip().partition(chr(10))[0]})", *hints])
