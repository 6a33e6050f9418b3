"""The names of a request's targets: of the object in its path or header, and in its body."""

import json
from typing import Any

from starlette.requests import Request
from starlette.types import Message, Receive, Scope

from neev_emulator.api.request_context import has_valid_key
from neev_emulator.faults.injection import replay
from neev_emulator.faults.request_log import is_mutating, relative_path
from neev_emulator.state.backend import Backend
from neev_emulator.state.collection import Collection

_MAX_BODY_BYTES = 1 << 20


async def find_target_names(backend: Backend, scope: Scope, receive: Receive) -> tuple[set[str], Receive]:
    """Return the names, and a `receive` that repeats the part of the body that was read."""
    request = Request(scope)
    names = _find_addressed_names(backend, request)
    if not is_mutating(scope["method"]) or not has_valid_key(backend, request):
        return names, receive
    messages, body = await _read_body_start(receive)
    return names | _parse_body_name(body), replay(messages, receive)


def _find_addressed_names(backend: Backend, request: Request) -> set[str]:
    collections: dict[str, Collection[Any]] = {
        "/sandboxes/": backend.sandboxes,
        "/snapshots/": backend.snapshots,
        "/agents/": backend.agents,
    }
    path = relative_path(request.scope["path"])
    ref = path.split("/")[2] if path.startswith(tuple(collections)) else ""
    records = [collection.get(ref.lower()) for start, collection in collections.items() if path.startswith(start)]
    records.append(backend.sandboxes.get(request.headers.get("x-sandbox-id", "").lower()))
    return {ref, *(record.name for record in records if record)} - {"", None}


async def _read_body_start(receive: Receive) -> tuple[list[Message], bytes]:
    messages: list[Message] = []
    body = b""
    while len(body) <= _MAX_BODY_BYTES:
        messages.append(await receive())
        body += messages[-1].get("body", b"")
        if not messages[-1].get("more_body"):
            break
    return messages, body


def _parse_body_name(body: bytes) -> set[str]:
    try:
        name = json.loads(body)["name"]
    except (ValueError, TypeError, LookupError, RecursionError):
        return set()
    return {name} if isinstance(name, str) else set()
