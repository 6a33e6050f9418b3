"""The end of the engine, as a process that it started notices it."""

from __future__ import annotations

import asyncio
import contextlib

ENGINE_POLL_INTERVAL = 1.0
"""Seconds until the next connection to an engine that cannot be reached."""
READ_BYTES = 65536


async def wait_for_engine_exit(address: str) -> None:
    """The engine that listened at the address does not any more."""
    host, _, port = address.rpartition(":")
    refused = 0
    while refused < 2:  # noqa: PLR2004  one refusal can be an accident
        try:
            reader, writer = await asyncio.open_connection(host.strip("[]"), int(port))
        except OSError:
            refused += 1
        else:
            refused = 0
            # a silent connection: the engine ends it after two minutes, and its own end is noticed at once
            with contextlib.suppress(OSError):
                while await reader.read(READ_BYTES):
                    pass
            writer.close()
        await asyncio.sleep(ENGINE_POLL_INTERVAL)
