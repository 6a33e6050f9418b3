"""Creates, reads, updates, deletes and imports. Once an id is known, its state is returned, whatever happens."""

from __future__ import annotations

import contextlib
import secrets
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from neev_provider.adapters.shared.executor import Executor
from neev_provider.adapters.shared.snake_case import type_name
from neev_provider.adapters.terraform.attributes import ID, TIMEOUTS
from neev_provider.adapters.terraform.planning import has_volatile_attribute
from neev_provider.adapters.terraform.private_state import PrivateState
from neev_provider.adapters.terraform.resource_values import ResourceValues, declared_secrets
from neev_provider.adapters.terraform.values import Values, without_unknown
from neev_provider.core.durations import parse_duration
from neev_provider.core.errors import Cancelled, NeevError
from neev_provider.core.labels import Owner
from neev_provider.core.lifecycle import ResourceInitFailed, StoredResource
from neev_provider.core.model import UNKNOWN
from neev_provider.core.reference_errors import DeleteBeforeReplaceRequired, NameConflict
from neev_provider.core.resource import OperationContext
from neev_provider.core.validation import WarningHandler
from neev_provider.resources.lookups import none_if_not_found

REPEATED_NAME_HINT = "Another resource of this configuration has this name: choose another one."
OWN_LABELS_HINT = (
    "By its labels, this configuration created it, and `terraform state list -id={id}` shows by which resource. If by "
    "another one, choose another name. If by this one, it is being replaced: remove `create_before_destroy` from the "
    "`lifecycle` block. If by none, an interrupted apply created it: import it:"
)
OTHER_CREATOR_HINT = "Choose another name, delete what has it, or import it, if it is in no other state:"
IMPORT_HINT = "`terraform import {type}.NAME {id}`, with the address of this resource for `{type}.NAME`."
OwnerOf = Callable[[str, str], Owner]


@dataclass(frozen=True, slots=True)
class Applied:
    """What the engine stores after an operation, and the error that it reports."""

    state: Values | None
    private: PrivateState = field(default_factory=PrivateState)
    error: BaseException | None = None
    is_interrupted: bool = False
    """Whether the user ended the operation: what exists is kept, and the next apply continues with it."""


