"""Detection of the engine's exit, for the processes that it starts."""

from __future__ import annotations

import asyncio
import contextlib

ENGINE_POLL_INTERVAL = 1.0
"""Seconds until the next connection to an engine that cannot be reached."""
READ_BYTES = 65536
"""Bytes of one read; the engine sends a greeting and nothing else."""


async def wait_for_engine_exit(address: str) -> None:
    """Wait until the engine at the address is gone."""
    host, _, port = address.rpartition(":")
    failures = 0
    while failures < 2:  # noqa: PLR2004  one failure may be temporary
        try:
            reader, writer = await asyncio.open_connection(host.strip("[]"), int(port))
        except OSError:
            failures += 1
        else:
            failures = 0
            # the engine closes an idle connection after two minutes, and its exit closes it at once
            with contextlib.suppress(OSError):
                while await reader.read(READ_BYTES):
                    pass
            writer.close()
        await asyncio.sleep(ENGINE_POLL_INTERVAL)
