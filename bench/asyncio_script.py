"""Create N sandboxes and wait for them with the official client and asyncio alone: the baseline of a pool.

The script is written as a careful user would write it. It sends as many creates at once as the client has connections.
It then reads the list every half second, which is cheaper than reading each sandbox. It keeps no state. Unlike a pool,
it cannot be run again or changed afterwards.
"""

from __future__ import annotations

import asyncio
import sys

from neevai import AsyncNeevAI

POLL_INTERVAL = 0.5
"""Seconds between two reads of the list."""
PAGE_SIZE = 100
MAX_CONCURRENCY = 64
"""Concurrent creates. The client keeps a hundred connections; a request that waits too long for one fails."""


async def main(number: int) -> None:
    """Create the requested number of sandboxes and wait until each is Ready and reachable."""
    async with AsyncNeevAI() as neev:
        lock = asyncio.Semaphore(MAX_CONCURRENCY)

        async def create(index: int) -> str:
            async with lock:
                return (await neev.sandboxes.create({"name": f"fleet-{index}"})).id

        waiting = set(await asyncio.gather(*map(create, range(number))))
        while waiting:
            await asyncio.sleep(POLL_INTERVAL)
            pages = range(1, -(-number // PAGE_SIZE) + 1)
            read = await asyncio.gather(
                *(neev.sandboxes.list(page=page, limit=PAGE_SIZE, name="fleet-") for page in pages)
            )
            items = (item for page in read for item in page.items)
            waiting -= {item.id for item in items if item.phase == "Ready" and item.addressable}


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
