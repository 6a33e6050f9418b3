"""The log of served requests, and the templates of their paths."""

from collections import Counter, deque
from typing import NamedTuple

_MAX_LOG_RECORDS = 50_000
_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
_COLLECTIONS = {"sandboxes", "snapshots", "agents", "ports", "sandbox-templates", "agent-templates"}


class RequestRecord(NamedTuple):
    """One served request."""

    time: str
    method: str
    path: str
    template: str
    status: int | None
    """None if no response was sent, or if it was delayed by a fault."""
    request_id: str
    mutating: bool
    fault: str | None
    milliseconds: float
    """Milliseconds until the response started or a fault delayed it."""


class RequestLog:
    """The latest requests, and the number of requests per method and path."""

    def __init__(self) -> None:
        self.records: deque[RequestRecord] = deque(maxlen=_MAX_LOG_RECORDS)
        self.counts: Counter[str] = Counter()

    def add(self, record: RequestRecord) -> None:
        """Add a request."""
        self.records.append(record)
        self.counts[f"{record.method} {record.template}"] += 1

    def clear(self) -> None:
        """Remove all requests and counts."""
        self.records.clear()
        self.counts.clear()


def relative_path(path: str) -> str:
    """Return the path below the project, version or runtime: `/sandboxes/web/pause`, `/v1/exec`."""
    path = path.removeprefix("/agent/api/v1beta1").removeprefix("/sandboxes-runtime")
    parts = path.split("/")
    if parts[1:2] == ["orgs"] and parts[3:4] == ["projects"]:
        return "/" + "/".join(parts[5:])
    return path


def route_template(path: str) -> str:
    """Return the path with `{id}` in place of ids and names: `/sandboxes/{id}/pause`."""
    parts = path.split("/")
    return "/".join(
        "{id}" if before in _COLLECTIONS else part for before, part in zip(["", *parts], parts, strict=False)
    )


def is_mutating(method: str) -> bool:
    """Return whether a request with this method may change something."""
    return method not in _SAFE_METHODS
