"""Slow work beside the loop."""

from __future__ import annotations

import asyncio
import io
import threading

import pytest

from neev_provider.core.errors import Cancelled
from neev_provider.core.threads import copy_chunks, raise_if_cancelled, run_in_thread


async def test_the_event_loop_runs_meanwhile() -> None:
    loop, come = asyncio.get_running_loop(), threading.Event()
    loop.call_later(0.01, come.set)
    assert await run_in_thread(come.wait, 20)


async def test_an_error_of_the_work_is_the_callers() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        await run_in_thread(int, "x")


async def test_cancelled_work_ends_at_its_next_checkpoint() -> None:
    begun, ended = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        try:
            while True:
                raise_if_cancelled()
        except Cancelled:
            ended.set()

    task = asyncio.ensure_future(run_in_thread(work))
    assert await run_in_thread(begun.wait, 20)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await run_in_thread(ended.wait, 20)


def test_what_is_copied_is_copied_whole_also_where_nothing_can_be_cancelled() -> None:
    content, written = b"0123456789abcdef" * (1 << 17), io.BytesIO()
    copy_chunks(io.BytesIO(content), written.write)
    assert written.getvalue() == content
