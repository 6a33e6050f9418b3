"""Background tasks, which end with the emulator."""

import asyncio
from collections.abc import Coroutine


class BackgroundTasks:
    """Tasks that nothing awaits, referenced until they are done."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, coroutine: Coroutine[None, None, None]) -> None:
        """Start a background task."""
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def join(self) -> None:
        """Wait until no task is running."""
        while self._tasks:
            await asyncio.gather(*self._tasks)
