"""What differs between operating systems, apart from the modules that only Linux or only POSIX can run.

The files and commands of sandboxes are written for POSIX (`runtime`), their isolation for Linux. On Windows the
emulator serves the control plane, and 501 to requests for a runtime.
"""

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

IS_LINUX = sys.platform == "linux"
CAN_REUSE_ADDRESS = sys.platform != "win32"
"""Whether `SO_REUSEADDR` skips the wait after a close, and lets no other process take the port."""
_NAMES = {"darwin": "macOS", "win32": "Windows"}


def explain_missing_runtime(platform: str = sys.platform) -> str | None:
    """Return why sandboxes have no files and commands on this system; None if they have."""
    if platform != "win32":
        return None
    return "sandboxes have no files and no commands on Windows; run the emulator in WSL for them"


def describe_limits(platform: str = sys.platform) -> str | None:
    """Return what the emulator lacks on this system, in one line; None if nothing."""
    if platform == "linux" or explain_missing_runtime(platform):
        return explain_missing_runtime(platform)
    return (
        f"{_NAMES.get(platform, platform)} is not Linux: there is no --isolate and no /proc, so processor and memory "
        "read 0, no port of a process is found, and a daemon that leaves its group outlives its sandbox"
    )


def forwarded_signals() -> list[signal.Signals]:
    """Return the signals of this system that end a program."""
    return [signal.Signals[name] for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)]


if sys.platform == "win32":
    import msvcrt

    DETACHED: dict[str, Any] = {"creationflags": 0x00000008 | 0x00000200}
    """The arguments of `subprocess.Popen` for a process of its own: DETACHED_PROCESS, CREATE_NEW_PROCESS_GROUP."""
    _LOCKED_OFFSET = 1 << 30  # what is locked cannot be read, so it is not in the text

    def lock(descriptor: int) -> None:
        """Lock the file, and wait for that."""
        _move_to_lock(descriptor)
        msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)

    def is_locked(descriptor: int) -> bool:
        """Return whether another process has locked the file."""
        _move_to_lock(descriptor)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return True
        return False

    def is_own(path: Path) -> bool:  # noqa: ARG001
        """Return whether this user owns the file: the folders of users are their own."""
        return True

    def is_sent_to_commands(number: int) -> bool:
        """Return whether the console sends the signal to commands, too."""
        return number in (signal.SIGINT, signal.SIGBREAK)

    def _move_to_lock(descriptor: int) -> None:
        os.lseek(descriptor, _LOCKED_OFFSET, os.SEEK_SET)

else:
    import fcntl

    DETACHED: dict[str, Any] = {"start_new_session": True}

    def lock(descriptor: int) -> None:
        """Lock the file, and wait for that."""
        fcntl.flock(descriptor, fcntl.LOCK_EX)

    def is_locked(descriptor: int) -> bool:
        """Return whether another process has locked the file."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False

    def is_own(path: Path) -> bool:
        """Return whether this user owns the file."""
        return path.stat().st_uid == os.geteuid()

    def is_sent_to_commands(number: int) -> bool:
        """Return whether the terminal sends the signal to commands, too."""
        return number == signal.SIGINT and _is_in_foreground()

    def _is_in_foreground() -> bool:
        with suppress(OSError):
            terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
            try:
                return os.tcgetpgrp(terminal) == os.getpgrp()
            finally:
                os.close(terminal)
        return False
