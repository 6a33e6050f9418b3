"""Resources in an exported state: the types of this package, and the entry of an operation that stored nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pulumi.dynamic.dynamic import PROVIDER_KEY

from neev_provider.adapters.pulumi import assets
from neev_provider.adapters.pulumi.dynamic.provider import host_outputs
from neev_provider.adapters.pulumi.marshal import SECRET, SIGNATURE
from neev_provider.adapters.pulumi.property_map import Path, PropertyMap
from neev_provider.adapters.pulumi.state import mark_state_secrets
from neev_provider.adapters.shared.config import PACKAGE
from neev_provider.core.lifecycle import AnyResource, StoredResource
from neev_provider.resources import RESOURCES

NATIVE_PREFIX = f"{PACKAGE}:index:"
DYNAMIC_PREFIX = f"pulumi-python:dynamic/{PACKAGE}:"
Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class StateType:
    """A resource type of this package in a state: its declaration, and the form of its stored outputs."""

    resource: AnyResource
    outputs: Callable[[StoredResource, Mapping[str, Any]], Values]


def type_of_token(token: str) -> StateType | None:
    """Return the state type of the token; ``None`` if it is of another package, or not in this version."""
    return _STATE_TYPES.get(token)


def describe_urn(urn: str) -> str:
    """Return the type and the name in the program."""
    kind, _, name = urn.rpartition("::")
    return f"{kind.rpartition(':')[2]} {name}"


def recovered_resource(pending: Mapping[str, Any], stored: StoredResource, *, problem: str) -> Values:
    """Return the resource of a pending operation as the operation would store it, with the reason why it is unfinished.

    The next update continues from there, as after a partial failure.
    """
    kind = _STATE_TYPES[pending["type"]]
    inputs = decode_state(pending.get("inputs") or {})
    outputs = mark_state_secrets(kind.resource, kind.outputs(stored, inputs.values), inputs)
    additional = {(name,) for name in pending.get("additionalSecretOutputs") or () if name in outputs.values}
    marked = PropertyMap(outputs.values, outputs.secrets | additional)
    return {**pending, "id": stored.id, "outputs": encode_state(marked), "initErrors": [problem]}


def decode_state(values: Mapping[str, Any]) -> PropertyMap:
    """Return the properties and the paths of their secrets; the state must have been exported in clear."""
    secrets: set[Path] = set()
    decoded = _decode_value(values, (), secrets)
    return PropertyMap(decoded, frozenset(secrets))


def encode_state(properties: PropertyMap) -> Values:
    """Return the properties as a state contains them; omit those that are `None`."""
    encoded: Values = _encode_value(properties.values, (), properties.secrets)
    return encoded


def _decode_value(value: Any, path: Path, secrets: set[Path]) -> Any:
    if isinstance(value, Mapping):
        if value.get(SIGNATURE) == SECRET:
            secrets.add(path)
            return _decode_value(json.loads(value["plaintext"]), path, secrets)
        if assets.ASSET_KEY in value:
            return assets.asset_from_map(value)
        decoded = {key: _decode_value(item, (*path, key), secrets) for key, item in value.items()}
        signature = value.get(SIGNATURE)
        return assets.unmarshal_asset(signature, decoded) if signature in assets.SIGNATURES else decoded
    if isinstance(value, list):
        return [_decode_value(item, (*path, index), secrets) for index, item in enumerate(value)]
    return value


def _encode_value(value: Any, path: Path, secrets: frozenset[Path]) -> Any:
    if path in secrets:
        return {SIGNATURE: SECRET, "plaintext": json.dumps(_encode_value(value, path, frozenset()))}
    if isinstance(value, Mapping):
        return {key: _encode_value(item, (*path, key), secrets) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_encode_value(item, (*path, index), secrets) for index, item in enumerate(value)]
    return value


def _native_outputs(stored: StoredResource, _raw_inputs: Mapping[str, Any]) -> Values:
    return dict(stored.state)


def _dynamic_outputs(stored: StoredResource, raw_inputs: Mapping[str, Any]) -> Values:
    return {**host_outputs(stored, raw_inputs), PROVIDER_KEY: raw_inputs[PROVIDER_KEY]}


_STATE_TYPES: Mapping[str, StateType] = {
    **{NATIVE_PREFIX + resource.name: StateType(resource, _native_outputs) for resource in RESOURCES},
    **{DYNAMIC_PREFIX + resource.name: StateType(resource, _dynamic_outputs) for resource in RESOURCES},
}
