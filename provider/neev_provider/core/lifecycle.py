"""Operations on one resource, from its stored inputs to its stored state; the same for every adapter."""

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
from neev_provider.core.hints import Hint
from neev_provider.core.labels import Owner
from neev_provider.core.markers import Computed
from neev_provider.core.reference_errors import DeleteBeforeReplaceRequired, MissingReference, NameConflict
from neev_provider.core.resource import Observation, OperationContext, PartialFailure, Resource
from neev_provider.core.threads import run_in_thread
from neev_provider.core.validation import parse, parse_valid, user_properties
from neev_provider.core.wait import send_deadline

AnyResource = Resource[Any, Any, Any]


@dataclass(frozen=True, slots=True)
class StoredResource:
    """The data that the engine stores for a resource: id, inputs and state, camelCase and plain."""

    id: str
    inputs: Mapping[str, Any] = field(repr=False)
    state: Mapping[str, Any] = field(repr=False)
    problem: str | None = None
    ignored: tuple[str, ...] = ()
    """Names of the values, stored before a read, that this version does not have or cannot read."""


class ResourceInitFailed(Exception):
    """The resource exists, but is not as the inputs say: the engine stores it, and the next update continues.

    Raised from the error that the user reads.
    """

    def __init__(self, stored: StoredResource) -> None:
        super().__init__()
        self.stored = stored

    def __str__(self) -> str:
        return str(self.__cause__)


async def start_create(
    resource: AnyResource, raw_inputs: Mapping[str, Any], context: OperationContext
) -> StoredResource:
    """Create the resource and return as soon as its id is known, without waiting until it is ready.

    A create request that was sent is always awaited, because it may have created an object.
    """
    with send_deadline(context.deadline):
        try:
            live = await resource.create(_parse_inputs(resource, raw_inputs), context)
        except NeevError as error:
            raise await _explain(error, resource, raw_inputs) from error
    try:
        return _to_stored(resource, raw_inputs, live)
    except Exception:  # noqa: BLE001  a bug must not lose the id; the wait that follows raises the same error
        return StoredResource(
            live.id,
            dict(raw_inputs),
            {**user_properties(raw_inputs), ACCOUNT_KEY: resource.api.account.to_record()},
        )


async def find_created(
    resource: AnyResource, raw_inputs: Mapping[str, Any], owner: Owner | None = None
) -> StoredResource | None:
    """Return the resource of an interrupted create with these inputs, in any phase; ``None`` if there is none."""
    live = await resource.find_created(_parse_inputs(resource, raw_inputs), owner)
    return None if live is None else _to_stored(resource, raw_inputs, live)


async def finish_create(
    resource: AnyResource, started: StoredResource, context: OperationContext, *, just_created: bool = False
) -> StoredResource:
    """Wait until the created resource is ready; raise ``ResourceInitFailed`` if it does not become ready."""
    try:
        resource.api.account.require_same(started.state)
        going = replace(context, just_created=just_created, state=stored_state.readable_state(resource, started.state))
        live = await resource.reconcile(started.id, _parse_inputs(resource, started.inputs), going)
        return _to_stored(resource, started.inputs, live, started.state)
    except PartialFailure as failure:
        kept = _to_stored(resource, started.inputs, failure.observation, started.state)
        cause = failure.__cause__ or failure
    except Exception as error:  # noqa: BLE001  whatever the error is, the created resource is stored
        kept, cause = started, error
    nothing = isinstance(cause, MissingReference)  # the error itself is about a reference, not explained by one
    cause = await _explain(cause, resource, started.inputs, {} if just_created else started.inputs)
    if just_created and isinstance(cause, MissingReference) and (nothing or cause.path == resource.parent):
        raise cause
    raise ResourceInitFailed(kept) from cause


async def update(  # noqa: PLR0913  the engine's own arguments
    resource: AnyResource,
    id: str,
    *,
    old_inputs: Mapping[str, Any],
    state: Mapping[str, Any],
    new_inputs: Mapping[str, Any],
    context: OperationContext,
) -> StoredResource:
    """Update the resource to the new inputs; raise ``ResourceInitFailed`` with the state after the failure."""
    # the API does not return these inputs, so an import has no old value: the new value does not count as a change
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
    except PartialFailure as failure:
        cause = await _explain(failure.__cause__ or failure, resource, new_inputs, known)
        raise ResourceInitFailed(_to_stored(resource, old_inputs, failure.observation, before)) from cause
    except Exception as error:  # noqa: BLE001  whatever the error is, the resource is stored
        cause = await _explain(error, resource, new_inputs, known)
        raise ResourceInitFailed(StoredResource(id, dict(old_inputs), dict(state))) from cause


