"""The end of a process is noticed on any system."""

import asyncio
import subprocess

from neev_emulator.runtime.process import wait_in_thread


async def test_where_there_are_no_descriptors_of_processes_a_thread_waits() -> None:
    process = subprocess.Popen(["sh", "-c", "exit 3"])  # noqa: ASYNC220 - what is waited for
    ended = asyncio.Event()
    wait_in_thread(process, asyncio.get_running_loop(), ended.set)
    await ended.wait()
    assert process.returncode == 3
