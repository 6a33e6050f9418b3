"""Waiting for the exit of a process without a pidfd."""

import asyncio
import subprocess

from neev_emulator.runtime.process import wait_in_thread


async def test_a_thread_waits_for_a_process_without_pidfd_support() -> None:
    process = subprocess.Popen(["sh", "-c", "exit 3"])  # noqa: ASYNC220 - the test waits for it
    ended = asyncio.Event()
    wait_in_thread(process, asyncio.get_running_loop(), ended.set)
    await ended.wait()
    assert process.returncode == 3
