"""N sandboxes created and awaited with the official client and asyncio alone: what a pool is measured beside.

It is written as a careful user would: creates side by side, as many as the client has connections for, and then one
look at the list every half second, which is cheaper than asking for each sandbox. It keeps no state and can be neither
run again nor changed afterwards: that is what a pool has beyond it.
"""

from __future__ import annotations

import asyncio
import sys

from neevai import AsyncNeevAI

POLL_INTERVAL = 0.5
"""Seconds between looks at the list."""
PAGE_SIZE = 100
MAX_CONCURRENCY = 64
"""Creates under way: the client keeps a hundred connections, and who waits too long for one gets an error."""


async def main(number: int) -> None:
    """So many sandboxes are Ready and reachable."""
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
