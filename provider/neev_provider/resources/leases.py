"""Who is inside which sandbox, so that only the last to leave puts it back to sleep."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class SandboxLease:
    """A sandbox with people in it."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while somebody looks whether it sleeps, wakes it, or puts it back to sleep."""
    ref_count: int = 0
    resumed_by_us: bool = False
    """Somebody had to wake it, so it is put back to sleep."""


class SandboxLeases:
    """The sandboxes that operations of this process are inside of."""

    def __init__(self) -> None:
        self._leases: dict[str, SandboxLease] = {}

    @asynccontextmanager
    async def acquire(self, id: str) -> AsyncIterator[SandboxLease]:
        """Enter the sandbox's room; it is kept for as long as anyone is in it."""
        room = self._leases.setdefault(id, SandboxLease())
        room.ref_count += 1
        try:
            yield room
        finally:
            room.ref_count -= 1
            if not room.ref_count:
                del self._leases[id]
