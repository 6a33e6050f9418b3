"""Leases of running sandboxes. The last session pauses a sandbox that a session resumed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from neev_provider.client import Api


@dataclass
class SandboxLease:
    """A sandbox with open sessions."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Lock that is held while the sandbox is resumed or paused."""
    ref_count: int = 0
    """Number of open sessions."""
    resumed_by_us: bool = False
    """Whether a session resumed the sandbox. If so, the last session pauses it."""

    def note_resumed(self) -> None:
        """Note that a session resumed the sandbox."""
        self.resumed_by_us = True


_LEASES: WeakKeyDictionary[Api, dict[str, SandboxLease]] = WeakKeyDictionary()


@asynccontextmanager
async def acquire_lease(api: Api, sandbox_id: str) -> AsyncIterator[SandboxLease]:
    """Yield the lease that all sessions of the sandbox share. Discard it after the last session."""
    leases = _LEASES.setdefault(api, {})
    lease = leases.setdefault(sandbox_id, SandboxLease())
    lease.ref_count += 1
    try:
        yield lease
    finally:
        lease.ref_count -= 1
        if not lease.ref_count:
            del leases[sandbox_id]
