"""What differs between operating systems for a provider's process: signals, its parent, and the shell of its user."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from types import FrameType
from typing import Any, Final

IS_WINDOWS: Final = sys.platform == "win32"
WINDOWS_API: Final[Any] = import_module("_winapi") if IS_WINDOWS else None
"""The functions of Windows that the standard library uses itself; None elsewhere."""


def handle_signals(
    loop: asyncio.AbstractEventLoop, *, on_interrupt: Callable[[], None], on_terminate: Callable[[], None]
) -> None:
    """Call a function in the loop for each Ctrl-C and Ctrl-Break, and for each request of the system to end."""
    # Pulumi's engine sends SIGINT, but on Windows Ctrl-Break, which only Windows has
    for name, handler in {"SIGINT": on_interrupt, "SIGBREAK": on_interrupt, "SIGTERM": on_terminate}.items():
        number = getattr(signal, name, None)
        if number is not None:
            _handle_signal(loop, number, handler)


def watch_parent(windows_api: Any = WINDOWS_API) -> Callable[[], bool]:
    """Return a function that returns whether the parent process of this moment still runs."""
    parent = os.getppid()
    if windows_api is None:
        return lambda: os.getppid() == parent
    # Windows gives an orphan no other parent, and may give the id of one that ended to another process
    try:
        process = windows_api.OpenProcess(windows_api.SYNCHRONIZE, False, parent)  # noqa: FBT003  inherited by no child
    except OSError:
        return lambda: False
    return lambda: bool(windows_api.WaitForSingleObject(process, 0) == windows_api.WAIT_TIMEOUT)


def format_assignment(name: str, value: str, *, powershell: bool = IS_WINDOWS) -> str:
    """Return the line that assigns the variable in the user's shell: in PowerShell on Windows, else in any other."""
    if powershell:
        quoted = value.replace("'", "''")
        return f"$env:{name} = '{quoted}'"
    return f"{name}={shlex.quote(value)}"


def _handle_signal(loop: asyncio.AbstractEventLoop, number: int, handler: Callable[[], None]) -> None:
    def call_in_loop(_number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(handler)

    try:
        loop.add_signal_handler(number, handler)
    except NotImplementedError:  # the loops of Windows
        signal.signal(number, call_in_loop)
