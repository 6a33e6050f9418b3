"""Wait for what an emulator or a process does in the background."""

import time
from collections.abc import Callable
from typing import TypeVar

INTERVAL_SECONDS = 0.02
TIMEOUT_SECONDS = 60
T = TypeVar("T")


def poll_until(read: Callable[[], T], is_done: Callable[[T], object]) -> T:
    """Read until the result is the expected one, and return it; fail with the last result after a minute."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not is_done(result := read()):
        assert time.monotonic() < deadline, f"after {TIMEOUT_SECONDS} s: {result}"
        time.sleep(INTERVAL_SECONDS)
    return result
