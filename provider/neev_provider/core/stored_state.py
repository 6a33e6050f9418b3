"""The part of a stored state that this version can read; another version or tool may have written the rest.

An unreadable value counts as unknown. It is ignored, and preserved in the state unless a newer value is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from neev_provider.core.model import Model, Property
from neev_provider.core.resource import Observation, Resource
from neev_provider.core.validation import drop_nulls, is_internal, user_properties

AnyResource = Resource[Any, Any, Any]
Values = dict[str, Any]


def readable_state(resource: AnyResource, state: Mapping[str, Any]) -> Values:
    """Return the state without the inputs and outputs of which this version cannot read the value.

    A list of objects stays as long as it is a list: its resource reads the items one by one.
    """
    return drop_unreadable(resource.outputs, drop_unreadable(resource.inputs, state))


def drop_unreadable(model: type[Model], values: Mapping[str, Any]) -> Values:
    """Return the values without those that the model declares and does not accept."""
    unreadable = _unreadable_names(model, values)
    return {name: value for name, value in values.items() if name not in unreadable}


def known_inputs(
    resource: AnyResource, inputs: Mapping[str, Any], fallback: Mapping[str, Any] = MappingProxyType({})
) -> Values:
    """Return the inputs that this version has and can read; a missing required one comes from `fallback`."""
    declared = resource.inputs.properties
    found = {
        name: value
        for name, value in drop_unreadable(resource.inputs, user_properties(inputs)).items()
        if name in declared
    }
    required = {name: fallback[name] for name in fallback if name in declared and declared[name].required}
    return {**required, **found}


def missing_inputs(resource: AnyResource, known: Mapping[str, Any]) -> list[str]:
    """Return the names of the required inputs that are not among the known ones."""
    return [name for name, declared in resource.inputs.properties.items() if declared.required and name not in known]


def unknown_properties(resource: AnyResource, values: Mapping[str, Any]) -> Values:
    """Return the values that this version has neither an input nor an output for."""
    declared = _declared_names(resource)
    return {name: value for name, value in values.items() if name not in declared and not is_internal(name)}


def ignored_properties(resource: AnyResource, state: Mapping[str, Any], readable: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of what the state holds that this version does not have, or that is not readable."""
    given = {name for name, value in state.items() if value is not None and not is_internal(name)}
    return tuple(sorted(given - (readable.keys() & _declared_names(resource))))


def preserved_properties(resource: AnyResource, old_state: Mapping[str, Any], observation: Observation[Any]) -> Values:
    """Return the ignored properties of the old state that have no newer value."""
    fields = observation.outputs.model_fields_set
    stale = {name for name, declared in resource.outputs.properties.items() if declared.field not in fields}
    old = {name: value for name, value in old_state.items() if name in stale}
    odd = _unreadable_names(resource.outputs, old)
    return {
        **unknown_properties(resource, old_state),
        **{name: value for name, value in old.items() if name in odd},
    }


def _unreadable_names(model: type[Model], values: Mapping[str, Any]) -> set[str]:
    given = {
        name: drop_nulls(value) for name, value in values.items() if value is not None and name in model.properties
    }
    try:
        model.model_validate(given)
    except ValidationError as error:
        odd = {str(item["loc"][0]) for item in error.errors(include_input=False, include_url=False)}
        return {name for name in odd & given.keys() if not _has_items(model.properties[name], given[name])}
    return set()


def _has_items(prop: Property, value: Any) -> bool:
    return prop.item_model is not None and isinstance(value, list)


def _declared_names(resource: AnyResource) -> set[str]:
    return resource.inputs.properties.keys() | resource.outputs.properties.keys()
