"""Blocking work in threads."""

from __future__ import annotations

import asyncio
import io
import threading

import pytest

from neev_provider.core.errors import Cancelled
from neev_provider.core.threads import copy_chunks, raise_if_cancelled, run_in_thread


async def test_the_event_loop_runs_during_work_in_a_thread() -> None:
    loop, called = asyncio.get_running_loop(), threading.Event()
    loop.call_later(0.01, called.set)
    assert await run_in_thread(called.wait, 20)


async def test_an_error_in_the_thread_is_raised_to_the_caller() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        await run_in_thread(int, "x")


async def test_cancelled_work_ends_at_its_next_checkpoint() -> None:
    started, ended = threading.Event(), threading.Event()

    def work() -> None:
        started.set()
        try:
            while True:
                raise_if_cancelled()
        except Cancelled:
            ended.set()

    task = asyncio.ensure_future(run_in_thread(work))
    assert await run_in_thread(started.wait, 20)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await run_in_thread(ended.wait, 20)


def test_copy_chunks_copies_everything_outside_of_a_thread() -> None:
    content, written = b"0123456789abcdef" * (1 << 17), io.BytesIO()
    copy_chunks(io.BytesIO(content), written.write)
    assert written.getvalue() == content
