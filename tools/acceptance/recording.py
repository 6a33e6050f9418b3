"""What was answered to a story: statuses, shapes, enumerated values, phases and times. No other values are kept."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from tools.acceptance.phases import PhaseLog, Times
from tools.acceptance.routes import Route, parts_of, route_of, target_of
from tools.acceptance.shape import Shape

ENUMERATED = frozenset(
    {
        "phase",
        "status",
        "snapshot_type",
        "restorability",
        "drive_mode",
        "on_idle",
        "mode",
        "protocol",
        "category",
        "state",
        "type",
        "stream",
    }
)
"""Fields whose values are words of the API."""
SECRET_FIELDS = frozenset({"token", "slug", "preview_url", "gateway_token", "web_ui_url", "connect_url"})
"""Fields whose values give access."""


@dataclass(frozen=True)
class Exchange:
    """A request and its answer."""

    method: str
    path: str
    """The path below the base URL of the API, or that of a runtime from `/v1/`."""
    status: int | None
    """``None`` if there was no answer."""
    body: Any
    """The parsed JSON; a list of objects for a stream of lines."""
    times: Times
    is_filtered: bool = False
    """Whether a list was requested with a filter."""


@dataclass
class RouteRecord:
    """The answers to the requests of one route."""

    statuses: Counter[str] = field(default_factory=Counter)
    """How often each status was answered; that of an error has its code: `404 not_found`."""
    shapes: defaultdict[str, Shape] = field(default_factory=lambda: defaultdict(Shape))
    """The shape of each kind of object in the answers."""
    seconds: list[float] = field(default_factory=list)


class Recording:
    """The answers to all requests of a story. May be used by several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.routes: defaultdict[Route, RouteRecord] = defaultdict(RouteRecord)
        self.values: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        """The enumerated values by kind and field."""
        self.phases = PhaseLog()
        self.secrets: set[str] = set()
        self.requests = 0

    def add(self, exchange: Exchange) -> None:
        """Add a request and its answer."""
        with self._lock:
            self._add(exchange)

    def shape_of(self, kind: str) -> Shape:
        """Return the shape of the objects of this kind, whatever the route."""
        whole = Shape()
        for record in self.routes.values():
            if kind in record.shapes:
                whole.merge(record.shapes[kind])
        return whole

    def _add(self, exchange: Exchange) -> None:
        route, target = route_of(exchange.method, exchange.path), target_of(exchange.path)
        record, status = self.routes[route], exchange.status
        self.requests += 1
        record.seconds.append(exchange.times.received - exchange.times.sent)
        record.statuses[_describe_status(status, exchange.body)] += 1
        if status is None:
            return
        parts = list(parts_of(route, status, exchange.body))
        for part in parts:
            record.shapes[part.kind].add(part.value)
            self._collect(part.kind, part.value)
        if status < HTTPStatus.BAD_REQUEST:
            self.phases.add_answer(route, target, parts, exchange.times, is_filtered=exchange.is_filtered)
        elif status == HTTPStatus.NOT_FOUND and route.method == "GET":
            self.phases.add_not_found(route, target, exchange.times)

    def _collect(self, kind: str, value: Any) -> None:
        if isinstance(value, list):
            for item in value:
                self._collect(kind, item)
        elif isinstance(value, dict):
            for key, item in value.items():
                if isinstance(item, str) and key in ENUMERATED:
                    self.values[kind, key].add(item)
                elif isinstance(item, str) and key in SECRET_FIELDS:
                    self.secrets.add(item)
                else:
                    self._collect(kind, item)


def _describe_status(status: int | None, body: Any) -> str:
    if status is None:
        return "no answer"
    found = body if status >= HTTPStatus.BAD_REQUEST and isinstance(body, dict) else {}
    code = found.get("code") or found.get("reason_code")
    return f"{status} {code}" if isinstance(code, str) else str(status)
