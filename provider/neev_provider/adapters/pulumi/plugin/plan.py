"""What the engine asks before anything is done: checks, diffs and previews. Nothing here waits or sends."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from google.protobuf import struct_pb2
from pulumi.runtime.proto import provider_pb2

from neev_provider.adapters.pulumi.assets import Handed
from neev_provider.adapters.pulumi.marshal import (
    Sealed,
    decode,
    decode_plain,
    encode,
    foreign,
    plain,
    sealed_as,
    sealed_by,
    secret_names,
)
from neev_provider.core import lifecycle
from neev_provider.core.diff import Change, Diff, ChangeKind
from neev_provider.core.lifecycle import AnyResource
from neev_provider.core.markers import Derived, Stable
from neev_provider.core.names import sanitize_name, generate_name
from neev_provider.core.redaction import redact
from neev_provider.core.validation import ValidationFailure, WarningHandler, redact_failure

Naming = provider_pb2.CheckRequest.AutonamingOptions
KINDS = {
    (ChangeKind.ADD, False): provider_pb2.PropertyDiff.ADD,
    (ChangeKind.ADD, True): provider_pb2.PropertyDiff.ADD_REPLACE,
    (ChangeKind.DELETE, False): provider_pb2.PropertyDiff.DELETE,
    (ChangeKind.DELETE, True): provider_pb2.PropertyDiff.DELETE_REPLACE,
    (ChangeKind.UPDATE, False): provider_pb2.PropertyDiff.UPDATE,
    (ChangeKind.UPDATE, True): provider_pb2.PropertyDiff.UPDATE_REPLACE,
}
UNNAMED = "unnamed"
"""Stands for the name that could not be made, so that its absence is not told twice."""


def check(
    resource: AnyResource, request: provider_pb2.CheckRequest, handed: Handed, warn: WarningHandler
) -> provider_pb2.CheckResponse:
    """The inputs as they are stored, secrets where the program has them, and what is wrong with them."""
    news = decode(request.news)
    handed.note(plain(news))
    secret = secret_names(resource.inputs.properties, news)
    failed = [redact_failure(failure, secret) for failure in foreign(news, resource.inputs.properties)]

    def make_name() -> str:
        if request.HasField("autonaming") and request.autonaming.mode == Naming.DISABLE:
            failed.append(
                ValidationFailure("name", "is required: the stack's configuration disables names that are made")
            )
            return UNNAMED
        return _name(resource, request)

    checked, found = resource.check(decode_plain(request.olds), plain(news), make_name, warn)
    told = {_place(failure) for failure in failed}
    failed.extend(redact_failure(failure, secret) for failure in found if _place(failure) not in told)
    inputs = encode(sealed_by(resource.inputs.properties, sealed_as(checked, news)))
    return provider_pb2.CheckResponse(inputs=inputs, failures=failures_on_wire(failed))


def diff(resource: AnyResource, request: provider_pb2.DiffRequest, handed: Handed) -> provider_pb2.DiffResponse:
    """How the new inputs differ from the old ones and from what they led to, per property path."""
    state = decode_plain(request.olds)
    old = decode_plain(request.old_inputs) if request.HasField("old_inputs") else state
    found = lifecycle.compute_diff(
        resource, old_inputs=old, state=state, new_inputs=handed.whole(decode_plain(request.news))
    )
    stable = [name for name, declared in resource.outputs.properties.items() if declared.has(Stable)]
    return answer(found, inputs=frozenset(resource.inputs.properties), stables=stable)


def answer(found: Diff, *, inputs: frozenset[str], stables: list[str] | None = None) -> provider_pb2.DiffResponse:
    """The difference as the engine reads it."""
    some = provider_pb2.DiffResponse.DIFF_SOME if found.changes else provider_pb2.DiffResponse.DIFF_NONE
    return provider_pb2.DiffResponse(
        changes=some,
        diffs=_tops(found.changes),
        replaces=_tops(change for change in found.changes if change.requires_replacement),
        detailedDiff={change.path: _kind(change, inputs) for change in found.changes},
        hasDetailedDiff=True,
        deleteBeforeReplace=found.delete_before_replace,
        stables=stables,
    )


def preview_create(resource: AnyResource, properties: struct_pb2.Struct) -> struct_pb2.Struct:
    """The state as far as it is known before anything is made."""
    asked = decode(properties)
    return state_on_wire(resource, resource.preview_create(plain(asked)), asked)


def preview_update(resource: AnyResource, olds: struct_pb2.Struct, news: struct_pb2.Struct) -> struct_pb2.Struct:
    """The state as far as it is known before anything is changed."""
    asked, before = decode(news), decode(olds)
    return state_on_wire(resource, lifecycle.preview_update(resource, plain(before), plain(asked)), asked, before)


def state_on_wire(resource: AnyResource, state: Mapping[str, Any], *marked: Mapping[str, Any]) -> struct_pb2.Struct:
    """The plain state, sealed as ``sealed_state`` says."""
    return encode(sealed_state(resource, state, *marked))


def sealed_state(resource: AnyResource, state: Mapping[str, Any], *marked: Mapping[str, Any]) -> dict[str, Any]:
    """The plain state, sealed where the declarations say so, and where a secret came in or was before.

    ``marked`` are the inputs and the states that it comes from; of a property in several, the first decides.
    """
    inputs, outputs = resource.inputs.properties, resource.outputs.properties
    seals = {name: value for each in reversed(marked) for name, value in each.items()}
    secret_came_in = any(inputs.keys() & secret_names(inputs, each) for each in marked)
    for name in (name for name, declared in outputs.items() if declared.has(Derived)):
        if secret_came_in:
            seals[name] = Sealed(None)
        elif plain(seals.get(name)) != state.get(name):
            seals.pop(name, None)  # it is another than the secret one
    return sealed_by({**outputs, **inputs}, sealed_as(dict(state), seals))


def name_of(request: Any) -> str:
    """The resource's name in the program."""
    return str(request.name or request.urn.rpartition("::")[2])


def failures_on_wire(failures: list[ValidationFailure]) -> list[provider_pb2.CheckFailure]:
    """The failures as the engine reads them."""
    return [provider_pb2.CheckFailure(property=redact(each.path), reason=redact(each.reason)) for each in failures]


def _place(failure: ValidationFailure) -> str:
    return failure.path or failure.reason.partition(": ")[0]


def _name(resource: AnyResource, request: provider_pb2.CheckRequest) -> str:
    limit = resource.max_name_length
    if request.HasField("autonaming") and request.autonaming.proposed_name:
        proposed = request.autonaming.proposed_name
        # an enforced name is taken or refused as it is
        return proposed if request.autonaming.mode == Naming.ENFORCE else sanitize_name(proposed, max_length=limit)
    # a seed that an update plan repeats makes the same name again
    return generate_name(name_of(request), request.randomSeed.hex() or secrets.token_hex(4), max_length=limit)


def _kind(change: Change, inputs: frozenset[str]) -> provider_pb2.PropertyDiff:
    kind = KINDS[change.kind, change.requires_replacement]
    return provider_pb2.PropertyDiff(kind=kind, inputDiff=change.property_name in inputs)


def _tops(changes: Iterable[Change]) -> list[str]:
    return list(dict.fromkeys(change.property_name for change in changes))
