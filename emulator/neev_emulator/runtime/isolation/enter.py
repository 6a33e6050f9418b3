"""A program that enters the namespaces of a sandbox: `python -I -S enter.py prepare|run|connect PID ...`.

PID is a process of the sandbox. Only a process with one thread can enter a user namespace.

- `prepare PID PORT` completes a new sandbox: it makes the files of devices read-only, which bubblewrap cannot, and
  sends a socket that listens on the port of the sandbox's 127.0.0.1 over the socket that is stdin.
- `run PID DIRECTORY DATA_BYTES CORES PROGRAM [ARGUMENT...]` runs the program in all namespaces and exits as it does.
  Each variable of the environment has the prefix `_`, so that no loader uses it before the sandbox is entered.
- `connect PID PORT` sends a socket that is connected to the port, in the same way.
"""

import ctypes
import os
import resource
import signal
import socket
import stat
import sys
import warnings  # noqa: F401 - `os` imports it late, when its file is not visible any more
from collections.abc import Sequence

_LIBC = ctypes.CDLL(None, use_errno=True)
_NAMESPACES = ("user", "mnt", "pid", "net", "ipc", "uts", "cgroup")
_SET_NO_NEW_PRIVILEGES = 38
_KEYCTL = {"x86_64": 250, "aarch64": 219}
"""The number of the system call, which the C library does not offer, by machine."""
_JOIN_SESSION_KEYRING = 1
_READ_ONLY, _REMOUNT, _BIND = 0x1, 0x20, 0x1000
_RELATIVE_TIMES, _STATUS_RELATIVE_TIMES = 1 << 21, 0x1000
"""The one flag of mounts that has two values: to set it, and in the status of a file system."""
_LOOPBACK = "127.0.0.1"
_IGNORED_BY_PYTHON = (signal.SIGPIPE, signal.SIGXFSZ)


def main(mode: str, pid: str, *arguments: str) -> int:
    """Do what the mode says; return the exit code."""
    try:
        if mode == "run":
            return _run(pid, *arguments)
        open_socket = _prepare if mode == "prepare" else _connect
        with open_socket(pid, int(arguments[0])) as opened:
            socket.send_fds(socket.socket(fileno=0), [b"ready"], [opened.fileno()])
    except OSError as error:
        sys.stderr.write(f"{error.filename or mode}: {error.strerror}\n")
        return 126
    return 0


def leave_session_keyring() -> None:
    """Give this thread, and what it starts, an empty session keyring: the user's may contain credentials."""
    if number := _KEYCTL.get(os.uname().machine):
        _LIBC.syscall(number, _JOIN_SESSION_KEYRING, None)


def _run(pid: str, directory: str, data_bytes: str, cores: str, *command: str) -> int:
    """Return the command's exit code, or 128 plus the number of the signal that ended it."""
    environment = {name[1:]: value for name, value in os.environ.items() if name.startswith("_")}
    resource.setrlimit(resource.RLIMIT_DATA, (int(data_bytes), int(data_bytes)))
    os.sched_setaffinity(0, {int(core) for core in cores.split(",")})
    _enter(pid, _NAMESPACES)
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    child = os.fork()  # only a child is in the new process namespace
    if not child:
        _execute(directory, command, environment)
    # The group gets every signal, and with it the child, which decides what to do.
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD}:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, signal.valid_signals())
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return status if status >= 0 else 128 - status


def _execute(directory: str, command: tuple[str, ...], environment: dict[str, str]) -> None:
    """Replace this process by the command; its user is not root there, so that it has no capability."""
    try:
        leave_session_keyring()
        _raise_on_error(_LIBC.prctl(_SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0))
        os.chdir(directory)
        if stat.S_ISCHR(os.fstat(0).st_mode):  # the machine's null device, which is not read-only
            os.dup2(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC), 0)
        for number in _IGNORED_BY_PYTHON:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signal.valid_signals())
        os.execvpe(command[0], command, environment)  # noqa: S606 - no shell is wanted
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
        os._exit(126)


def _enter(pid: str, names: Sequence[str]) -> None:
    """Enter these namespaces of the process; the first one gives the permission for the others."""
    descriptors = [os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY | os.O_CLOEXEC) for name in names]
    for descriptor in descriptors:
        _raise_on_error(_LIBC.setns(descriptor, 0))


def _prepare(pid: str, port: int) -> socket.socket:
    _enter(pid, ("user", "net", "mnt"))
    # They are the machine's: if root owns both, a command could change their mode. Data can be written all the same.
    for device in os.scandir("/dev"):
        if stat.S_ISCHR(device.stat(follow_symlinks=False).st_mode):
            flags = os.statvfs(device.path).f_flag
            kept = flags & ~_STATUS_RELATIVE_TIMES | (_RELATIVE_TIMES if flags & _STATUS_RELATIVE_TIMES else 0)
            options = ctypes.c_ulong(kept | _REMOUNT | _BIND | _READ_ONLY)
            _raise_on_error(_LIBC.mount(None, os.fsencode(device.path), None, options, None))
    return socket.create_server((_LOOPBACK, port), backlog=128)


def _connect(pid: str, port: int) -> socket.socket:
    _enter(pid, ("user", "net"))
    return socket.create_connection((_LOOPBACK, port))


def _raise_on_error(result: int) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
