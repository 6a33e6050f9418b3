"""Who is inside which sandbox, so that only the last to leave puts it back to sleep."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Room:
    """A sandbox with people in it."""

    door: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while somebody looks whether it sleeps, wakes it, or puts it back to sleep."""
    people: int = 0
    woken: bool = False
    """Somebody had to wake it, so it is put back to sleep."""


class Rooms:
    """The sandboxes that operations of this process are inside of."""

    def __init__(self) -> None:
        self._rooms: dict[str, Room] = {}

    @asynccontextmanager
    async def inside(self, id: str) -> AsyncIterator[Room]:
        """Enter the sandbox's room; it is kept for as long as anyone is in it."""
        room = self._rooms.setdefault(id, Room())
        room.people += 1
        try:
            yield room
        finally:
            room.people -= 1
            if not room.people:
                del self._rooms[id]
