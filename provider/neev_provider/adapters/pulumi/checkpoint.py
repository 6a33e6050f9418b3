"""Resources as an exported state has them: which are ours, and the entry of one that no operation has stored."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pulumi.dynamic.dynamic import PROVIDER_KEY

from neev_provider.adapters.pulumi import assets
from neev_provider.adapters.pulumi.dynamic import provider
from neev_provider.adapters.pulumi.marshal import SECRET, SIGNATURE, Sealed, plain, sealed
from neev_provider.adapters.pulumi.plugin.plan import sealed_state
from neev_provider.adapters.shared.config import PACKAGE
from neev_provider.core.lifecycle import AnyResource, StoredResource
from neev_provider.resources import RESOURCES

NATIVE = f"{PACKAGE}:index:"
DYNAMIC = f"pulumi-python:dynamic/{PACKAGE}:"
Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of the state that is ours: the resource behind it, and how its outputs are stored."""

    resource: AnyResource
    outputs: Callable[[StoredResource, Mapping[str, Any]], Values]


def kind_of(token: str) -> Kind | None:
    """The kind that the type names; ``None`` where it is not ours, or not in this version."""
    return _KINDS.get(token)


def named(urn: str) -> str:
    """The kind and the name in the program."""
    kind, _, name = urn.rpartition("::")
    return f"{kind.rpartition(':')[2]} {name}"


def entry(begun: Mapping[str, Any], stored: StoredResource, *, unfinished: str) -> Values:
    """The resource of a pending operation as if the operation had stored it, with why it is not finished.

    The next update goes on from there, as after a failure half way.
    """
    kind = _KINDS[begun["type"]]
    marked = opened(begun.get("inputs") or {})
    outputs = sealed_state(kind.resource, kind.outputs(stored, plain(marked)), marked)
    outputs |= {name: sealed(outputs[name]) for name in begun.get("additionalSecretOutputs") or () if name in outputs}
    return {**begun, "id": stored.id, "outputs": closed(outputs), "initErrors": [unfinished]}


def opened(value: Any) -> Any:
    """The value with its secrets sealed and its assets as ours; the state must have been exported in clear."""
    if isinstance(value, Mapping):
        if value.get(SIGNATURE) == SECRET:
            return Sealed(opened(json.loads(value["plaintext"])))
        if assets.MARK in value:
            return assets.from_map(value)
        if value.get(SIGNATURE) in assets.SIGNATURES:
            return assets.from_wire(value[SIGNATURE], {key: opened(each) for key, each in value.items()})
        return {key: opened(each) for key, each in value.items()}
    return [opened(each) for each in value] if isinstance(value, list) else value


def closed(value: Any) -> Any:
    """The value as the state has it; what is ``None`` is left out."""
    if isinstance(value, Sealed):
        return {SIGNATURE: SECRET, "plaintext": json.dumps(closed(value.value))}
    if isinstance(value, Mapping):
        return {key: closed(each) for key, each in value.items() if each is not None}
    return [closed(each) for each in value] if isinstance(value, list | tuple) else value


def _native(stored: StoredResource, _asked: Mapping[str, Any]) -> Values:
    return dict(stored.state)


def _dynamic(stored: StoredResource, asked: Mapping[str, Any]) -> Values:
    return {**provider.outputs(stored, asked), PROVIDER_KEY: asked[PROVIDER_KEY]}


_KINDS: Mapping[str, Kind] = {
    **{NATIVE + each.name: Kind(each, _native) for each in RESOURCES},
    **{DYNAMIC + name: Kind(each.resource, _dynamic) for name, each in provider.PROVIDERS.items()},
}
