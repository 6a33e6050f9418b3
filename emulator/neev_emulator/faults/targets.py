"""What a call is about, by name: the thing that its path or header addresses, and the one that its body is to name."""

import json
from typing import Any

from starlette.requests import Request
from starlette.types import Message, Receive, Scope

from neev_emulator.api.request_context import authorized
from neev_emulator.faults.injection import replayed
from neev_emulator.faults.queue import mutating, shortened
from neev_emulator.state.backend import World
from neev_emulator.state.collection import Shelf

_LARGEST_BODY = 1 << 20


async def named(world: World, scope: Scope, receive: Receive) -> tuple[set[str], Receive]:
    """The names, and the request to go on with, as it was before its body was looked at."""
    request = Request(scope)
    names = _addressed(world, request)
    if not mutating(scope["method"]) or not authorized(world, request):
        return names, receive
    messages, body = await _begun(receive)
    return names | _in_body(body), replayed(messages, receive)


def _addressed(world: World, request: Request) -> set[str]:
    shelves: dict[str, Shelf[Any]] = {
        "/sandboxes/": world.sandboxes,
        "/snapshots/": world.snapshots,
        "/agents/": world.agents,
    }
    path = shortened(request.scope["path"])
    ref = path.split("/")[2] if path.startswith(tuple(shelves)) else ""
    found = [shelf.get(ref.lower()) for start, shelf in shelves.items() if path.startswith(start)]
    found.append(world.sandboxes.get(request.headers.get("x-sandbox-id", "").lower()))
    return {ref, *(record.name for record in found if record)} - {"", None}


async def _begun(receive: Receive) -> tuple[list[Message], bytes]:
    messages: list[Message] = []
    body = b""
    while len(body) <= _LARGEST_BODY:
        messages.append(await receive())
        body += messages[-1].get("body", b"")
        if not messages[-1].get("more_body"):
            break
    return messages, body


def _in_body(body: bytes) -> set[str]:
    try:
        name = json.loads(body)["name"]
    except (ValueError, TypeError, LookupError, RecursionError):
        return set()
    return {name} if isinstance(name, str) else set()
