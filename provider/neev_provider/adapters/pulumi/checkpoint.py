"""Resources as an exported state has them: which are ours, and the entry of one that no operation has stored."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pulumi.dynamic.dynamic import PROVIDER_KEY

from neev_provider.adapters.pulumi import assets
from neev_provider.adapters.pulumi.dynamic.provider import host_outputs
from neev_provider.adapters.pulumi.marshal import SECRET, SIGNATURE, SecretValue, mark_secret, reveal
from neev_provider.adapters.pulumi.state import mark_state_secrets
from neev_provider.adapters.shared.config import PACKAGE
from neev_provider.core.lifecycle import AnyResource, StoredResource
from neev_provider.resources import RESOURCES

NATIVE_PREFIX = f"{PACKAGE}:index:"
DYNAMIC_PREFIX = f"pulumi-python:dynamic/{PACKAGE}:"
Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class StateType:
    """A type of the state that is ours: the resource behind it, and how its outputs are stored."""

    resource: AnyResource
    outputs: Callable[[StoredResource, Mapping[str, Any]], Values]


def type_of_token(token: str) -> StateType | None:
    """The kind that the type names; ``None`` where it is not ours, or not in this version."""
    return _STATE_TYPES.get(token)


def describe_urn(urn: str) -> str:
    """The kind and the name in the program."""
    kind, _, name = urn.rpartition("::")
    return f"{kind.rpartition(':')[2]} {name}"


def recovered_resource(pending: Mapping[str, Any], stored: StoredResource, *, problem: str) -> Values:
    """The resource of a pending operation as if the operation had stored it, with why it is not finished.

    The next update goes on from there, as after a failure half way.
    """
    kind = _STATE_TYPES[pending["type"]]
    marked = decode_state(pending.get("inputs") or {})
    outputs = mark_state_secrets(kind.resource, kind.outputs(stored, reveal(marked)), marked)
    outputs |= {
        name: mark_secret(outputs[name]) for name in pending.get("additionalSecretOutputs") or () if name in outputs
    }
    return {**pending, "id": stored.id, "outputs": encode_state(outputs), "initErrors": [problem]}


def decode_state(value: Any) -> Any:
    """The value with its secrets sealed and its assets as ours; the state must have been exported in clear."""
    if isinstance(value, Mapping):
        if value.get(SIGNATURE) == SECRET:
            return SecretValue(decode_state(json.loads(value["plaintext"])))
        if assets.ASSET_KEY in value:
            return assets.asset_from_map(value)
        if value.get(SIGNATURE) in assets.SIGNATURES:
            return assets.unmarshal_asset(value[SIGNATURE], {key: decode_state(each) for key, each in value.items()})
        return {key: decode_state(each) for key, each in value.items()}
    return [decode_state(each) for each in value] if isinstance(value, list) else value


def encode_state(value: Any) -> Any:
    """The value as the state has it; what is ``None`` is left out."""
    if isinstance(value, SecretValue):
        return {SIGNATURE: SECRET, "plaintext": json.dumps(encode_state(value.value))}
    if isinstance(value, Mapping):
        return {key: encode_state(each) for key, each in value.items() if each is not None}
    return [encode_state(each) for each in value] if isinstance(value, list | tuple) else value


def _native_outputs(stored: StoredResource, _raw_inputs: Mapping[str, Any]) -> Values:
    return dict(stored.state)


def _dynamic_outputs(stored: StoredResource, raw_inputs: Mapping[str, Any]) -> Values:
    return {**host_outputs(stored, raw_inputs), PROVIDER_KEY: raw_inputs[PROVIDER_KEY]}


_STATE_TYPES: Mapping[str, StateType] = {
    **{NATIVE_PREFIX + each.name: StateType(each, _native_outputs) for each in RESOURCES},
    **{DYNAMIC_PREFIX + each.name: StateType(each, _dynamic_outputs) for each in RESOURCES},
}
