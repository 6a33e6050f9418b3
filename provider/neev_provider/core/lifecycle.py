"""One operation on one resource, from its stored inputs to its stored state; the same for every face."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from neev_provider.core import redaction, stored_state
from neev_provider.core.account import ACCOUNT_KEY
from neev_provider.core.diff import IMPORTED_KEY, Diff
from neev_provider.core.errors import Conflict, InputError, InvalidRequest, NeevError, NotFound
from neev_provider.core.field_names import reword
from neev_provider.core.markers import Computed
from neev_provider.core.reference_errors import DeleteBeforeReplaceRequired, MissingReference, NameConflict
from neev_provider.core.resource import Observation, OperationContext, PartialFailure, Resource
from neev_provider.core.threads import run_in_thread
from neev_provider.core.validation import UNCHECKED_HINT, parse, parse_valid, user_properties
from neev_provider.core.wait import send_deadline

AnyResource = Resource[Any, Any, Any]


@dataclass(frozen=True, slots=True)
class StoredResource:
    """What the engine keeps of a thing: its id, its inputs and its state, camelCase and plain."""

    id: str
    inputs: Mapping[str, Any] = field(repr=False)
    state: Mapping[str, Any] = field(repr=False)
    problem: str | None = None


class ResourceInitFailed(NeevError):
    """The thing exists but is not as asked for: keep it, and go on from there the next time."""

    def __init__(self, stored: StoredResource, cause: Exception) -> None:
        summary, hint = (cause.summary, cause.hint) if isinstance(cause, NeevError) else (str(cause), "")
        super().__init__(summary, hint=hint)
        self.stored = stored
        self.cause = cause


async def create(resource: AnyResource, raw_inputs: Mapping[str, Any], context: OperationContext) -> StoredResource:
    """The thing is there and ready; raises ``Unsettled`` with its id once there is one."""
    return await finish_create(resource, await start_create(resource, raw_inputs, context), context, just_created=True)


async def start_create(
    resource: AnyResource, raw_inputs: Mapping[str, Any], context: OperationContext
) -> StoredResource:
    """The thing exists and its id is known; nothing has been waited for but the API.

    A request that makes it is waited for whatever happens, once it has been sent.
    """
    with send_deadline(context.deadline):
        try:
            live = await resource.create(_parse_inputs(resource, raw_inputs), context)
        except NeevError as error:
            raise await _explain(error, resource, raw_inputs) from error
    try:
        return _to_stored(resource, raw_inputs, live)
    except Exception:  # noqa: BLE001  a bug of ours must not lose the id; the wait that follows meets it again
        return StoredResource(
            live.id,
            dict(raw_inputs),
            {**user_properties(raw_inputs), ACCOUNT_KEY: resource.api.account.to_properties()},
        )


async def find_created(resource: AnyResource, raw_inputs: Mapping[str, Any]) -> StoredResource | None:
    """What an interrupted create with these inputs made, however far it came; ``None`` where nothing is found."""
    live = await resource.find_created(_parse_inputs(resource, raw_inputs))
    return None if live is None else _to_stored(resource, raw_inputs, live)


async def finish_create(
    resource: AnyResource, started: StoredResource, context: OperationContext, *, just_created: bool = False
) -> StoredResource:
    """What was begun, now (``fresh``) or earlier, is ready; raises ``Unsettled`` where it still is not."""
    try:
        resource.api.account.require_same(started.state)
        going = replace(context, just_created=just_created, state=stored_state.readable_state(resource, started.state))
        live = await resource.reconcile(started.id, _parse_inputs(resource, started.inputs), going)
        return _to_stored(resource, started.inputs, live, started.state)
    except PartialFailure as halfway:
        kept, cause = _to_stored(resource, started.inputs, halfway.observation, started.state), halfway.cause
    except Exception as error:  # noqa: BLE001  whatever it is, what was begun is kept
        kept, cause = started, error
    nothing = isinstance(cause, MissingReference)  # so it says itself, or what it would be a part of is not there
    cause = await _explain(cause, resource, started.inputs, {} if just_created else started.inputs)
    if just_created and isinstance(cause, MissingReference) and (nothing or cause.path == resource.parent):
        raise cause
    raise ResourceInitFailed(kept, cause) from cause


async def update(  # noqa: PLR0913  the engine's own arguments
    resource: AnyResource,
    id: str,
    *,
    old_inputs: Mapping[str, Any],
    state: Mapping[str, Any],
    new_inputs: Mapping[str, Any],
    context: OperationContext,
) -> StoredResource:
    """The thing is as the new inputs say; raises ``Unsettled`` with the state it had."""
    # what an import could not read back was never asked for by this stack, so it is not known to have changed
    known = (
        {**_unobservable_inputs(resource, new_inputs), **user_properties(old_inputs)}
        if state.get(IMPORTED_KEY)
        else old_inputs
    )
    before = {name: value for name, value in state.items() if name not in old_inputs}
    try:
        resource.api.account.require_same(state)
        going = replace(context, state=stored_state.readable_state(resource, state))
        was = parse(resource.inputs, stored_state.known_inputs(resource, known, new_inputs))
        live = await resource.update(id, was, _parse_inputs(resource, new_inputs), going)
        return _to_stored(resource, new_inputs, live, before)
    except PartialFailure as halfway:
        cause = await _explain(halfway.cause, resource, new_inputs, known)
        raise ResourceInitFailed(_to_stored(resource, old_inputs, halfway.observation, before), cause) from halfway
    except Exception as error:
        cause = await _explain(error, resource, new_inputs, known)
        raise ResourceInitFailed(StoredResource(id, dict(old_inputs), dict(state)), cause) from error


async def read(
    resource: AnyResource,
    id: str,
    raw_inputs: Mapping[str, Any] | None,
    state: Mapping[str, Any] = MappingProxyType({}),
) -> StoredResource | None:
    """The thing as it is, ``None`` where it is gone; without ``asked`` it is being imported."""
    if raw_inputs is None:
        live = await resource.read(id, None)
        if live is None:
            return None
        inputs, imported = await run_in_thread(resource.import_state, live)
        return StoredResource(
            live.id, inputs, {**imported, ACCOUNT_KEY: resource.api.account.to_properties()}, live.problem
        )
    resource.api.account.require_same(state)
    known = parse(resource.inputs, stored_state.known_inputs(resource, raw_inputs))
    live = await resource.refresh(id, known, stored_state.readable_state(resource, state))
    if live is None:
        return None
    return _to_stored(resource, resource.refreshed_inputs(raw_inputs, live), live, state)


async def delete(resource: AnyResource, id: str, context: OperationContext) -> None:
    """Delete the thing, with what can be read of its state (``call.stored``).

    Raises:
        WrongAccount: the state records another account than the API's.
    """
    resource.api.account.require_same(context.state)
    await resource.delete(id, replace(context, state=stored_state.readable_state(resource, context.state)))


def compute_diff(
    resource: AnyResource, *, old_inputs: Mapping[str, Any], state: Mapping[str, Any], new_inputs: Mapping[str, Any]
) -> Diff:
    """Return what has to change, as far as the state can be read; no request is made."""
    return resource.diff(old_inputs, stored_state.readable_state(resource, state), new_inputs)


def preview_update(resource: AnyResource, state: Mapping[str, Any], raw_inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the state as far as it is known before anything is changed."""
    return resource.preview_update(stored_state.readable_state(resource, state), raw_inputs)


