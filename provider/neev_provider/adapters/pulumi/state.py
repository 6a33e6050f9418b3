"""Marking of secrets in states of resources."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from functools import reduce
from typing import Any

from neev_provider.adapters.pulumi.property_map import PropertyMap, mark_secrets
from neev_provider.core.lifecycle import AnyResource
from neev_provider.core.markers import Derived


def mark_state_secrets(resource: AnyResource, state: Mapping[str, Any], *sources: PropertyMap) -> PropertyMap:
    """Return the state with its secrets: the declared ones, and those of its source inputs and states.

    If several sources have a property, the first decides. Derived outputs are secret if what they may repeat is.
    """
    inputs, outputs = resource.inputs.properties, resource.outputs.properties
    merged = reduce(operator.or_, reversed(sources), PropertyMap())
    secrets = merged.mark(state).secrets
    secret_inputs = {name for source in sources for name in inputs.keys() & source.secret_names(inputs)}
    derived = {prop.name: prop for prop in resource.outputs.properties_with(Derived) if prop.name in state}
    hidden = {name for name, prop in derived.items() if prop.markers[Derived].is_secret(secret_inputs)}
    # a derived output that changed is not the secret value any more
    changed = {name for name in derived.keys() - hidden if merged.values.get(name) != state[name]}
    secrets = frozenset(path for path in secrets if path[0] not in changed) | {(name,) for name in hidden}
    return mark_secrets({**outputs, **inputs}, PropertyMap(state, secrets))