async def read(
    resource: AnyResource,
    id: str,
    raw_inputs: Mapping[str, Any] | None,
    state: Mapping[str, Any] = MappingProxyType({}),
) -> StoredResource | None:
    """Return the current resource, ``None`` if it is gone; without all required inputs, import it."""
    known = stored_state.known_inputs(resource, raw_inputs or {})
    readable = stored_state.readable_state(resource, state)
    ignored = stored_state.ignored_properties(resource, {**state, **(raw_inputs or {})}, {**readable, **known})
    if raw_inputs is None or stored_state.missing_inputs(resource, known):
        live = await resource.read(id, None)
        if live is None:
            return None
        inputs, imported = await run_in_thread(resource.import_state, live)
        return StoredResource(
            live.id, inputs, {**imported, ACCOUNT_KEY: resource.api.account.to_record()}, live.problem, ignored
        )
    resource.api.account.require_same(state)
    live = await resource.refresh(id, parse(resource.inputs, known), readable)
    if live is None:
        return None
    stored = _to_stored(resource, resource.refreshed_inputs(raw_inputs, live), live, state)
    return replace(stored, ignored=ignored)


async def delete(resource: AnyResource, id: str, context: OperationContext) -> None:
    """Delete the resource, with the readable part of its state (``context.state``).

    Raises:
        WrongAccount: the state records another account than the API's.
    """
    resource.api.account.require_same(context.state)
    await resource.delete(id, replace(context, state=stored_state.readable_state(resource, context.state)))


def compute_diff(
    resource: AnyResource, *, old_inputs: Mapping[str, Any], state: Mapping[str, Any], new_inputs: Mapping[str, Any]
) -> Diff:
    """Return the changes, as far as the state is readable; send no request."""
    return resource.diff(old_inputs, stored_state.readable_state(resource, state), new_inputs)


def preview_update(resource: AnyResource, state: Mapping[str, Any], raw_inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the state as far as it is known before anything is changed."""
    return resource.preview_update(stored_state.readable_state(resource, state), raw_inputs)


async def find_rejected_input(
    resource: AnyResource,
    new_inputs: Mapping[str, Any],
    old_inputs: Mapping[str, Any] = MappingProxyType({}),
) -> InputError | None:
    """Return the error of an input that the API does not accept; ``None`` without one or if a request fails."""
    try:
        await resource.require_references(new_inputs, old_inputs)
    except InputError as error:
        return error
    except NeevError:
        return None  # the first error is the one to report
    return None


async def _explain(
    error: BaseException,
    resource: AnyResource,
    new_inputs: Mapping[str, Any],
    old_inputs: Mapping[str, Any] = MappingProxyType({}),
) -> BaseException:
    """Return the error with the declared names, or the error of the input that is the cause of it."""
    if isinstance(error, InvalidRequest | NotFound) and (
        rejected := await find_rejected_input(resource, new_inputs, old_inputs)
    ):
        return rejected
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
    """Return the error for a name that is taken; ``None`` if it is free or if the request fails."""
    name = str(raw_inputs.get(resource.name_property.name) or "") if resource.name_property else ""
    with contextlib.suppress(NeevError):  # the first error is the one to report
        holder = await resource.find_id_by_name(name) if name else None
        if holder:
            return (DeleteBeforeReplaceRequired if name in resource.existing_names else NameConflict)(
                error, name, holder
            )
    return None


def _parse_inputs(resource: AnyResource, raw_inputs: Mapping[str, Any]) -> Any:
    """Return the inputs as typed values; raise ``InputError`` if they were never validated and completed."""
    values, named = parse_valid(resource.inputs, raw_inputs), resource.name_property
    if named is not None and getattr(values, named.field) is None:
        raise InputError(named.name, "is required", hint=Hint.CORRECT_INPUT)
    return values


def _to_stored(
    resource: AnyResource,
    raw_inputs: Mapping[str, Any],
    observation: Observation[Any],
    old_state: Mapping[str, Any] = MappingProxyType({}),
) -> StoredResource:
    """Return the data that the engine stores, with the account of the resource."""
    state = {
        **resource.build_state(raw_inputs, observation),
        **stored_state.preserved_properties(resource, old_state, observation),
        ACCOUNT_KEY: resource.api.account.to_record(),
    }
    # a value that the API generated, such as a token, is a secret of the operation from now on
    declared = {**resource.inputs.properties, **resource.outputs.properties}
    redaction.add_secrets(
        [value for name, value in state.items() if name in declared and declared[name].is_secret(state)]
    )
    return StoredResource(observation.id, dict(raw_inputs), state, observation.problem)


def _unobservable_inputs(resource: AnyResource, raw_inputs: Mapping[str, Any]) -> dict[str, Any]:
    values, declared = user_properties(raw_inputs), resource.inputs.properties
    return {name: values[name] for name in declared if name in values and not declared[name].has(Computed)}