@dataclass(frozen=True)
class Operations:
    """The operations of one configured provider."""

    executor: Executor
    owner_of: OwnerOf
    """Return the owner of the resource of the type with the name."""
    applied: Counter[Owner | None] = field(default_factory=Counter)
    """How many creates and updates began, by owner: each resource has one, so a second one has the same name."""

    async def create(
        self, values: ResourceValues, planned: Values, checked: Mapping[str, Any], warn: WarningHandler
    ) -> Applied:
        """Create the resource."""
        context = self._context(values, "create", checked, warn)
        self.applied[context.owner] += 1
        try:
            return await self.executor.create(
                values.resource, context, checked, convert=lambda stored: _as_planned(values, planned, stored)
            )
        except ResourceInitFailed as failure:
            kept = _as_left(values, planned, failure.stored)
            interrupted = isinstance(failure.__cause__, Cancelled) and has_volatile_attribute(values)
            return Applied(kept.state, kept.private, failure.__cause__ or failure, is_interrupted=interrupted)
        except NameConflict as error:
            if self.applied[context.owner] > 1:
                error.hint = REPEATED_NAME_HINT
            elif not isinstance(error, DeleteBeforeReplaceRequired):
                error.hint = await self._import_hint(context, type_name(values.resource.name), error.existing_id)
            raise

    async def update(
        self, values: ResourceValues, planned: Values, checked: Mapping[str, Any], warn: WarningHandler
    ) -> Applied:
        """Update the resource; without a change, finish what an earlier operation started."""
        prior = values.prior or {}
        context = self._context(values, "update", checked, warn)
        self.applied[context.owner] += 1
        try:
            return await self.executor.update(
                values.resource,
                context,
                prior[ID],
                old_inputs=values.old_inputs,
                state=values.state,
                new_inputs=checked,
                convert=lambda stored: _as_planned(values, planned, stored),
            )
        except ResourceInitFailed as failure:
            kept = _as_found(values, failure.stored)
            return Applied(kept.state, kept.private, failure.__cause__ or failure)

    def record(self, values: ResourceValues, planned: Values, checked: Mapping[str, Any]) -> Applied:
        """Return the plan of an update that changes nothing but the state."""
        stored = StoredResource((values.prior or {})[ID], checked, values.private.hidden)
        return Applied(planned, _private(values, stored, is_unfinished=False))

    async def read(self, values: ResourceValues, warn: WarningHandler) -> Applied:
        """Return the current resource; its state is ``None`` if it is gone."""
        inputs = None if values.is_import else values.old_inputs
        context = self._context(values, "read", values.old_inputs, warn)
        stored = await self.executor.read(values.resource, context, (values.prior or {})[ID], inputs, values.state)
        if stored is None:
            return Applied(None)
        if stored.problem:
            warn(stored.problem)
        return _as_found(values, stored)

    async def delete(self, values: ResourceValues, warn: WarningHandler) -> None:
        """Delete the resource."""
        context = self._context(values, "delete", values.old_inputs, warn)
        state = {**values.state, **values.old_inputs}
        await self.executor.delete(values.resource, context, (values.prior or {})[ID], state)

    async def _import_hint(self, context: OperationContext, type: str, id: str) -> str:
        """Return what to do about the object that has the name; its labels may say that this configuration made it."""
        api = await self.executor.connect()
        own = api.settings.labels.owner_labels(context.owner)
        reason = OTHER_CREATOR_HINT
        with contextlib.suppress(NeevError):  # the conflict is the error to report
            sandbox = await none_if_not_found(api.sandboxes.get(id))
            if sandbox is not None and own and own.items() <= (sandbox.labels or {}).items():
                reason = OWN_LABELS_HINT.format(id=id)
        return f"{reason} {IMPORT_HINT.format(type=type, id=id)}"

    def _context(
        self, values: ResourceValues, operation: str, inputs: Mapping[str, Any], warn: WarningHandler
    ) -> OperationContext:
        resource = values.resource
        named = resource.name_property
        name = str(inputs.get(named.name) or "") if named else ""
        return self.executor.operation_context(
            f"{type_name(resource.name)} {name or (values.prior or {}).get(ID, '')}".strip(),
            _timeout(values, operation),
            address=secrets.token_hex(),  # the engine repeats no operation, so each has an address of its own
            secret_inputs=declared_secrets(resource, inputs),
            owner=self.owner_of(type_name(resource.name), name) if name else None,
            warn=warn,
        )


def _timeout(values: ResourceValues, operation: str) -> float:
    """Return the seconds of the operation: those of the configuration or the state, else the resource's own."""
    limits = values.config.get(TIMEOUTS) or (values.prior or {}).get(TIMEOUTS) or {}
    text = limits.get(operation)
    return parse_duration(text) if text else float(getattr(values.resource.timeouts, operation))


def _as_planned(
    values: ResourceValues, planned: Values, stored: StoredResource, *, is_unfinished: bool = False
) -> Applied:
    """Return what was planned, to the letter, with the resource's values for what was unknown."""
    found = values.to_state(stored, planned)
    state = {name: found[name] if value is UNKNOWN else value for name, value in planned.items()}
    return Applied(without_unknown(state), _private(values, stored, is_unfinished=is_unfinished))


def _as_left(values: ResourceValues, planned: Values, stored: StoredResource) -> Applied:
    """Return what an unfinished create left; whatever is wrong with the rest of it, the id is kept."""
    try:
        return _as_planned(values, planned, stored, is_unfinished=True)
    except Exception:  # noqa: BLE001  the error of the create is the one to report
        state = without_unknown(planned) | {ID: stored.id}
        return Applied(state, _private(values, stored, is_unfinished=True))


def _as_found(values: ResourceValues, stored: StoredResource) -> Applied:
    """Return what exists, in the form of the prior state where that means the same."""
    state = values.to_state(stored, values.prior)
    return Applied(state, _private(values, stored, is_unfinished=values.private.is_unfinished))


def _private(values: ResourceValues, stored: StoredResource, *, is_unfinished: bool) -> PrivateState:
    return PrivateState.of(stored, left_out=values.left_out, is_unfinished=is_unfinished)
