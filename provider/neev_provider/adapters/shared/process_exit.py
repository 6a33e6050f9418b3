"""The end of a provider's process: what runs returns what it knows, and nothing keeps the process for long."""

from __future__ import annotations

import os
import threading
from typing import Final, Protocol

SHUTDOWN_GRACE: Final = 1.2
"""Seconds that operations have to return what they know; an engine kills the process after two."""
FORCED_EXIT_DELAY: Final = 0.3
"""Seconds after that in which everything else has to end."""


class Server(Protocol):
    """A gRPC server."""

    async def stop(self, grace: float | None) -> None:
        """End the calls, after the seconds of grace at the latest."""


class Servicer(Protocol):
    """What answers the engine's calls."""

    def cancel(self) -> None:
        """End every operation at once, with what exists."""

    async def aclose(self) -> None:
        """Close every connection."""


async def shut_down(server: Server, servicer: Servicer) -> None:
    """Cancel every operation, and close all connections once the responses are sent."""
    # the process ends in time also if a connection does not close
    timer = threading.Timer(SHUTDOWN_GRACE + FORCED_EXIT_DELAY, exit_now)
    timer.daemon = True
    timer.start()
    servicer.cancel()
    await server.stop(SHUTDOWN_GRACE)
    await servicer.aclose()


def exit_now() -> None:
    """End the process without waiting for threads that still import or resolve a name."""
    os._exit(0)
