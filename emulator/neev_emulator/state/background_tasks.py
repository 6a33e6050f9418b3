"""Work that nobody waits for, until the emulator stops."""

import asyncio
from collections.abc import Coroutine


class BackgroundTasks:
    """Tasks that run in the background, each kept until it is done."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, coroutine: Coroutine[None, None, None]) -> None:
        """The work is under way."""
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def join(self) -> None:
        """No work is left."""
        while self._tasks:
            await asyncio.gather(*self._tasks)
