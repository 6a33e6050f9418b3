"""Checks, diffs and previews as messages of the protocol."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from google.protobuf import struct_pb2
from pulumi.runtime.proto import provider_pb2

from neev_provider.adapters.pulumi.assets import AssetCache
from neev_provider.adapters.pulumi.marshal import marshal, unmarshal, unsupported_values
from neev_provider.adapters.pulumi.property_map import PropertyMap, mark_secrets
from neev_provider.adapters.pulumi.state import mark_state_secrets
from neev_provider.adapters.shared.planner import Planner
from neev_provider.core.diff import Change, ChangeKind, Diff, is_stable
from neev_provider.core.lifecycle import AnyResource
from neev_provider.core.names import generate_name, sanitize_name
from neev_provider.core.redaction import redact
from neev_provider.core.validation import ValidationFailure, WarningHandler

AutonamingOptions = provider_pb2.CheckRequest.AutonamingOptions
PROPERTY_DIFF_KINDS = {
    (ChangeKind.ADD, False): provider_pb2.PropertyDiff.ADD,
    (ChangeKind.ADD, True): provider_pb2.PropertyDiff.ADD_REPLACE,
    (ChangeKind.DELETE, False): provider_pb2.PropertyDiff.DELETE,
    (ChangeKind.DELETE, True): provider_pb2.PropertyDiff.DELETE_REPLACE,
    (ChangeKind.UPDATE, False): provider_pb2.PropertyDiff.UPDATE,
    (ChangeKind.UPDATE, True): provider_pb2.PropertyDiff.UPDATE_REPLACE,
}
NAME_REQUIRED_MESSAGE = "is required: the stack's configuration disables names that are made"
NAME_PLACEHOLDER = "unnamed"
"""Stands for the name that is not generated, so that its absence is one failure and not two."""


def check(
    planner: Planner, request: provider_pb2.CheckRequest, asset_cache: AssetCache, warn: WarningHandler
) -> provider_pb2.CheckResponse:
    """Return the inputs to store, secrets where the program has them, and their failures."""
    properties = planner.resource.inputs.properties
    news = unmarshal(request.news)
    asset_cache.remember(news.values)
    rejected = unsupported_values(news.values, properties)

    def generate_name() -> str:
        if request.HasField("autonaming") and request.autonaming.mode == AutonamingOptions.DISABLE:
            rejected.append(ValidationFailure("name", NAME_REQUIRED_MESSAGE))
            return NAME_PLACEHOLDER
        return _generate_name(planner.resource, request)

    inputs, failures = planner.check(
        unmarshal(request.olds).values,
        news.values,
        generate_name=generate_name,
        address=request.urn,
        secret_inputs=news.secret_names(properties),
        rejected=rejected,
        warn=warn,
    )
    checked = marshal(mark_secrets(properties, news.mark(inputs)))
    return provider_pb2.CheckResponse(inputs=checked, failures=marshal_failures(failures))


def diff(
    planner: Planner, request: provider_pb2.DiffRequest, asset_cache: AssetCache, log: Callable[[str], None]
) -> provider_pb2.DiffResponse:
    """Return how the new inputs differ from the old ones and from the state, per property path."""
    resource, state = planner.resource, unmarshal(request.olds).values
    old_inputs = unmarshal(request.old_inputs).values if request.HasField("old_inputs") else state
    news = asset_cache.resolve(unmarshal(request.news).values)
    changes = planner.diff(request.id, old_inputs, state, news, log)
    changed = {change.property_name for change in changes.changes}
    stable = [name for name, prop in resource.outputs.properties.items() if is_stable(prop, changed)]
    return diff_response(changes, inputs=frozenset(resource.inputs.properties), stables=stable)


def diff_response(
    core_diff: Diff, *, inputs: frozenset[str], stables: list[str] | None = None
) -> provider_pb2.DiffResponse:
    """Return the response for a difference."""
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


def preview(planner: Planner, old_state: struct_pb2.Struct | None, new_inputs: struct_pb2.Struct) -> struct_pb2.Struct:
    """Return the state as far as it is known before the change."""
    inputs, state = unmarshal(new_inputs), None if old_state is None else unmarshal(old_state)
    planned = planner.preview(None if state is None else state.values, inputs.values)
    return marshal_state(planner.resource, planned, inputs, state or PropertyMap())


def marshal_state(resource: AnyResource, state: Mapping[str, Any], *sources: PropertyMap) -> struct_pb2.Struct:
    """Return the message for a plain state, with its secrets marked."""
    return marshal(mark_state_secrets(resource, state, *sources))


def name_of(request: Any) -> str:
    """Return the resource's name in the program."""
    return str(request.name or request.urn.rpartition("::")[2])


def marshal_failures(failures: list[ValidationFailure]) -> list[provider_pb2.CheckFailure]:
    """Return the messages for the failures."""
    return [
        provider_pb2.CheckFailure(property=redact(failure.path), reason=redact(failure.reason)) for failure in failures
    ]


def _generate_name(resource: AnyResource, request: provider_pb2.CheckRequest) -> str:
    limit = resource.max_name_length
    if request.HasField("autonaming") and request.autonaming.proposed_name:
        proposed = request.autonaming.proposed_name
        # an enforced name is accepted or rejected as it is
        return (
            proposed
            if request.autonaming.mode == AutonamingOptions.ENFORCE
            else sanitize_name(proposed, max_length=limit)
        )
    # an update plan repeats the seed, and so the name
    return generate_name(name_of(request), request.randomSeed.hex() or secrets.token_hex(4), max_length=limit)


def _property_diff(change: Change, inputs: frozenset[str]) -> provider_pb2.PropertyDiff:
    kind = PROPERTY_DIFF_KINDS[change.kind, change.requires_replacement]
    return provider_pb2.PropertyDiff(kind=kind, inputDiff=change.property_name in inputs)


def _property_names(changes: Iterable[Change]) -> list[str]:
    return list(dict.fromkeys(change.property_name for change in changes))
