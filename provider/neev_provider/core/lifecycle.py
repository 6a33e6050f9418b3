"""One operation on one resource, from its stored inputs to its stored state; the same for every face."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from neev_provider.core import redaction, stored_state
from neev_provider.core.account import ACCOUNT
from neev_provider.core.diff import IMPORTED, Difference
from neev_provider.core.errors import Conflict, InputError, Invalid, NeevError, NotFound
from neev_provider.core.field_names import reword
from neev_provider.core.markers import Visible
from neev_provider.core.reference_errors import MissingReference, NameTaken, ReplacementFirst
from neev_provider.core.resource import Call, Halfway, Live, Resource
from neev_provider.core.threads import offload
from neev_provider.core.validation import UNCHECKED, parse, sound, visible
from neev_provider.core.wait import unsent

AnyResource = Resource[Any, Any]


@dataclass(frozen=True, slots=True)
class Stored:
    """What the engine keeps of a thing: its id, its inputs and its state, camelCase and plain."""

    id: str
    inputs: Mapping[str, Any] = field(repr=False)
    state: Mapping[str, Any] = field(repr=False)
    trouble: str | None = None


class Unsettled(NeevError):
    """The thing exists but is not as asked for: keep it, and go on from there the next time."""

    def __init__(self, stored: Stored, cause: Exception) -> None:
        super().__init__(str(cause))
        self.stored = stored
        self.cause = cause


async def create(resource: AnyResource, api: Any, asked: Mapping[str, Any], call: Call) -> Stored:
    """The thing is there and ready; raises ``Unsettled`` with its id once there is one."""
    return await finish(resource, api, await begin(resource, api, asked, call), call, fresh=True)


async def begin(resource: AnyResource, api: Any, asked: Mapping[str, Any], call: Call) -> Stored:
    """The thing exists and its id is known; nothing has been waited for but the API.

    A request that makes it is waited for whatever happens, once it has been sent.
    """
    with unsent(call.patience):
        try:
            live = await resource.create(api, _asked(resource, asked), call)
        except NeevError as error:
            raise await _explained(error, resource, api, asked) from error
    try:
        return _stored(resource, api, asked, live)
    except Exception:  # noqa: BLE001  a bug of ours must not lose the id; the wait that follows meets it again
        return Stored(live.id, dict(asked), {**visible(asked), ACCOUNT: api.account.recorded()})


async def find(resource: AnyResource, api: Any, asked: Mapping[str, Any]) -> Stored | None:
    """What an interrupted create with these inputs made, however far it came; ``None`` where nothing is found."""
    live = await resource.find(api, _asked(resource, asked))
    return None if live is None else _stored(resource, api, asked, live)


async def finish(resource: AnyResource, api: Any, begun: Stored, call: Call, *, fresh: bool = False) -> Stored:
    """What was begun, now (``fresh``) or earlier, is ready; raises ``Unsettled`` where it still is not."""
    try:
        api.account.require_same(begun.state)
        going = replace(call, created=fresh, stored=stored_state.readable_state(resource, begun.state))
        live = await resource.settle(api, begun.id, _asked(resource, begun.inputs), going)
        return _stored(resource, api, begun.inputs, live, begun.state)
    except Halfway as halfway:
        kept, cause = _stored(resource, api, begun.inputs, halfway.live, begun.state), halfway.cause
    except Exception as error:  # noqa: BLE001  whatever it is, what was begun is kept
        kept, cause = begun, error
    nothing = isinstance(cause, MissingReference)  # so it says itself, or what it would be a part of is not there
    cause = await _explained(cause, resource, api, begun.inputs, {} if fresh else begun.inputs)
    if fresh and isinstance(cause, MissingReference) and (nothing or cause.path == resource.parent):
        raise cause
    raise Unsettled(kept, cause) from cause


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
    # what an import could not read back was never asked for by this stack, so it is not known to have changed
    known = {**_unseen(resource, new), **visible(old)} if state.get(IMPORTED) else old
    before = {name: value for name, value in state.items() if name not in old}
    try:
        api.account.require_same(state)
        going = replace(call, stored=stored_state.readable_state(resource, state))
        was = parse(resource.inputs, stored_state.known_inputs(resource, known, new))
        live = await resource.update(api, id, was, _asked(resource, new), going)
        return _stored(resource, api, new, live, before)
    except Halfway as halfway:
        cause = await _explained(halfway.cause, resource, api, new, known)
        raise Unsettled(_stored(resource, api, old, halfway.live, before), cause) from halfway
    except Exception as error:
        cause = await _explained(error, resource, api, new, known)
        raise Unsettled(Stored(id, dict(old), dict(state)), cause) from error


async def read(
    resource: AnyResource,
    api: Any,
    id: str,
    asked: Mapping[str, Any] | None,
    state: Mapping[str, Any] = MappingProxyType({}),
) -> Stored | None:
    """The thing as it is, ``None`` where it is gone; without ``asked`` it is being imported."""
    if asked is None:
        live = await resource.read(api, id, None)
        if live is None:
            return None
        inputs, imported = await offload(resource.imported, live)
        return Stored(live.id, inputs, {**imported, ACCOUNT: api.account.recorded()}, live.trouble)
    api.account.require_same(state)
    known = parse(resource.inputs, stored_state.known_inputs(resource, asked))
    live = await resource.refresh(api, id, known, stored_state.readable_state(resource, state))
    if live is None:
        return None
    return _stored(resource, api, resource.drifted(asked, live), live, state)


async def delete(resource: AnyResource, api: Any, id: str, call: Call) -> None:
    """Delete the thing, with what can be read of its state (``call.stored``).

    Raises:
        WrongAccount: the state records another account than the API's.
    """
    api.account.require_same(call.stored)
    await resource.delete(api, id, replace(call, stored=stored_state.readable_state(resource, call.stored)))


def difference(
    resource: AnyResource, *, old: Mapping[str, Any], state: Mapping[str, Any], new: Mapping[str, Any]
) -> Difference:
    """Return what has to change, as far as the state can be read; no request is made."""
    return resource.diff(old, stored_state.readable_state(resource, state), new)


def preview_update(resource: AnyResource, state: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Return the state as far as it is known before anything is changed."""
    return resource.preview_update(stored_state.readable_state(resource, state), new)


