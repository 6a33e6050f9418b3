"""States of resources with their secrets marked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neev_provider.adapters.pulumi.marshal import (
    SecretValue,
    mark_declared_secrets,
    restore_secrets,
    reveal,
    secret_names,
)
from neev_provider.core.lifecycle import AnyResource
from neev_provider.core.markers import Derived


def mark_state_secrets(
    resource: AnyResource, state: Mapping[str, Any], *with_secrets: Mapping[str, Any]
) -> dict[str, Any]:
    """The plain state, sealed where the declarations say so, and where a secret came in or was before.

    ``marked`` are the inputs and the states that it comes from; of a property in several, the first decides.
    """
    inputs, outputs = resource.inputs.properties, resource.outputs.properties
    seals = {name: value for each in reversed(with_secrets) for name, value in each.items()}
    secret_came_in = any(inputs.keys() & secret_names(inputs, each) for each in with_secrets)
    for name in (name for name, declared in outputs.items() if declared.has(Derived)):
        if secret_came_in:
            seals[name] = SecretValue(None)
        elif reveal(seals.get(name)) != state.get(name):
            seals.pop(name, None)  # it is another than the secret one
    return mark_declared_secrets({**outputs, **inputs}, restore_secrets(dict(state), seals))
