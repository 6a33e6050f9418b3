"""What of a stored state this version can read: another version or another tool may have written the rest.

What cannot be read counts as not known. It is passed over, and it is kept where nothing newer is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from neev_provider.core.model import Model, Property
from neev_provider.core.resource import Live, Resource
from neev_provider.core.validation import is_hidden, visible

AnyResource = Resource[Any, Any]
Values = dict[str, Any]


def readable_state(resource: AnyResource, state: Mapping[str, Any]) -> Values:
    """Return the state without the inputs and outputs of which this version cannot read the value.

    A list of objects stays as long as it is a list: its resource reads the items one by one.
    """
    return readable(resource.outputs, readable(resource.inputs, state))


def readable(model: type[Model], values: Mapping[str, Any]) -> Values:
    """Return the values without those that the model declares and does not accept."""
    unreadable = _unreadable(model, values)
    return {name: value for name, value in values.items() if name not in unreadable}


def known_inputs(
    resource: AnyResource, inputs: Mapping[str, Any], rest: Mapping[str, Any] = MappingProxyType({})
) -> Values:
    """Return the inputs that this version has and can read; a required one that is none of these is as in `rest`."""
    declared = resource.inputs.properties
    found = {name: value for name, value in readable(resource.inputs, visible(inputs)).items() if name in declared}
    required = {name: rest[name] for name in missing(resource, inputs) if name in rest}
    return {**required, **found}


def missing(resource: AnyResource, inputs: Mapping[str, Any]) -> list[str]:
    """Return the names of the required inputs that are absent or cannot be read."""
    found = readable(resource.inputs, visible(inputs))
    return [name for name, declared in resource.inputs.properties.items() if declared.required and name not in found]


def unknown(resource: AnyResource, values: Mapping[str, Any]) -> Values:
    """Return the values that this version has neither an input nor an output for."""
    declared = _declared(resource)
    return {name: value for name, value in values.items() if name not in declared and not is_hidden(name)}


def passed_over(resource: AnyResource, values: Mapping[str, Any]) -> list[str]:
    """Return the names of everything stored that this version does not have or cannot read."""
    known = readable_state(resource, visible(values))
    return sorted({name for name in visible(values) if name not in known} | unknown(resource, visible(values)).keys())


def kept(resource: AnyResource, before: Mapping[str, Any], live: Live[Any]) -> Values:
    """Return what of the state before was passed over and is not known anew."""
    fields = live.outputs.model_fields_set
    stale = {name for name, declared in resource.outputs.properties.items() if declared.field not in fields}
    odd = _unreadable(resource.outputs, before)
    return {**unknown(resource, before), **{name: before[name] for name in before if name in odd & stale}}


def _unreadable(model: type[Model], values: Mapping[str, Any]) -> set[str]:
    given = {name: value for name, value in visible(values).items() if name in model.properties}
    try:
        model.model_validate(given)
    except ValidationError as error:
        odd = {str(each["loc"][0]) for each in error.errors(include_input=False, include_url=False)}
        return {name for name in odd & given.keys() if not _has_items(model.properties[name], given[name])}
    return set()


def _has_items(declared: Property, value: Any) -> bool:
    return declared.item_model is not None and isinstance(value, list)


def _declared(resource: AnyResource) -> set[str]:
    return resource.inputs.properties.keys() | resource.outputs.properties.keys()
