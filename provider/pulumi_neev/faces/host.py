"""Two adaptations of Pulumi's dynamic host, made from inside it: more work side by side, and errors without tracebacks.

The host (``pulumi.dynamic.__main__``) runs four operations at a time and answers every exception with its traceback.
Neither can be configured, and the names touched here are private to it: each is looked at before it is used, and where
the host is another, nothing is changed and everything still works, four at a time. Engine tests hold both.
"""

from __future__ import annotations

import sys
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any

from pulumi_neev.core.errors import NeevError

WORKERS = 512
"""Operations side by side at most; the engine's ``--parallel`` decides how many there are."""


def widen() -> None:
    """The host's pool takes ``WORKERS`` operations at a time; to be called on one of its worker threads."""
    arguments = getattr(threading.current_thread(), "_args", None) or (None,)
    pool = arguments[0]() if callable(arguments[0]) else None
    if isinstance(pool, ThreadPoolExecutor) and isinstance(getattr(pool, "_max_workers", None), int):
        pool._max_workers = max(pool._max_workers, WORKERS)  # noqa: SLF001  the module says why


def speak_plainly() -> None:
    """The host answers our errors with their own words; every other exception keeps its traceback."""
    host: Any = sys.modules.get("__main__")
    if getattr(host, "traceback", None) is traceback and hasattr(host, "_abort_with_traceback"):
        host.traceback = _PlainTraceback("traceback")


class _PlainTraceback(ModuleType):
    """The ``traceback`` module as far as the host uses it."""

    def format_exc(self) -> str:
        """The text of the exception being handled."""
        error = sys.exception()
        return str(error) if isinstance(error, NeevError) else traceback.format_exc()

    def __getattr__(self, name: str) -> Any:
        return getattr(traceback, name)
