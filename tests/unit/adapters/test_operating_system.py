"""Signals, the parent process and the user's shell, on every operating system."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from typing_extensions import override

from neev_provider.adapters.shared.operating_system import format_assignment, handle_signals, watch_parent


class LoopOfWindows(asyncio.SelectorEventLoop):
    """An event loop without signal handlers, as on Windows."""

    @override
    def add_signal_handler(self, sig: int, callback: Callable[..., Any], *args: Any) -> None:  # type: ignore[override]
        raise NotImplementedError


class WindowsApi:
    """The functions of Windows, for one process with a handle."""

    SYNCHRONIZE = 0x100000
    WAIT_TIMEOUT = 258
    HANDLE = 7

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.is_running = True

    def OpenProcess(self, access: int, inherit: bool, pid: int) -> int:  # noqa: N802, FBT001  as in Windows
        assert (access, inherit) == (self.SYNCHRONIZE, False)
        if pid != self.pid:
            raise OSError("there is no such process")
        return self.HANDLE

    def WaitForSingleObject(self, handle: int, milliseconds: int) -> int:  # noqa: N802  likewise
        assert (handle, milliseconds) == (self.HANDLE, 0)
        return self.WAIT_TIMEOUT if self.is_running else 0


@contextmanager
def keep_handlers() -> Any:
    """Restore the handlers of signals afterwards."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


@pytest.mark.parametrize("create_loop", [asyncio.new_event_loop, LoopOfWindows])
def test_signals_are_handled_on_every_operating_system(create_loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    async def receive(number: signal.Signals) -> str:
        received: asyncio.Queue[str] = asyncio.Queue()
        handle_signals(
            asyncio.get_running_loop(),
            on_interrupt=lambda: received.put_nowait("interrupt"),
            on_terminate=lambda: received.put_nowait("terminate"),
        )
        signal.raise_signal(number)
        return await received.get()

    restore: AbstractContextManager[None] = keep_handlers()
    with restore, asyncio.Runner(loop_factory=create_loop) as runner:
        assert runner.run(receive(signal.SIGINT)) == "interrupt"
        assert runner.run(receive(signal.SIGTERM)) == "terminate"


def test_the_parent_is_watched_until_it_exits_on_windows() -> None:
    windows = WindowsApi(os.getppid())
    is_running = watch_parent(windows)
    assert is_running()
    windows.is_running = False
    assert not is_running()


def test_a_parent_that_exited_earlier_is_not_running_on_windows() -> None:
    assert not watch_parent(WindowsApi(0))()


def test_the_parent_of_the_tests_is_running() -> None:
    assert watch_parent()()


@pytest.mark.parametrize(
    ("powershell", "line"), [(False, """NAME='it'"'"'s {"a": 1}'"""), (True, """$env:NAME = 'it''s {"a": 1}'""")]
)
def test_an_assignment_has_the_syntax_of_the_shell(powershell: bool, line: str) -> None:  # noqa: FBT001
    assert format_assignment("NAME", """it's {"a": 1}""", powershell=powershell) == line