async def missing(
    resource: AnyResource | type[AnyResource],
    api: Any,
    new: Mapping[str, Any],
    old: Mapping[str, Any] = MappingProxyType({}),
) -> MissingReference | None:
    """The error of the input that names what is not there; ``None`` where there is none, or nobody can be asked."""
    try:
        await resource.require_references(api, new, old)
    except MissingReference as error:
        return error
    except NeevError:
        return None  # what went wrong first is what counts
    return None


async def _explained(
    error: Exception,
    resource: AnyResource,
    api: Any,
    new: Mapping[str, Any],
    old: Mapping[str, Any] = MappingProxyType({}),
) -> Exception:
    """Return the error with the declared names, or the one of the input that is why the API refuses."""
    if isinstance(error, Invalid | NotFound) and (gone := await missing(resource, api, new, old)):
        return gone
    if isinstance(error, Conflict) and not old and (taken := await _taken(error, resource, api, new)):
        return taken
    if isinstance(error, NeevError):
        reword(error, resource.inputs, resource.sent_as)
    return error


async def _taken(error: Conflict, resource: AnyResource, api: Any, new: Mapping[str, Any]) -> NameTaken | None:
    """Return the error for a name that something else has; ``None`` where it is free, or nobody can be asked."""
    name = str(new.get(resource.named.name) or "") if resource.named else ""
    with contextlib.suppress(NeevError):  # what went wrong first is what counts
        holder = await resource.holder(api, name) if name else None
        if holder:
            return (ReplacementFirst if name in resource.names_seen else NameTaken)(error, name, holder)
    return None


def _asked(resource: AnyResource, asked: Mapping[str, Any]) -> Any:
    """The inputs as typed values; raises ``InputError`` where no check has passed and completed them."""
    values, named = sound(resource.inputs, asked), resource.named
    if named is not None and getattr(values, named.field) is None:
        raise InputError(named.name, "is required", hint=UNCHECKED)
    return values


def _stored(
    resource: AnyResource,
    api: Any,
    asked: Mapping[str, Any],
    live: Live[Any],
    before: Mapping[str, Any] = MappingProxyType({}),
) -> Stored:
    """Return what the engine keeps, with the account that the resource is in."""
    state = {
        **resource.state(asked, live),
        **stored_state.kept(resource, before, live),
        ACCOUNT: api.account.recorded(),
    }
    # what the platform made up, such as a token, is a secret of the operation from now on
    declared = {**resource.inputs.properties, **resource.outputs.properties}
    redaction.add([value for name, value in state.items() if name in declared and declared[name].is_secret(state)])
    return Stored(live.id, dict(asked), state, live.trouble)


def _unseen(resource: AnyResource, asked: Mapping[str, Any]) -> dict[str, Any]:
    values, declared = visible(asked), resource.inputs.properties
    return {name: values[name] for name in declared if name in values and not declared[name].has(Visible)}
