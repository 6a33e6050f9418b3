"""The plan of one resource: which values it will have, which are unknown, and what replaces it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from neev_provider.adapters.shared.planner import Planner
from neev_provider.adapters.terraform.attributes import (
    ID,
    SECRET_PREFIX,
    TIMEOUTS,
    VERSION_SUFFIX,
    Attribute,
    is_sometimes_secret,
)
from neev_provider.adapters.terraform.conversion import keep_form
from neev_provider.adapters.terraform.resource_values import ResourceValues, declared_secrets, is_secret_now
from neev_provider.adapters.terraform.values import Values
from neev_provider.core.diff import Diff, is_stable
from neev_provider.core.model import UNKNOWN
from neev_provider.core.validation import ValidationFailure, WarningHandler, contains_unknown, ignore


@dataclass(frozen=True, slots=True)
class Plan:
    """The planned values, and the attributes whose change replaces the resource."""

    values: Values
    replacing: tuple[str, ...] = ()
    obstacles: tuple[ValidationFailure, ...] = ()
    """Failures of local files or other resources, which the apply reports if they last."""


def plan_create(planner: Planner, values: ResourceValues, checked: Mapping[str, Any]) -> Plan:
    """Return the values of a resource that does not exist yet."""
    preview = planner.preview(None, checked)
    return Plan(
        {name: _new_value(attribute, values, preview, checked) for name, attribute in values.attributes.items()}
        | {ID: UNKNOWN, TIMEOUTS: values.config[TIMEOUTS]}
    )


def plan_update(
    planner: Planner, values: ResourceValues, checked: Mapping[str, Any], log: WarningHandler = ignore
) -> Plan:
    """Return the values after the update: those of the prior state if nothing changes."""
    prior = values.prior or {}
    diff = _diff(planner, values, checked, log)
    if not diff.changes and not values.private.is_unfinished:
        return Plan(_recorded(values))
    preview = planner.preview(values.state, checked)
    changed = frozenset(change.property_name for change in diff.changes)
    planned = {
        name: _changed_value(attribute, values, preview, checked, changed)
        for name, attribute in values.attributes.items()
    }
    return Plan(planned | {ID: prior[ID], TIMEOUTS: values.config[TIMEOUTS]}, _replacing(values, diff))


def is_update(planner: Planner, values: ResourceValues, checked: Mapping[str, Any]) -> bool:
    """Return whether an update has something to do beside storing what the configuration says."""
    return values.private.is_unfinished or bool(_diff(planner, values, checked).changes)


def has_volatile_attribute(values: ResourceValues) -> bool:
    """Return whether an attribute can be unknown in the plan of an update, so that an update can be planned."""
    return any(_is_volatile(attribute) for attribute in values.attributes.values())


def _is_volatile(attribute: Attribute) -> bool:
    return attribute.computed and not attribute.is_input and not attribute.stable


def _diff(planner: Planner, values: ResourceValues, checked: Mapping[str, Any], log: WarningHandler = ignore) -> Diff:
    return planner.diff((values.prior or {})[ID], values.old_inputs, values.state, checked, log)


def _recorded(values: ResourceValues) -> Values:
    """Return the prior values, with those of the configuration that change nothing but the state."""
    recorded = {name: _recorded_value(attribute, values) for name, attribute in values.attributes.items()}
    return recorded | {TIMEOUTS: values.config[TIMEOUTS]}


def _recorded_value(attribute: Attribute, values: ResourceValues) -> Any:
    configured, before = values.config.get(attribute.name), (values.prior or {})[attribute.name]
    if attribute.write_only:
        return None
    is_own = attribute.prop is None and attribute.is_input
    is_unset = attribute.is_input and not attribute.computed and configured is None
    # the same value in another form keeps its form
    return configured if is_own or is_unset or (before is None and configured is not None) else before


def _new_value(
    attribute: Attribute, values: ResourceValues, preview: Mapping[str, Any], checked: Mapping[str, Any]
) -> Any:
    configured = values.config[attribute.name]
    prop = attribute.prop
    if attribute.write_only:
        return None
    if configured is not None or prop is None or (attribute.is_input and not attribute.computed):
        return configured
    return _visible(attribute, values, checked, keep_form(prop, None, preview.get(prop.name)))


def _changed_value(
    attribute: Attribute,
    values: ResourceValues,
    preview: Mapping[str, Any],
    checked: Mapping[str, Any],
    changed: frozenset[str],
) -> Any:
    configured, before = values.config[attribute.name], (values.prior or {})[attribute.name]
    prop = attribute.prop
    if attribute.write_only:
        return None
    if prop is None or (attribute.is_input and not attribute.computed and configured is None):
        return configured
    if configured is not None:
        is_kept = before is not None and prop.name not in changed and not contains_unknown(configured)
        return before if is_kept else configured
    value = preview.get(prop.name)
    if values.private.is_unfinished and not attribute.is_input and not (attribute.stable and before is not None):
        value = UNKNOWN  # what the interrupted operation did not learn
    elif value is None or (not attribute.is_input and before is None and is_stable(prop, changed)):
        return before  # an update in place leaves it as it is
    elif before is None and prop.resets_to is not None:
        value = UNKNOWN  # only a change resets it, and an unknown value may turn out to be none
    return _visible(attribute, values, checked, keep_form(prop, before, value))


def _visible(attribute: Attribute, values: ResourceValues, checked: Mapping[str, Any], value: Any) -> Any:
    """Return the value, or null for that twin of a sometimes secret output which will have none."""
    prop = attribute.prop
    if prop is None or attribute.is_input or not is_sometimes_secret(prop):
        return value
    if UNKNOWN in checked.values():
        return value
    is_secret = is_secret_now(prop, checked, declared_secrets(values.resource, checked))
    return value if is_secret == attribute.name.startswith(SECRET_PREFIX) else None


def _replacing(values: ResourceValues, diff: Diff) -> tuple[str, ...]:
    """Return the attributes of the changes that replace the resource."""
    names = {change.property_name for change in diff.changes if change.requires_replacement}
    found = [
        name
        for name, attribute in values.attributes.items()
        if attribute.prop is not None and attribute.prop.name in names and not name.startswith(SECRET_PREFIX)
    ]
    versions = [
        f"{prop.field}{VERSION_SUFFIX}"
        for prop in {**values.written_before, **values.write_only}.values()
        if prop.name in names
    ]
    return (*found, *versions)
