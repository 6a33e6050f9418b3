"""What the engine asks before anything is done: checks, diffs and previews. Nothing here waits or sends."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from google.protobuf import struct_pb2
from pulumi.runtime.proto import provider_pb2

from neev_provider.adapters.pulumi.assets import AssetCache
from neev_provider.adapters.pulumi.marshal import (
    mark_declared_secrets,
    marshal,
    restore_secrets,
    reveal,
    secret_names,
    unmarshal,
    unmarshal_plain,
    unsupported_values,
)
from neev_provider.adapters.pulumi.state import mark_state_secrets
from neev_provider.core import lifecycle
from neev_provider.core.diff import Change, ChangeKind, Diff
from neev_provider.core.lifecycle import AnyResource
from neev_provider.core.markers import Stable
from neev_provider.core.names import generate_name, sanitize_name
from neev_provider.core.redaction import redact
from neev_provider.core.validation import ValidationFailure, WarningHandler, redact_failure

AutonamingOptions = provider_pb2.CheckRequest.AutonamingOptions
PROPERTY_DIFF_KINDS = {
    (ChangeKind.ADD, False): provider_pb2.PropertyDiff.ADD,
    (ChangeKind.ADD, True): provider_pb2.PropertyDiff.ADD_REPLACE,
    (ChangeKind.DELETE, False): provider_pb2.PropertyDiff.DELETE,
    (ChangeKind.DELETE, True): provider_pb2.PropertyDiff.DELETE_REPLACE,
    (ChangeKind.UPDATE, False): provider_pb2.PropertyDiff.UPDATE,
    (ChangeKind.UPDATE, True): provider_pb2.PropertyDiff.UPDATE_REPLACE,
}
NAME_PLACEHOLDER = "unnamed"
"""Stands for the name that could not be made, so that its absence is not told twice."""


def check(
    resource: AnyResource, request: provider_pb2.CheckRequest, asset_cache: AssetCache, warn: WarningHandler
) -> provider_pb2.CheckResponse:
    """The inputs as they are stored, secrets where the program has them, and what is wrong with them."""
    news = unmarshal(request.news)
    asset_cache.remember(reveal(news))
    secret = secret_names(resource.inputs.properties, news)
    failed = [redact_failure(failure, secret) for failure in unsupported_values(news, resource.inputs.properties)]

    def make_name() -> str:
        if request.HasField("autonaming") and request.autonaming.mode == AutonamingOptions.DISABLE:
            failed.append(
                ValidationFailure("name", "is required: the stack's configuration disables names that are made")
            )
            return NAME_PLACEHOLDER
        return _generate_name(resource, request)

    checked, found = resource.check(unmarshal_plain(request.olds), reveal(news), make_name, warn)
    told = {_failure_path(failure) for failure in failed}
    failed.extend(redact_failure(failure, secret) for failure in found if _failure_path(failure) not in told)
    inputs = marshal(mark_declared_secrets(resource.inputs.properties, restore_secrets(checked, news)))
    return provider_pb2.CheckResponse(inputs=inputs, failures=marshal_failures(failed))


def diff(
    resource: AnyResource, request: provider_pb2.DiffRequest, asset_cache: AssetCache
) -> provider_pb2.DiffResponse:
    """How the new inputs differ from the old ones and from what they led to, per property path."""
    state = unmarshal_plain(request.olds)
    old = unmarshal_plain(request.old_inputs) if request.HasField("old_inputs") else state
    found = lifecycle.compute_diff(
        resource, old_inputs=old, state=state, new_inputs=asset_cache.resolve(unmarshal_plain(request.news))
    )
    stable = [name for name, declared in resource.outputs.properties.items() if declared.has(Stable)]
    return diff_response(found, inputs=frozenset(resource.inputs.properties), stables=stable)


def diff_response(
    core_diff: Diff, *, inputs: frozenset[str], stables: list[str] | None = None
) -> provider_pb2.DiffResponse:
    """The difference as the engine reads it."""
    some = provider_pb2.DiffResponse.DIFF_SOME if core_diff.changes else provider_pb2.DiffResponse.DIFF_NONE
    return provider_pb2.DiffResponse(
        changes=some,
        diffs=_property_names(core_diff.changes),
        replaces=_property_names(change for change in core_diff.changes if change.requires_replacement),
        detailedDiff={change.path: _property_diff(change, inputs) for change in core_diff.changes},
        hasDetailedDiff=True,
        deleteBeforeReplace=core_diff.delete_before_replace,
        stables=stables,
    )


def preview_create(resource: AnyResource, new_inputs: struct_pb2.Struct) -> struct_pb2.Struct:
    """The state as far as it is known before anything is made."""
    asked = unmarshal(new_inputs)
    return marshal_state(resource, resource.preview_create(reveal(asked)), asked)


def preview_update(
    resource: AnyResource, old_state: struct_pb2.Struct, new_inputs: struct_pb2.Struct
) -> struct_pb2.Struct:
    """The state as far as it is known before anything is changed."""
    asked, before = unmarshal(new_inputs), unmarshal(old_state)
    return marshal_state(resource, lifecycle.preview_update(resource, reveal(before), reveal(asked)), asked, before)


def marshal_state(
    resource: AnyResource, state: Mapping[str, Any], *with_secrets: Mapping[str, Any]
) -> struct_pb2.Struct:
    """The plain state, sealed as ``sealed_state`` says."""
    return marshal(mark_state_secrets(resource, state, *with_secrets))


def name_of(request: Any) -> str:
    """The resource's name in the program."""
    return str(request.name or request.urn.rpartition("::")[2])


def marshal_failures(failures: list[ValidationFailure]) -> list[provider_pb2.CheckFailure]:
    """The failures as the engine reads them."""
    return [provider_pb2.CheckFailure(property=redact(each.path), reason=redact(each.reason)) for each in failures]


def _failure_path(failure: ValidationFailure) -> str:
    return failure.path or failure.reason.partition(": ")[0]


def _generate_name(resource: AnyResource, request: provider_pb2.CheckRequest) -> str:
    limit = resource.max_name_length
    if request.HasField("autonaming") and request.autonaming.proposed_name:
        proposed = request.autonaming.proposed_name
        # an enforced name is taken or refused as it is
        return (
            proposed
            if request.autonaming.mode == AutonamingOptions.ENFORCE
            else sanitize_name(proposed, max_length=limit)
        )
    # a seed that an update plan repeats makes the same name again
    return generate_name(name_of(request), request.randomSeed.hex() or secrets.token_hex(4), max_length=limit)


def _property_diff(change: Change, inputs: frozenset[str]) -> provider_pb2.PropertyDiff:
    kind = PROPERTY_DIFF_KINDS[change.kind, change.requires_replacement]
    return provider_pb2.PropertyDiff(kind=kind, inputDiff=change.property_name in inputs)


def _property_names(changes: Iterable[Change]) -> list[str]:
    return list(dict.fromkeys(change.property_name for change in changes))
