"""The routes of requests: templates, the kinds of objects that they answer, and the operations that they start."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from neev_emulator.faults.request_log import relative_path, route_template

API_PREFIX = "/agent"
RUNTIME_PREFIX = "/v1/"
UPLOAD = re.compile(r"(/v1/files/uploads)/.+")
OBJECT_KINDS = ("sandboxes", "agents", "snapshots", "ports", "sandbox-templates", "agent-templates")
"""The collections whose objects have one form each, whatever the route."""
OWN_ANSWERS = ("metrics", "audit", "connect", "connect-token")
"""The last parts of routes that answer no object of their collection."""
CREATE_TEMPLATES = frozenset({"/sandboxes", "/agents", "/sandboxes/{id}/fork", "/agents/{id}/fork"})
"""The templates whose POST creates a sandbox, or an agent with its sandbox."""
TRANSITIONS = ("pause", "resume", "rollback", "fork")
"""The last parts of routes whose POST changes the phase of an object, or creates one."""


class Route(NamedTuple):
    """A method and the template of a path below the project."""

    method: str
    template: str

    def __str__(self) -> str:
        return f"{self.method} {self.template}"


class Part(NamedTuple):
    """An object in an answer, and the kind of objects that it belongs to."""

    kind: str
    value: Mapping[str, Any]


def route_of(method: str, path: str) -> Route:
    """Return the route of a request to a path of the API below its base URL, or to one of a runtime."""
    if path.startswith(RUNTIME_PREFIX):
        return Route(method, UPLOAD.sub(r"\1/{id}", path))
    return Route(method, route_template(relative_path(API_PREFIX + path)))


def target_of(path: str) -> str | None:
    """Return the id or name in the path of an object of the API."""
    parts = relative_path(API_PREFIX + path).split("/")
    return parts[2] if len(parts) > 2 and parts[1] in OBJECT_KINDS else None  # noqa: PLR2004  the id follows the kind


def kind_of(route: Route) -> str:
    """Return the kind of the objects that the route answers: a collection, or a name of its own."""
    if route.template.startswith(RUNTIME_PREFIX):
        return route.template
    parts = route.template.split("/")
    return parts[-1] if parts[-1] in OWN_ANSWERS else next(part for part in reversed(parts) if part in OBJECT_KINDS)


def creates_sandbox(route: Route) -> bool:
    """Return whether a request of this route creates a sandbox, also that of an agent."""
    return route.method == "POST" and route.template in CREATE_TEMPLATES


def operation_of(route: Route) -> str | None:
    """Return the operation on phases that a request of this route starts, or ``None``."""
    last = route.template.rpartition("/")[2]
    if route.method == "DELETE" and last == "{id}" and "/ports/" not in route.template:
        return "delete"
    if route.method != "POST":
        return None
    return "create" if last in ("sandboxes", "agents", "snapshots") else last if last in TRANSITIONS else None


def parts_of(route: Route, status: int, body: Any) -> Iterator[Part]:
    """Yield the objects of an answer: items of a list one by one, lines of a stream one by one."""
    kind = kind_of(route)
    if isinstance(body, list):
        for line in body:
            yield from parts_of(route, status, line)
    elif not isinstance(body, Mapping):
        return
    elif status >= 400:  # noqa: PLR2004  the errors of HTTP
        yield Part("runtime error" if kind.startswith(RUNTIME_PREFIX) else "error", body)
    elif kind == "ports" and "ports" in body:
        yield from (Part(kind, item) for item in body["ports"])
    elif isinstance(body.get("items"), list):
        yield Part("page", {key: value for key, value in body.items() if key != "items"})
        yield from (Part(kind, item) for item in body["items"] if isinstance(item, Mapping))
    else:
        yield Part(kind, body)
