"""A process without the POSIX parts of Python: it imports the given modules and uses the emulator's control plane.

Run it as a program: it removes names from the standard library for the whole process.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import signal
import socket
import sys
from types import ModuleType

import httpx

OWN_PACKAGES = ("neev_emulator", "neev_provider", "pulumi_neev", "pytest_neev_emulator")
POSIX_MODULES = ("fcntl", "grp", "pty", "pwd", "resource", "termios", "tty")
WINDOWS_MODULES = ("_winapi", "msvcrt")
POSIX_NAMES: dict[ModuleType, tuple[str, ...]] = {
    os: (
        *("O_CLOEXEC", "O_DIRECTORY", "O_NOCTTY", "O_NOFOLLOW", "O_NONBLOCK", "chroot", "fchmod", "fork", "getegid"),
        *("geteuid", "getgid", "getpgrp", "getuid", "killpg", "mkfifo", "pidfd_open", "sched_getaffinity"),
        *("sched_setaffinity", "setsid", "statvfs", "sysconf", "tcgetpgrp", "uname"),
    ),
    signal: ("SIGCHLD", "SIGCONT", "SIGHUP", "SIGKILL", "SIGPIPE", "SIGSTOP", "SIGXFSZ", "pthread_sigmask"),
    socket: ("AF_UNIX", "recv_fds", "send_fds"),
}


def become_windows() -> None:
    """Remove the modules and names of POSIX, and name the system as Windows does."""
    for name in POSIX_MODULES:
        sys.modules[name] = ModuleType("nothing")
    for name in WINDOWS_MODULES:
        sys.modules[name] = ModuleType(name)
    for module, names in POSIX_NAMES.items():
        for name in names:
            delattr(module, name)
    sys.platform = "win32"


def forget_own_modules() -> None:
    """Remove the project's modules, so that they are imported again; libraries keep their Linux form."""
    for name in list(sys.modules):
        if name.partition(".")[0] in OWN_PACKAGES:
            del sys.modules[name]


async def use_control_plane() -> None:
    """Create a sandbox, and send it a command."""
    from neev_emulator import Backend, create_app  # noqa: PLC0415  imported after `become_windows`

    backend = Backend()
    headers = {"authorization": f"Bearer {backend.api_key}"}
    path = f"/agent/api/v1beta1/orgs/{backend.org_id}/projects/{backend.project_ids[0]}/sandboxes"
    transport = httpx.ASGITransport(create_app(backend))
    async with httpx.AsyncClient(transport=transport, base_url="http://emulator", headers=headers) as client:
        created = (await client.post(path, json={"name": "box"})).raise_for_status().json()
        backend.advance(1)
        request = {"command": "true"}
        refused = await client.post("/sandboxes-runtime/v1/exec", json=request, headers={"x-sandbox-id": created["id"]})
        assert refused.status_code == httpx.codes.NOT_IMPLEMENTED, refused.text
    await backend.close()


def import_all(names: list[str]) -> None:
    """Import the modules."""
    for name in names:
        importlib.import_module(name)


if __name__ == "__main__":
    import_all(sys.argv[1:])
    forget_own_modules()
    with asyncio.Runner() as runner:
        runner.get_loop()  # the loop keeps its Linux form, too
        become_windows()
        import_all(sys.argv[1:])
        runner.run(use_control_plane())