async def find_missing_reference(
    resource: AnyResource,
    new_inputs: Mapping[str, Any],
    old_inputs: Mapping[str, Any] = MappingProxyType({}),
) -> MissingReference | None:
    """The error of the input that names what is not there; ``None`` where there is none, or nobody can be asked."""
    try:
        await resource.require_references(new_inputs, old_inputs)
    except MissingReference as error:
        return error
    except NeevError:
        return None  # what went wrong first is what counts
    return None


async def _explain(
    error: Exception,
    resource: AnyResource,
    new_inputs: Mapping[str, Any],
    old_inputs: Mapping[str, Any] = MappingProxyType({}),
) -> Exception:
    """Return the error with the declared names, or the one of the input that is why the API refuses."""
    if isinstance(error, InvalidRequest | NotFound) and (
        gone := await find_missing_reference(resource, new_inputs, old_inputs)
    ):
        return gone
    if (
        isinstance(error, Conflict)
        and not old_inputs
        and (taken := await _find_name_conflict(error, resource, new_inputs))
    ):
        return taken
    if isinstance(error, NeevError):
        reword(error, resource.inputs, resource.api_field_names)
    return error


async def _find_name_conflict(
    error: Conflict, resource: AnyResource, raw_inputs: Mapping[str, Any]
) -> NameConflict | None:
    """Return the error for a name that something else has; ``None`` where it is free, or nobody can be asked."""
    name = str(raw_inputs.get(resource.name_property.name) or "") if resource.name_property else ""
    with contextlib.suppress(NeevError):  # what went wrong first is what counts
        holder = await resource.find_id_by_name(name) if name else None
        if holder:
            return (DeleteBeforeReplaceRequired if name in resource.existing_names else NameConflict)(
                error, name, holder
            )
    return None


def _parse_inputs(resource: AnyResource, raw_inputs: Mapping[str, Any]) -> Any:
    """The inputs as typed values; raises ``InputError`` where no check has passed and completed them."""
    values, named = parse_valid(resource.inputs, raw_inputs), resource.name_property
    if named is not None and getattr(values, named.field) is None:
        raise InputError(named.name, "is required", hint=UNCHECKED_HINT)
    return values


def _to_stored(
    resource: AnyResource,
    raw_inputs: Mapping[str, Any],
    observation: Observation[Any],
    old_state: Mapping[str, Any] = MappingProxyType({}),
) -> StoredResource:
    """Return what the engine keeps, with the account that the resource is in."""
    state = {
        **resource.build_state(raw_inputs, observation),
        **stored_state.preserved_properties(resource, old_state, observation),
        ACCOUNT_KEY: resource.api.account.to_properties(),
    }
    # what the platform made up, such as a token, is a secret of the operation from now on
    declared = {**resource.inputs.properties, **resource.outputs.properties}
    redaction.add_secrets(
        [value for name, value in state.items() if name in declared and declared[name].is_secret(state)]
    )
    return StoredResource(observation.id, dict(raw_inputs), state, observation.problem)


def _unobservable_inputs(resource: AnyResource, raw_inputs: Mapping[str, Any]) -> dict[str, Any]:
    values, declared = user_properties(raw_inputs), resource.inputs.properties
    return {name: values[name] for name in declared if name in values and not declared[name].has(Computed)}
