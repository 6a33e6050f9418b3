"""The root of an isolated sandbox: what of the machine it shows, as arguments of bubblewrap."""

from collections.abc import Iterator
from pathlib import Path

from neev_emulator.runtime.path_confinement import MOUNT

USER_ID = 1000
"""The user of commands, as in etc/passwd. It is not root, so that a program that starts has no capability."""

_PROGRAMS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_SETTINGS = (
    "alternatives",
    "bash.bashrc",
    "debian_version",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "localtime",
    "mime.types",
    "os-release",
    "pki/ca-trust",
    "pki/tls/cert.pem",
    "pki/tls/certs",
    "profile",
    "protocols",
    "services",
    "ssl/certs",
    "ssl/openssl.cnf",
    "terminfo",
    "timezone",
)
"""Entries of /etc without names of users and hosts, keys and passwords."""

_OWN_SETTINGS = Path(__file__).parent / "etc"
_FILES_IN_MEMORY = ("/tmp", "/dev", "/dev/shm")  # noqa: S108 - the sandbox's own
_DEVICES = ("full", "null", "random", "tty", "urandom", "zero")
_STREAMS = {"fd": "", "stdin": "/0", "stdout": "/1", "stderr": "/2"}


def build_root(workspace: Path, memory_bytes: int) -> Iterator[str]:
    """Yield the arguments that build a root with this workspace; a file system in memory has at most so many bytes."""
    yield from ("--ro-bind", "/usr", "/usr")
    for name in _PROGRAMS:
        path = Path("/", name)
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()), str(path))
        elif path.exists():
            yield from ("--ro-bind", str(path), str(path))
    for name in _SETTINGS:
        yield from ("--ro-bind-try", f"/etc/{name}", f"/etc/{name}")
    for path in _OWN_SETTINGS.iterdir():
        yield from ("--ro-bind", str(path), f"/etc/{path.name}")
    yield from ("--proc", "/proc")
    for directory in _FILES_IN_MEMORY:
        yield from ("--size", str(memory_bytes), "--tmpfs", directory)
    for name in _DEVICES:
        yield from ("--dev-bind", f"/dev/{name}", f"/dev/{name}")
    for name, target in _STREAMS.items():
        yield from ("--symlink", f"/proc/self/fd{target}", f"/dev/{name}")
    yield from ("--bind", str(workspace), MOUNT)
    # In /proc are the machine's own settings, which root can change without a capability.
    for directory in ("/proc", "/dev", "/"):
        yield from ("--remount-ro", directory)
