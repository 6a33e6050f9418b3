"""One operation on one resource, from its stored inputs to its stored state; the same for every face."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pulumi_neev.core.checking import parse, visible
from pulumi_neev.core.errors import NeevError
from pulumi_neev.core.resource import Call, Live, Resource

AnyResource = Resource[Any, Any]


@dataclass(frozen=True, slots=True)
class Stored:
    """What the engine keeps of a thing: its id, its inputs and its state, camelCase and plain."""

    id: str
    inputs: Mapping[str, Any]
    state: Mapping[str, Any]
    trouble: str | None = None


class Unsettled(NeevError):
    """The thing exists but is not as asked for: keep it, and go on from there the next time."""

    def __init__(self, stored: Stored, cause: Exception) -> None:
        super().__init__(str(cause))
        self.stored = stored
        self.cause = cause


async def create(resource: AnyResource, api: Any, asked: Mapping[str, Any], call: Call) -> Stored:
    """The thing is there and ready; raises ``Unsettled`` with its id once there is one."""
    inputs = parse(resource.inputs, asked)
    live = await resource.create(api, inputs, call)
    stored = _stored(resource, asked, live)
    return await _settled(resource, api, stored, replace(call, created=True))


async def resume(resource: AnyResource, api: Any, id: str, asked: Mapping[str, Any], call: Call) -> Stored:
    """What an earlier create began is finished; raises ``Unsettled`` where it still is not."""
    return await _settled(resource, api, Stored(id, dict(asked), visible(asked)), replace(call, created=True))


async def update(  # noqa: PLR0913  the engine's own arguments
    resource: AnyResource,
    api: Any,
    id: str,
    *,
    old: Mapping[str, Any],
    state: Mapping[str, Any],
    new: Mapping[str, Any],
    call: Call,
) -> Stored:
    """The thing is as the new inputs say; raises ``Unsettled`` with the state it had."""
    before, after = parse(resource.inputs, old), parse(resource.inputs, new)
    try:
        live = await resource.update(api, id, before, after, call)
    except Exception as error:
        raise Unsettled(Stored(id, dict(old), dict(state)), error) from error
    return _stored(resource, new, live)


async def read(
    resource: AnyResource,
    api: Any,
    id: str,
    asked: Mapping[str, Any] | None,
) -> Stored | None:
    """The thing as it is, ``None`` where it is gone; without ``asked`` it is being imported."""
    if asked is None:
        live = await resource.read(api, id, None)
        if live is None:
            return None
        inputs, state = resource.imported(live)
        return Stored(live.id, inputs, state, live.trouble)
    live = await resource.read(api, id, parse(resource.inputs, asked))
    if live is None:
        return None
    inputs = resource.drifted(asked, live)
    return Stored(live.id, inputs, resource.state(inputs, live), live.trouble)


async def _settled(resource: AnyResource, api: Any, stored: Stored, call: Call) -> Stored:
    try:
        live = await resource.settle(api, stored.id, parse(resource.inputs, stored.inputs), call)
    except Exception as error:
        raise Unsettled(stored, error) from error
    return _stored(resource, stored.inputs, live)


def _stored(resource: AnyResource, asked: Mapping[str, Any], live: Live[Any]) -> Stored:
    return Stored(live.id, dict(asked), resource.state(asked, live), live.trouble)
