"""A log line and a span for each attempt at a request."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from neev_provider.core.clock import Clock
from neev_provider.core.redaction import Redactor, redact
from neev_provider.core.tracing import trace_span

LOG_VARIABLE = "NEEV_LOG"
"""Variable that turns the log on with the value `debug`; the lines go to stderr."""

_log = logging.getLogger("neev.http")


@dataclass
class Attempt:
    """An attempt at a request, with the known properties of its response."""

    method: str
    path: str
    retry: int
    """0 for the first attempt."""
    status: int | None = None
    request_id: str | None = None


@contextmanager
def record_attempt(attempt: Attempt, *, clock: Clock, redactor: Redactor) -> Iterator[None]:
    """Log the attempt in the block with its duration, and trace it; never with headers, bodies or secrets."""

    def redact_all(text: str) -> str:
        return redact(redactor.redact(text))

    started_at = clock.monotonic()
    outcome = "cancelled"
    attributes: dict[str, str | int] = {
        "http.request.method": attempt.method,
        "url.path": attempt.path,
        "http.request.resend_count": attempt.retry,
    }
    with trace_span(attempt.method, attributes, redact_all) as set_attribute:
        try:
            yield
            outcome = f"status={attempt.status}"
            set_attribute("http.response.status_code", attempt.status or 0)
            set_attribute("neev.request_id", attempt.request_id or "-")
        except Exception as error:
            outcome = f"error={type(error).__name__}"
            raise
        finally:
            if _log.isEnabledFor(logging.DEBUG):
                seconds = clock.monotonic() - started_at
                line = f"{attempt.method} {attempt.path} {outcome} seconds={seconds:.3f}"
                _log.debug(redact_all(f"{line} request_id={attempt.request_id or '-'} retry={attempt.retry}"))


def enable_request_log() -> None:
    """Write the log of requests to stderr if `NEEV_LOG` is `debug`."""
    if os.environ.get(LOG_VARIABLE, "").lower() == "debug" and not _log.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(message)s"))
        _log.addHandler(handler)
        _log.setLevel(logging.DEBUG)
        _log.propagate = False
