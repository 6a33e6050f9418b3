"""The process that creates mount namespaces: `python -I -S mount_server.py DIRECTORY`, its stdin a socket.

Only a process with one thread may enter a user namespace, and its mounts are visible to no other process. It builds a
root with every entry of `/` and a `/workspace`, mounted on DIRECTORY for a moment. For each path that it receives it
sends a descriptor of a mount namespace in which the path is `/workspace`. It ends when the socket is closed.
"""

import ctypes
import os
import socket
import sys
from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)
_NEW_MOUNTS, _NEW_USER = 0x00020000, 0x10000000
_BIND, _MOVE, _RECURSIVE, _UNBINDABLE, _SLAVE = 0x1000, 0x2000, 0x4000, 1 << 17, 1 << 19
_MOUNTS = "/proc/self/ns/mnt"
_MAX_PATH_BYTES = 1 << 16


def main(root: str, channel: socket.socket) -> None:
    """Report that the server is ready, with the user namespace if there is one, then serve paths."""
    try:
        users = _unshare()
        _build_root(root)
    except OSError as error:
        channel.send(f"{error.filename or 'mount'}: {error.strerror}".encode())
        return
    socket.send_fds(channel, [b"ready"], [os.open("/proc/self/ns/user", os.O_RDONLY)] if users else [])
    base = os.open(_MOUNTS, os.O_RDONLY)
    while path := channel.recv(_MAX_PATH_BYTES):
        try:
            namespace = _create_namespace(path, base)
        except OSError as error:
            channel.send(str(error.strerror).encode())
        else:
            socket.send_fds(channel, [b"ready"], [namespace])
            os.close(namespace)


def _unshare() -> bool:
    """Leave the machine's mount namespace; return whether that needed a user namespace."""
    user, group = os.getuid(), os.getgid()
    try:
        _raise_on_error(_LIBC.unshare(_NEW_MOUNTS))
    except PermissionError:
        _raise_on_error(_LIBC.unshare(_NEW_MOUNTS | _NEW_USER))
    else:
        return False
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        Path(f"/proc/self/{name}").write_text(text)
    return True


def _build_root(root: str) -> None:
    """Build the new root and make it `/`."""
    _mount(None, "/", flags=_RECURSIVE | _SLAVE)
    _mount("tmpfs", root, kind="tmpfs", data="mode=755")
    # Otherwise the copy of its parent would contain the whole machine again.
    _mount(None, root, flags=_UNBINDABLE)
    for entry in os.scandir("/"):
        target = Path(root + entry.path)
        if entry.is_dir(follow_symlinks=False):
            target.mkdir()
            _mount(entry.path, str(target), flags=_BIND | _RECURSIVE)
        elif entry.name == "workspace":
            continue
        elif entry.is_symlink():
            target.symlink_to(Path(entry.path).readlink())
        elif entry.is_file():
            target.touch()
            _mount(entry.path, str(target), flags=_BIND)
    Path(root, "workspace").mkdir(exist_ok=True)
    os.chdir(root)
    _mount(".", "/", flags=_MOVE)
    os.chroot(".")


def _create_namespace(path: bytes, base: int) -> int:
    """Return a descriptor of a copy of the base namespace in which the path is /workspace."""
    _raise_on_error(_LIBC.unshare(_NEW_MOUNTS))
    try:
        _mount(os.fsdecode(path), "/workspace", flags=_BIND)
        return os.open(_MOUNTS, os.O_RDONLY)
    finally:
        _raise_on_error(_LIBC.setns(base, _NEW_MOUNTS))


def _mount(
    source: str | None, target: str, *, kind: str | None = None, flags: int = 0, data: str | None = None
) -> None:
    arguments = [None if text is None else os.fsencode(text) for text in (source, target, kind, data)]
    try:
        _raise_on_error(_LIBC.mount(arguments[0], arguments[1], arguments[2], ctypes.c_ulong(flags), arguments[3]))
    except OSError as error:
        raise OSError(error.errno, error.strerror, target) from None


def _raise_on_error(result: int) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


if __name__ == "__main__":
    main(sys.argv[1], socket.socket(fileno=0))
