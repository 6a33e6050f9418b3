"""Leases of running sandboxes, so that only the last session pauses one that was resumed for it."""

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
    """Held while the sandbox is resumed or paused."""
    ref_count: int = 0
    """Sessions that are open."""
    resumed_by_us: bool = False
    """A session had to resume the sandbox, so the last one pauses it."""


_LEASES: WeakKeyDictionary[Api, dict[str, SandboxLease]] = WeakKeyDictionary()


@asynccontextmanager
async def acquire_lease(api: Api, sandbox_id: str) -> AsyncIterator[SandboxLease]:
    """Hold the lease that all sessions in the sandbox share; it is dropped after the last of them."""
    leases = _LEASES.setdefault(api, {})
    lease = leases.setdefault(sandbox_id, SandboxLease())
    lease.ref_count += 1
    try:
        yield lease
    finally:
        lease.ref_count -= 1
        if not lease.ref_count:
            del leases[sandbox_id]
