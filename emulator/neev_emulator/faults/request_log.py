"""The requests that were served, and how their paths are abbreviated."""

from collections import Counter, deque
from typing import NamedTuple

_MAX_LOG_RECORDS = 50_000
_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
_COLLECTIONS = {"sandboxes", "snapshots", "agents", "ports", "sandbox-templates", "agent-templates"}


class RequestRecord(NamedTuple):
    """One request that was served."""

    time: str
    method: str
    path: str
    template: str
    status: int | None
    """Null when no answer was given, or only after a fault let the request hang."""
    request_id: str
    mutating: bool
    fault: str | None
    milliseconds: float
    """Until its answer began, or a fault held it back."""


class RequestLog:
    """The last requests, and how many there were of each kind."""

    def __init__(self) -> None:
        self.records: deque[RequestRecord] = deque(maxlen=_MAX_LOG_RECORDS)
        self.counts: Counter[str] = Counter()

    def add(self, record: RequestRecord) -> None:
        """The request is in the log."""
        self.records.append(record)
        self.counts[f"{record.method} {record.template}"] += 1

    def clear(self) -> None:
        """Nothing was served yet."""
        self.records.clear()
        self.counts.clear()


def relative_path(path: str) -> str:
    """The path below the project, the version or the runtime: `/sandboxes/web/pause`, `/v1/exec`."""
    path = path.removeprefix("/agent/api/v1beta1").removeprefix("/sandboxes-runtime")
    parts = path.split("/")
    if parts[1:2] == ["orgs"] and parts[3:4] == ["projects"]:
        return "/" + "/".join(parts[5:])
    return path


def route_template(path: str) -> str:
    """The path with `{id}` for whatever names one thing: `/sandboxes/{id}/pause`."""
    parts = path.split("/")
    return "/".join(
        "{id}" if before in _COLLECTIONS else part for before, part in zip(["", *parts], parts, strict=False)
    )


def is_mutating(method: str) -> bool:
    """Whether a call of this method may change something."""
    return method not in _SAFE_METHODS
